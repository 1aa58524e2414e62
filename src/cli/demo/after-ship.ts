/**
 * `petrel demo --after-ship`: what the team pushes is deployed and watched, breaks for some visitors, goes back to the team as an incident, is
 * mended, and the same check closes the incident. A person is told once. Every process is real; the answers are written by hand.
 */
import { writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { usage } from "../../client/usage.ts";
import type { Broker } from "../../contract/broker.ts";
import { Terminal } from "../../contract/errors.ts";
import { isJsonObject, type Json, type JsonObject } from "../../contract/json.ts";
import { findBrowser } from "../../executors/hands/browser/programs.ts";
import { stopLeftServer } from "../../jetstream/server/managed.ts";
import { Narrator } from "../narrator.ts";
import { aborted } from "../processes/aborted.ts";
import { stateFolder } from "../processes/state-folder.ts";
import { refuseIfUp, Supervisor } from "../supervisor.ts";
import { type Git, gitIn, overviewOf } from "../team/git.ts";
import { pasteable, shown } from "../team/paste.ts";
import { HAND_WRITTEN } from "../team/report.ts";
import { putToken } from "../team/team-files.ts";
import { EXIT, type ExitCode, type VerbCall } from "../verb.ts";
import { CourseWatch } from "./after-ship-follow.ts";
import { applyNets, FEATURE, putSettings, TEAM, WATCH } from "./after-ship-nets.ts";
import { leaveHints } from "./hints.ts";
import { type Letter, type ServiceHost, startHost } from "./host.ts";
import { type Stage, setStage } from "./stage.ts";

const OTHERS = ["chaos", "gate", "rules", "live"];
const LEASE_MS = 4000;

interface Parts {
  call: VerbCall;
  stage: Stage;
  host: ServiceHost;
  narrator: Narrator;
  broker: Broker;
  git: Git;
  started: number;
}

export async function runAfterShip(call: VerbCall): Promise<ExitCode> {
  const { petrel, out } = call;
  const { clock, env, root } = petrel;
  const started = clock.now();
  mustFit(call);
  const dir = join(call.dir, "demo");
  const full = call.text("speed") === "full" || out.json;
  const narrator = new Narrator({ out, clock, readable: !full, silent: out.json, pasteable: (text) => pasteable(petrel, dir, text) });
  if (!out.json) out.say(`${HAND_WRITTEN}\n`);
  refuseIfUp(dir);
  await stopLeftServer(stateFolder(dir).nats, clock);
  const stage = await setStage(dir, join(root, "examples", "after-ship", "guestbook"), env);
  narrator.remark(
    `A bare repository with a guestbook lies in ${relative(petrel.cwd, stage.origin)}. The broker, a master and an executor start.`,
  );
  const supervisor = await Supervisor.start(petrel, {
    ...{ dir, durability: "fsync", leaseMs: LEASE_MS, slots: 4 },
    models: { source: "authored", file: join(root, "nets", "after-ship.answers.json"), paceMs: full ? 0 : 700 },
    logLevel: call.logLevel === "warn" ? "info" : call.logLevel,
    onChange: (what) => narrator.remark(what),
  });
  let host: ServiceHost | null = null;
  try {
    host = await startHost(join(root, "examples", "after-ship", "host.mjs"), stage.origin, join(dir, "host"), env.PATH);
    const connection = await petrel.connect(dir, { logLevel: call.logLevel });
    try {
      return await play({ call, stage, host, narrator, broker: connection.broker, git: gitIn(env), started });
    } finally {
      await connection.close();
    }
  } finally {
    await narrator.finished();
    await supervisor.stop();
    await host?.stop();
  }
}

function mustFit(call: VerbCall): void {
  const other = OTHERS.find((name) => call.on(name)) ?? ["sabotage", "models", "examples"].find((name) => call.text(name) !== undefined);
  if (other !== undefined) throw usage(`--after-ship has its own answers and does not go with --${other}`, "use one of the two");
  if (findBrowser(call.petrel.env) === null)
    throw new Terminal({
      code: "browser-missing",
      message: "--after-ship clicks through a page in a real browser, and there is no Chromium or Chrome here",
      hint: "apt-get install chromium, or name one in PETREL_BROWSER",
    });
}

async function play(parts: Parts): Promise<ExitCode> {
  const { call, stage, host, narrator, broker, git } = parts;
  const { petrel, out } = call;
  await applyNets(broker, petrel.root, { user: petrel.user, roles: ["maintainer"] });
  const head = await git(stage.origin, ["rev-parse", "main"]);
  const overview = await overviewOf(git, stage.origin, "main");
  await putSettings(broker, { stage, host, head, overview, root: petrel.root });
  const watch = new CourseWatch(broker, (event) => narrator.event(event), petrel.signal);
  try {
    narrator.remark(`The guestbook runs at ${host.service}. It is watched once as it is, so that there is something to compare with.`);
    await putToken(broker, WATCH, "shipped", { repo: stage.origin, head }, "demo-first");
    await reached(watch, "healthy", 1);
    await putToken(broker, TEAM, "inbox", { ...FEATURE }, "demo-request");
    await reached(watch, "incidents", 1);
    await narrator.finished();
    narrator.remark("All tests were green, and it is broken for visitors without a name: no test had thought of them. The browser had.");
    await reached(watch, "told", 1);
    await narrator.finished();
    return await report(parts, watch, head);
  } finally {
    await watch.end();
    if (call.on("keep") && !petrel.signal.aborted) {
      out.say(`\n${leaveHints(petrel, stage)}`);
      await aborted(petrel.signal);
    }
  }
}

async function reached(watch: CourseWatch, place: string, count: number): Promise<void> {
  const end = await watch.until(WATCH, place, count);
  if (end === "reached") return;
  if (end === "cancelled") throw new Terminal({ code: "cancelled", message: "the demo was interrupted", exitCode: EXIT.cancelled });
  const last = watch.course.events.filter(({ status }) => status === "error" || status === "refused").at(-1) ?? watch.course.events.at(-1);
  throw new Terminal({
    code: "demo-stuck",
    message: `no token comes to ${place} any more: ${last?.summary ?? "nothing happened"}`,
    hint: "the log of the demo's folder says more",
    exitCode: EXIT.runFailed,
  });
}

async function report({ call, stage, host, broker, git, started }: Parts, watch: CourseWatch, seed: string): Promise<ExitCode> {
  const { petrel, out } = call;
  const [incident = {}] = watch.tokens(WATCH, "closed");
  const letters = (await petrel.fetchJson(host.letters)) as unknown as Letter[];
  const commits = (await git(stage.origin, ["log", "--reverse", "--format=%H %s", `${seed}..main`])).split("\n").filter(Boolean);
  const film = await keepFilm(broker, incident, stage.dir);
  const ok = incident.fixed === true && letters.length === 1 && watch.tokens(WATCH, "incidents").length === 1;
  const document = {
    ok,
    ...{
      seed,
      brokenBy: incident.brokenBy ?? null,
      fixedBy: incident.fixedBy ?? null,
      head: await git(stage.origin, ["rev-parse", "main"]),
    },
    incident: { since: incident.since ?? null, flow: incident.flow ?? null, logs: incident.logs ?? null, check: incident.check ?? null },
    commits,
    letters: letters as unknown as Json,
    video: film,
    origin: stage.origin,
    answers: "written by hand",
    durationMs: petrel.clock.now() - started,
  };
  const seconds = Math.round(document.durationMs / 1000);
  const short = (what: Json | undefined) => String(what ?? "?").slice(0, 8);
  out.result(document as unknown as Json, () =>
    [
      "",
      `broken by    ${short(incident.brokenBy)}  ${field(incident, "flow", "told")}`,
      `in the log   ${field(incident, "logs", "told")}`,
      `mended by    ${short(incident.fixedBy)}  ${field(incident, "check", "flow", "told")}`,
      `told         ${letters.length} ${letters.length === 1 ? "message" : "messages"} to a person: ${letters[0]?.text?.split("\n")[0] ?? "none"}`,
      `the film     ${film === null ? "there is none, without ffmpeg" : shown(petrel, film)}`,
      `commits      ${commits.length}`,
      `time         ${seconds} s`,
      "",
      HAND_WRITTEN,
    ].join("\n"),
  );
  return ok ? EXIT.ok : EXIT.runFailed;
}

function field(value: JsonObject, ...path: string[]): string {
  let at: Json = value;
  for (const name of path) at = isJsonObject(at) ? (at[name] ?? null) : null;
  return typeof at === "string" ? at : "";
}

/** The film of the broken page, beside the demo's other things. */
async function keepFilm(broker: Broker, { flow }: JsonObject, dir: string): Promise<string | null> {
  const video = isJsonObject(flow) ? flow.video : null;
  const bytes = isJsonObject(video) ? await broker.artifacts.get(String(video.$artifact)) : null;
  if (!bytes) return null;
  const file = join(dir, "broken.webm");
  writeFileSync(file, bytes);
  return file;
}
