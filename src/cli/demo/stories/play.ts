/** `demo --stories N`: stories one after the other through a running team whose steady steps settle on the way, and the curve of their cost. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crystalsOf } from "../../../client/crystals.ts";
import { usage } from "../../../client/usage.ts";
import type { Broker } from "../../../contract/broker.ts";
import { Terminal } from "../../../contract/errors.ts";
import type { NetEvent } from "../../../contract/event.ts";
import type { Json } from "../../../contract/json.ts";
import type { NetDefinition } from "../../../net/definition.ts";
import { followStory, throwIfPaused } from "../../team/follow-story.ts";
import { gitIn, overviewOf } from "../../team/git.ts";
import { applyPersonas, asked, type By, putToken, readNet } from "../../team/team-files.ts";
import { EXIT, type VerbCall } from "../../verb.ts";
import { proveOrigin } from "../proof.ts";
import type { Stage } from "../stage.ts";
import { NEWS, storyAnswers } from "./answers.ts";
import { chart, costOf, type StoryCost } from "./curve.ts";
import { CURVE, STEADY, withSteadySteps } from "./steady-net.ts";
import { type DemoStory, demoStories, MOST_STORIES } from "./stories.ts";

const NET = "safe-teams";
const AGAIN_MS = 50;
const PATIENCE_MS = 60_000;
export const BY_GENERATOR =
  "No model ran: a generator in Petrel wrote the answers of all stories. Costs are what the same tokens cost at list prices; git, tests, processes, the log, the rules and their proofs are real.";

/** Errors: usage. */
export function storiesWanted(call: VerbCall): number | null {
  const count = call.integer("stories", 1);
  if (count === undefined) return null;
  if (count > MOST_STORIES) throw usage(`--stories knows ${MOST_STORIES} stories`, `petrel demo --stories ${MOST_STORIES}`);
  const other =
    ["chaos", "gate", "live", "rules", "afterShip"].find((name) => call.on(name)) ?? (call.text("sabotage") ? "sabotage" : undefined);
  if (other !== undefined)
    throw usage(`--stories does not go with --${other === "afterShip" ? "after-ship" : other}`, "use one of the two");
  return count;
}

/** The answers as a file of the demo's folder, for the processes that `demo` starts. */
export function writeAnswers(dir: string, count: number): string {
  mkdirSync(dir, { recursive: true });
  const file = join(dir, "story-answers.json");
  writeFileSync(file, JSON.stringify(storyAnswers(demoStories(count))));
  return file;
}

export async function playStories(call: VerbCall, stage: Stage, count: number): Promise<number> {
  const { petrel, out } = call;
  const started = petrel.clock.now();
  const connection = await petrel.connect(stage.dir, { logLevel: call.logLevel });
  try {
    const { broker } = connection;
    await prepare(call, broker, stage);
    const costs: StoryCost[] = [];
    let seq = 0;
    for (const story of demoStories(count)) {
      const told = await playStory(call, broker, story, seq);
      seq = told.seq;
      costs.push(told.cost);
      await putToken(broker, NET, CURVE, told.cost as unknown as Json, `curve-${story.number}`);
      if (!out.json) out.say(lineOf(told.cost));
    }
    const rules = (await crystalsOf(broker, NET)).filter(({ transition }) => STEADY.some((name) => name === transition));
    const git = gitIn(petrel.env);
    const proof = await proveOrigin(git, stage.origin, "main", petrel.env);
    const settled = rules.filter(({ mode }) => mode === "live").map(({ transition }) => transition);
    const ok = settled.length === STEADY.length || count < MOST_STORIES ? proof.tests.failed === 0 : false;
    const document = {
      ok,
      ...{ net: NET, stories: costs, settled, durationMs: petrel.clock.now() - started },
      rules: rules.map(({ transition, mode, rule, record }) => ({ transition, mode, rule, record })),
      ...{ commits: proof.commits.length, tests: proof.tests, answers: "written by a generator" },
    };
    out.result(document as unknown as Json, () => curveText(costs, settled));
    if (!out.json) out.say(`\n${BY_GENERATOR}`);
    return ok ? EXIT.ok : EXIT.runFailed;
  } finally {
    await connection.close();
  }
}

