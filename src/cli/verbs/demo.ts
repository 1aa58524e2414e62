/** `petrel demo`: the main job on a sample project, from a feature request to a pushed commit, with every process real. */

import { join, relative } from "node:path";
import { usage } from "../../client/usage.ts";
import { isoTime } from "../../contract/clock.ts";
import { Terminal } from "../../contract/errors.ts";
import type { Json } from "../../contract/json.ts";
import { stopLeftServer } from "../../jetstream/server/managed.ts";
import { runAfterShip } from "../demo/after-ship.ts";
import { Chaos } from "../demo/chaos.ts";
import { withGate } from "../demo/gate.ts";
import { hintsFor, leaveHints } from "../demo/hints.ts";
import { openPage } from "../demo/open-page.ts";
import { proveOrigin } from "../demo/proof.ts";
import { SABOTAGE_MODES, sabotageReport, sabotageWords } from "../demo/sabotage.ts";
import { type Scene, sceneOf } from "../demo/scene.ts";
import { type Stage, setStage } from "../demo/stage.ts";
import { BY_GENERATOR, playStories, storiesWanted, writeAnswers } from "../demo/stories/play.ts";
import { OLLAMA_OPTION } from "../model-options.ts";
import { Narrator } from "../narrator.ts";
import { aborted } from "../processes/aborted.ts";
import { printPlan } from "../processes/model-plan.ts";
import { stateFolder } from "../processes/state-folder.ts";
import { refuseIfUp, Supervisor } from "../supervisor.ts";
import { escalationWords, retryCommands } from "../team/escalation.ts";
import { followStory, throwIfPaused } from "../team/follow-story.ts";
import { gitIn, overviewOf } from "../team/git.ts";
import { openGate, pasteable } from "../team/paste.ts";
import { HAND_WRITTEN, reportTable } from "../team/report.ts";
import { storyTotals } from "../team/story-totals.ts";
import { applyTeam, asked, putToken } from "../team/team-files.ts";
import { EXIT, type ExitCode, type Verb, type VerbCall } from "../verb.ts";
import { gatewayLink } from "./up.ts";

const NET = "safe-teams";
const LEASE_MS = 4000;

export const demoVerb: Verb = {
  command: "demo",
  summary: "the main job: a feature request becomes a pushed commit in a sample repository",
  details: `${HAND_WRITTEN} With --live and a key it runs on real models.`,
  examples: [
    "petrel demo",
    "petrel demo --chaos",
    "petrel demo --gate",
    "petrel demo --json --speed full",
    "petrel demo --rules --examples my-function.json",
    "petrel demo --sabotage fake-green",
    "petrel demo --after-ship",
    "petrel demo --stories 20",
    "petrel demo --live --budget 2",
  ],
  options: [
    { flags: "--chaos", about: "kill the executor, the master, the nats-server, and all three, on the way" },
    { flags: "--gate", about: "put a human gate before devops into the running net, and wait for your approval" },
    {
      flags: "--after-ship",
      about: "what is pushed is deployed and watched; what breaks goes back to the team and is mended (needs Chromium)",
    },
    { flags: "--stories <n>", about: "so many recorded stories, one after the other: what settles on the way needs no model any more" },
    { flags: "--keep", about: "leave everything up at the end, to be looked at; Ctrl-C ends it" },
    { flags: "--open", about: "open the page that shows it live in a browser" },
    { flags: "--speed <speed>", about: "read (default) or full", choices: ["read", "full"] },
    { flags: "--rules", about: "ask no model at all: rules answer, and the developer is a search" },
    {
      flags: "--examples <file>",
      about: "with --rules: inputs and outputs of a function that you want (default: examples/functions/slug.json)",
    },
    { flags: "--sabotage <mode>", about: "one persona misbehaves in that way, and the net stops it", choices: SABOTAGE_MODES },
    { flags: "--live", about: "ask real models; needs ANTHROPIC_API_KEY, OPENAI_API_KEY or OPENAI_BASE_URL" },
    { flags: "--budget <usd>", about: "with --live: stop when this much is spent (default 5)" },
    OLLAMA_OPTION,
    { flags: "--record <file>", about: "write the answers of this run into a cassette" },
    { flags: "--models <source>", about: "as for `petrel up`", choices: ["live", "recorded", "authored", "rules"] },
    { flags: "--answers <file>", about: "as for `petrel up`" },
    { flags: "--pace <ms>", about: "time that a recorded answer takes" },
  ],
  run: async (call) => {
    const stories = storiesWanted(call);
    if (stories !== null) return runStories(call, stories);
    return call.on("afterShip") ? runAfterShip(call) : runDemo(call);
  },
};

/** Stories one after the other, without the narration of each. */
async function runStories(call: VerbCall, count: number): Promise<ExitCode> {
  const { petrel, out } = call;
  const dir = join(call.dir, "demo");
  refuseIfUp(dir);
  await stopLeftServer(stateFolder(dir).nats, petrel.clock);
  const stage = await setStage(dir, join(petrel.root, "examples", "sample-project"), petrel.env);
  if (!out.json) out.say(`${BY_GENERATOR}\n`);
  const supervisor = await Supervisor.start(petrel, {
    ...{ dir, durability: "fsync", leaseMs: LEASE_MS, slots: 4 },
    models: { source: "authored", file: writeAnswers(dir, count) },
    logLevel: call.logLevel === "warn" ? "info" : call.logLevel,
    ...(out.json && !call.on("open") ? {} : { gateway: "any" as const }),
    onChange: (what) => (out.json ? undefined : out.say(what)),
  });
  try {
    if (supervisor.gateway !== null) {
      const { page, words } = gatewayLink(supervisor.gateway, dir);
      out.say(words);
      if (call.on("open")) await openPage(page, process.platform, petrel.env);
    }
    const code = await playStories(call, stage, count);
    if (call.on("keep")) {
      out.say(`\n${leaveHints(petrel, stage)}`);
      await aborted(petrel.signal);
    }
    return code as ExitCode;
  } finally {
    await supervisor.stop();
  }
}

async function runDemo(call: VerbCall): Promise<ExitCode> {
  const { petrel, out } = call;
  const { clock, env, root } = petrel;
  const started = clock.now();
  const scene = sceneOf(call);
  const { models } = scene;
  // What counts is who is asked, by whichever option it was chosen.
  const live = models.source === "live";
  if (live && call.on("chaos")) throw usage("--chaos with live models would pay for calls only to kill them", "use one of the two");
  const dir = join(call.dir, "demo");
  const full = call.text("speed") === "full" || out.json;
  const narrator = new Narrator({ out, clock, readable: !full, silent: out.json, pasteable: (text) => pasteable(petrel, dir, text) });
  if (scene.told !== null && !out.json) out.say(`${scene.told}\n`);
  if (scene.sabotage && !out.json) out.say(`Sabotage: ${scene.sabotage.does}\n`);
  if (live) await printPlan(petrel, models, out);
  // The stage is emptied: not under the feet of a demo that runs, nor of a server that a killed one has left.
  refuseIfUp(dir);
  await stopLeftServer(stateFolder(dir).nats, clock);
  const stage = await setStage(dir, join(root, "examples", "sample-project"), env);
  narrator.remark(
    `A bare repository with a small service lies in ${relative(petrel.cwd, stage.origin)}. The broker, a master and an executor start.`,
  );
  const supervisor = await Supervisor.start(petrel, {
    dir,
    durability: "fsync",
    models,
    leaseMs: LEASE_MS,
    logLevel: call.logLevel === "warn" ? "info" : call.logLevel,
    slots: 4,
    // A document of JSON is for programs: nobody looks on.
    ...(out.json && !call.on("open") ? {} : { gateway: "any" as const }),
    onChange: (what) => narrator.remark(what),
  });
  try {
    await showPage(call, supervisor, narrator, dir);
    return await play(call, { stage, supervisor, narrator, scene, started });
  } finally {
    await narrator.finished();
    await supervisor.stop();
  }
}

async function showPage(call: VerbCall, { gateway }: Supervisor, narrator: Narrator, dir: string): Promise<void> {
  if (gateway === null) return;
  const { page, words } = gatewayLink(gateway, dir);
  narrator.remark(words);
  if (call.on("open") && !(await openPage(page, process.platform, call.petrel.env)))
    call.out.say("No browser could be opened from here; the address above is the page.");
}

interface Play {
  stage: Stage;
  supervisor: Supervisor;
  narrator: Narrator;
  scene: Scene;
  started: number;
}