async function prepare(call: VerbCall, broker: Broker, stage: Stage): Promise<void> {
  const { petrel } = call;
  const by: By = { user: petrel.user, roles: ["maintainer"] };
  const { definition } = readNet(join(petrel.root, "nets", `${NET}.json`));
  const steady: NetDefinition = withSteadySteps(definition);
  await applyPersonas(broker, steady, join(petrel.root, "personas"), by);
  await asked(broker, null, "apply-net", { definition: steady as unknown as Json, by: { ...by } });
  const overview = await overviewOf(gitIn(petrel.env), stage.origin, "main");
  const settings = { repo: stage.origin, base: "main", target: "main", test: null, install: null, overview };
  await putToken(broker, NET, "settings", settings, "demo-settings");
}

async function playStory(call: VerbCall, broker: Broker, story: DemoStory, after: number): Promise<{ cost: StoryCost; seq: number }> {
  const { clock, signal } = call.petrel;
  const started = clock.now();
  for (const report of story.reports) await putToken(broker, NET, "reports", { ...report }, `report-${report.id}`);
  const request = await putToken(broker, NET, "inbox", { ...story.request }, `story-${story.number}`);
  const end = await followStory(broker, { net: NET, correlation: `c-${request.id.slice(2)}`, after }, () => {}, signal);
  if (end.kind === "cancelled") throw new Terminal({ code: "cancelled", message: "the demo was interrupted", exitCode: EXIT.cancelled });
  throwIfPaused(end);
  if (end.kind !== "delivered") {
    throw new Terminal({ code: "story-escalated", message: `${story.title} was escalated`, hint: "petrel demo --stories 20 begins anew" });
  }
  const events = await untilTold(call, broker, story, after);
  return { cost: costOf(story.number, story.title, events, clock.now() - started), seq: events.at(-1)?.seq ?? after };
}

/** What stands beside the story ends a moment later: all reports, all news, its line in the changelog. */
async function untilTold(call: VerbCall, broker: Broker, story: DemoStory, after: number): Promise<NetEvent[]> {
  const { clock, signal } = call.petrel;
  const wanted: Record<string, number> = { triage: story.reports.length, status: NEWS.length, changelog: 1 };
  for (const until = clock.now() + PATIENCE_MS; clock.now() < until && !signal.aborted; ) {
    const events: NetEvent[] = [];
    await broker.log(NET).read(0, (entry) => void events.push(...entry.events.filter(({ seq }) => seq > after)));
    const fired = (name: string) => events.filter(({ type, transition }) => type === "fired" && transition === name).length;
    if (Object.entries(wanted).every(([name, many]) => fired(name) >= many)) return events;
    await new Promise<void>((resolve) => clock.after(AGAIN_MS, resolve));
  }
  throw new Terminal({ code: "demo-stuck", message: `the steps beside ${story.title} did not end`, hint: `petrel why ${NET} status` });
}

function lineOf({ story, title, usd, steps, ms }: StoryCost): string {
  const by = Object.entries(steps).map(
    ([name, { model, rule }]) =>
      `${name} ${rule === 0 ? "by its model" : model === 0 ? "by its rule" : `${rule} of ${model + rule} by its rule`}`,
  );
  return `${String(story).padStart(2)}  ${usd.toFixed(4)} USD  ${(ms / 1000).toFixed(1).padStart(5)} s  ${title.slice(10)}: ${by.join(", ")}`;
}

function curveText(costs: readonly StoryCost[], settled: readonly string[]): string {
  const [first, last] = [costs[0], costs.at(-1)];
  const per = (of: (cost: StoryCost) => number) => (first && last ? `${of(first).toFixed(4)} to ${of(last).toFixed(4)} USD` : "");
  return [
    "",
    ...chart(
      "Model cost of each story, in USD at list prices",
      costs.map(({ usd }) => usd),
    ),
    "",
    ...chart(
      "Of it: triage, status and changelog",
      costs.map(({ steadyUsd }) => steadyUsd),
      4,
    ),
    "",
    `From the first story to the last: ${per(({ usd }) => usd)}; triage, status and changelog: ${per(({ steadyUsd }) => steadyUsd)}.`,
    settled.length > 0 ? `Rules do now what models did: ${settled.join(", ")}.` : "No step has settled yet: it takes about ten stories.",
  ].join("\n");
}