async function play(call: VerbCall, { stage, supervisor, narrator, scene, started }: Play): Promise<ExitCode> {
  const { petrel, out } = call;
  const { clock, root, env } = petrel;
  const git = gitIn(env);
  const by = { user: petrel.user, roles: ["maintainer"] };
  const chaos = call.on("chaos") ? new Chaos(supervisor, clock, (text) => narrator.remark(text)) : null;
  const connection = await petrel.connect(stage.dir, { logLevel: call.logLevel });
  const { broker } = connection;
  try {
    const definition = await applyTeam(broker, join(root, "nets", `${NET}.json`), join(root, "personas"), by);
    await putToken(
      broker,
      NET,
      "settings",
      {
        repo: stage.origin,
        base: "main",
        target: "main",
        test: null,
        install: null,
        overview: await overviewOf(git, stage.origin, "main"),
      },
      "demo-settings",
    );
    const request = await putToken(broker, NET, "inbox", { ...scene.request }, "demo-request");
    if (call.on("gate") || scene.sabotage?.gate) await withGate(broker, definition, by);
    const correlation = `c-${request.id.slice(2)}`;
    const end = await followStory(
      broker,
      { net: NET, correlation, untilGate: scene.sabotage?.gate === true },
      (event) => {
        narrator.event(event);
        chaos?.event(event);
        if (event.type === "gated" && !scene.sabotage) {
          const gate = String((event.attributes?.gate as { name?: string } | undefined)?.name ?? "release");
          const how = openGate(petrel, stage.dir, NET, gate);
          // With --json nothing is narrated, but who does not know what is waited for waits for ever.
          if (out.json) out.say(how);
          else narrator.remark(how);
        }
      },
      petrel.signal,
    );
    await narrator.finished();
    if (end.kind === "cancelled") throw new Terminal({ code: "cancelled", message: "the demo was interrupted", exitCode: EXIT.cancelled });
    throwIfPaused(end);
    const totals = storyTotals(end.events, definition);
    const proof = await proveOrigin(git, stage.origin, "main", env);
    const compare = await asked(broker, NET, "compare", {});
    const durationMs = clock.now() - started;
    const sabotage = scene.sabotage ? sabotageReport(scene.sabotage, end, proof.pushes) : null;
    const ok =
      sabotage?.stopped ??
      (end.kind === "delivered" &&
        proof.tests.failed === 0 &&
        proof.tests.passed > 0 &&
        proof.pushes === 1 &&
        (chaos?.missed.length ?? 0) === 0);
    const document = {
      ok,
      net: NET,
      firings: totals.firings,
      modelCalls: totals.modelCalls,
      reworkRounds: totals.reworkRounds,
      tasks: totals.tasks,
      commits: proof.commits,
      origin: stage.origin,
      head: proof.head,
      tests: proof.tests,
      pushes: proof.pushes,
      killed: chaos?.killed ?? [],
      missedKills: chaos?.missed ?? [],
      durationMs,
      recoveries: totals.recoveries,
      tokens: totals.tokens,
      costUsd: totals.costUsd,
      listUsd: totals.listUsd,
      byPersona: totals.byPersona,
      places: compare,
      answers: scene.answers,
      ...(sabotage ? { sabotage } : {}),
      outcome: end.kind,
      at: isoTime(clock.now()),
    };
    out.result(
      document as unknown as Json,
      () => `\n${reportTable(out, { totals, proof, killed: chaos?.killed ?? [], durationMs, recorded: scene.answers !== "live" })}`,
    );
    if (!out.json) {
      if (end.kind === "escalated") {
        const retries = retryCommands(petrel, NET, end.failures, stage.dir).map((line) => `\nTo try it again while it is up: ${line}`);
        out.say(`\nThe story was escalated, and nothing was pushed. ${end.tokens.map(escalationWords).join(" ")}${retries.join("")}`);
      } else out.say(`\n${hintsFor(petrel, stage, call.on("keep"))}`);
      if (sabotage) out.say(`\n${sabotageWords(sabotage)}`);
      if (scene.told !== null) out.say(`\n${scene.told}`);
    }
    if (call.on("keep")) {
      out.say(`\n${leaveHints(petrel, stage)}`);
      await aborted(petrel.signal);
    }
    return ok ? EXIT.ok : EXIT.runFailed;
  } finally {
    await connection.close();
  }
}
