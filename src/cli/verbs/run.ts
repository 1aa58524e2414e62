/** `petrel run`: the main job on the user's own repository, from a request to a pushed branch. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { netRows, readAnswer } from "../../client/answers.ts";
import { askRuntime, checkName } from "../../client/ask.ts";
import type { NetEvent } from "../../contract/event.ts";
import { isJsonObject, type Json, type JsonObject } from "../../contract/json.ts";
import { MODEL_OPTIONS, modelOptions } from "../model-options.ts";
import { Narrator } from "../narrator.ts";
import { type ModelOptions, modelWords } from "../processes/model-choice.ts";
import { lookAtIt, readBack } from "../run/outcome.ts";
import { type Project, readProject } from "../run/project.ts";
import { inspectRepository, type Repository } from "../run/repository.ts";
import { type FeatureRequest, readRequest } from "../run/request.ts";
import { mustRun, openSystem, type RunSystem } from "../run/system.ts";
import { chooseTarget, type Target } from "../run/target.ts";
import { serveTeam, teamFile } from "../run/team-net.ts";
import { escalationWords, retryCommands } from "../team/escalation.ts";
import { followStory, type StoryEnd, throwIfPaused } from "../team/follow-story.ts";
import { type Git, overviewOf, userGit } from "../team/git.ts";
import { openGate, petrelCommand, quoted, shown } from "../team/paste.ts";
import { reportTable } from "../team/report.ts";
import { storyTotals } from "../team/story-totals.ts";
import { putToken } from "../team/team-files.ts";
import { EXIT, type ExitCode, type Verb, type VerbCall } from "../verb.ts";

const EXIT_OF: Record<StoryEnd["kind"], ExitCode> = {
  delivered: EXIT.ok,
  escalated: EXIT.runFailed,
  waiting: EXIT.waiting,
  cancelled: EXIT.cancelled,
  paused: EXIT.runFailed,
};

export const runVerb: Verb = {
  command: "run <net>",
  summary: "the team works on your own repository: a request in words becomes a pushed branch",
  details: `Nothing is pushed but the branch petrel/<story>, or the one of --push-to; your work tree is not touched. The work starts
from the current branch as the remote origin has it, or as the repository itself where it has no remote. It uses the Petrel
that is up in the state folder, or starts one for as long as it takes.`,
  examples: [
    `petrel run safe-teams --repo . --request "Let people search notes by word"`,
    `petrel run safe-teams --repo ../shop --request - --test "make test" --push-to feature/search < request.txt`,
  ],
  options: [
    { flags: "--repo <repo>", about: "a work tree, a bare repository or an address (default: the current folder)" },
    { flags: "--request <text>", about: "what is wanted; - reads it from standard input" },
    { flags: "--push-to <branch>", about: "the branch to push (default: petrel/<story>)" },
    { flags: "--base <branch>", about: "the branch to start from (default: the current or the default one)" },
    { flags: "--test <command>", about: "how the project is tested (default: read from its files)" },
    { flags: "--install <command>", about: "what a fresh work tree needs first (default: read from its files)" },
    { flags: "--start <command>", about: "how the project is started; kept in the settings" },
    { flags: "--allow-dirty", about: "go on from what is committed, and leave the rest out" },
    { flags: "--no-wait", about: "end with exit code 4 where a person has to decide, instead of waiting" },
    ...MODEL_OPTIONS,
  ],
  run: (call) => run(call),
};

/** All that is known before anything is started or changed. */
interface Plan {
  net: string;
  file: string;
  request: FeatureRequest;
  repository: Repository;
  target: Target;
  project: Project;
  clone: string;
  overview: string;
}

async function run(call: VerbCall): Promise<ExitCode> {
  const { petrel, out } = call;
  const net = checkName(call.arg("net"), "net");
  const file = teamFile(petrel, net);
  const models = { budgetUsd: 5, ...modelOptions(call, "live") };
  const request = await readRequest(call);
  const git = userGit(petrel.env);
  const temporary = mkdtempSync(join(tmpdir(), "petrel-run-"));
  try {
    const plan = await prepare(call, { git, net, file, request, temporary });
    tellPlan(call, plan);
    const narrator = new Narrator({
      ...{ out, clock: petrel.clock, readable: false, silent: out.json },
      pasteable: (text) => call.pasteable(text),
    });
    const system = await openSystem(call, models, (what) => narrator.remark(what));
    try {
      return await follow(call, plan, { git, system, narrator, models });
    } finally {
      await narrator.finished();
      await system.end();
    }
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

async function prepare(
  call: VerbCall,
  given: { git: Git; net: string; file: string; request: FeatureRequest; temporary: string },
): Promise<Plan> {
  const { petrel } = call;
  const { git, net, file, request, temporary } = given;
  const { cwd } = petrel;
  const wanted = { repo: call.text("repo") ?? ".", base: call.text("base"), allowDirty: call.on("allowDirty"), stateDir: call.dir, cwd };
  const repository = await inspectRepository(git, wanted);
  const target = await chooseTarget(git, cwd, repository, call.text("pushTo"));
  const clone = join(temporary, "clone");
  await git(cwd, ["clone", "-q", "--no-tags", "--single-branch", "--branch", repository.base, "--", repository.address, clone]);
  const commands = { test: call.text("test"), install: call.text("install"), start: call.text("start") };
  const project = await readProject(clone, commands, petrel.env, (question) => petrel.ask(question));
  return { net, file, request, repository, target, project, clone, overview: await overviewOf(git, clone, "HEAD") };
}

function tellPlan({ out }: VerbCall, { repository, target, project, request }: Plan): void {
  const { address, tree, remote, base, notes } = repository;
  const where =
    tree === null ? address : remote === null ? `${address} (it has no remote: its own repository)` : `${address} (${remote} of ${tree})`;
  const rows = [
    ["request", request.title],
    ["starts from", `${base} (${(repository.heads.get(base) ?? "").slice(0, 10)})`],
    ["pushes to", where],
    ["branch", target.target ?? `${target.targetPrefix ?? ""}<story>`],
    ["test", project.shown.test],
    ["install", project.shown.install],
  ];
  out.say(`${out.table(["what", "how"], rows)}\n`);
  for (const note of notes) out.say(`note: ${note}`);
}

interface Work {
  git: Git;
  system: RunSystem;
  narrator: Narrator;
  models: ModelOptions;
}

async function follow(call: VerbCall, plan: Plan, work: Work): Promise<ExitCode> {
  const { petrel, out, dir } = call;
  const { broker } = work.system;
  const started = petrel.clock.now();
  const rows = readAnswer(netRows, await askRuntime(broker, "nets"), "nets");
  mustRun(rows, plan.net, work.system.own, shown(petrel, dir));
  const { definition, note } = await serveTeam(broker, plan.file, rows, { user: petrel.user, roles: ["maintainer"] });
  if (note !== null) out.say(`note: ${note}`);
  const name = `run-${petrel.ids.next()}`;
  await putToken(broker, plan.net, "settings", settingsOf(plan, name), name);
  const request = await putToken(broker, plan.net, "inbox", { ...plan.request, settings: name }, `${name}-request`);
  const correlation = `c-${request.id.slice(2)}`;
  const end = await followStory(
    broker,
    { net: plan.net, correlation, after: request.seq - 1, untilGate: !call.on("wait") },
    (event) => tell(call, plan, work, event, correlation),
    petrel.signal,
  );
  await work.narrator.finished();
  if (end.kind === "paused") out.say(`\n${lastWords(call, plan, work.system.own ? work.models : null, end, null, "").join("\n")}`);
  throwIfPaused(end);
  const totals = storyTotals(
    end.events.filter((event) => event.correlation === correlation),
    definition,
  );
  return await report(call, plan, work, { end, totals, correlation, durationMs: petrel.clock.now() - started });
}

function settingsOf({ repository, target, project, overview }: Plan, name: string): JsonObject {
  const { test, install, start } = project;
  return { name, repo: repository.address, base: repository.base, ...target, test, install, start, overview } as JsonObject;
}

function tell(call: VerbCall, { net }: Plan, { narrator }: Work, event: NetEvent, correlation: string): void {
  if (event.correlation !== undefined && event.correlation !== correlation) return;
  narrator.event(event);
  if (event.type === "gated" && call.on("wait")) narrator.remark(openGate(call.petrel, call.dir, net, gateOf(event.attributes)));
}

function gateOf(attributes: Json | undefined): string {
  const gate = isJsonObject(attributes) ? attributes.gate : undefined;
  return isJsonObject(gate) && typeof gate.name === "string" ? gate.name : "release";
}

interface Ended {
  end: StoryEnd;
  totals: ReturnType<typeof storyTotals>;
  correlation: string;
  durationMs: number;
}

async function report(call: VerbCall, plan: Plan, { git, models, system }: Work, ended: Ended): Promise<ExitCode> {
  const { out } = call;
  const { end, totals, correlation, durationMs } = ended;
  const told = isJsonObject(end.tokens[0]) ? end.tokens[0] : {};
  const target = end.kind === "delivered" && typeof told.target === "string" ? told.target : null;
  const pushed = target === null ? null : await readBack(git, plan.clone, plan.repository, target);
  const tests = isJsonObject(told.tests)
    ? { passed: Number(told.tests.passed ?? 0), failed: Number(told.tests.failed ?? 0) }
    : { passed: 0, failed: 0 };
  const exitCode = end.kind === "delivered" && pushed === null ? EXIT.failed : EXIT_OF[end.kind];
  const document = {
    ok: exitCode === EXIT.ok,
    net: plan.net,
    outcome: end.kind,
    story: typeof told.story === "string" ? told.story : null,
    correlation,
    repo: plan.repository.address,
    base: plan.repository.base,
    target,
    head: pushed?.head ?? null,
    commits: pushed?.commits ?? [],
    tests,
    firings: totals.firings,
    modelCalls: totals.modelCalls,
    reworkRounds: totals.reworkRounds,
    tasks: totals.tasks,
    tokens: totals.tokens,
    costUsd: totals.costUsd,
    listUsd: totals.listUsd,
    byPersona: totals.byPersona,
    ...(end.kind === "escalated" ? { escalated: end.tokens, retry: end.failures } : {}),
    ...(end.kind === "waiting" ? { gate: gateOf(told) } : {}),
    durationMs,
  };
  const proof = pushed === null ? null : { commits: pushed.commits, tests };
  out.result(
    document as unknown as Json,
    () => `\n${reportTable(out, { totals, proof, killed: [], durationMs, recorded: models.source !== "live" })}`,
  );
  out.say(`\n${lastWords(call, plan, system.own ? models : null, end, target, gateOf(told)).join("\n")}`);
  return exitCode;
}

function lastWords(
  call: VerbCall,
  { net, repository }: Plan,
  /** Of the system that ends with this run; null where another one goes on. */
  models: ModelOptions | null,
  end: StoryEnd,
  target: string | null,
  gate: string,
): string[] {
  const { petrel, dir } = call;
  const [petrelAt, at] = [petrelCommand(petrel), `--dir ${shown(petrel, dir)}`];
  const goOn = models === null ? [] : [`  ${petrelAt} up ${modelWords(models).map(quoted).join(" ")} ${at}`];
  if (end.kind === "delivered")
    return [
      `Pushed ${target ?? "?"} to ${repository.address}. Look at it:`,
      ...lookAtIt(petrel, repository, target ?? "").map((line) => `  ${line}`),
    ];
  if (end.kind === "waiting")
    return ["It waits for a person, and nothing was pushed. To go on:", ...goOn, `  ${petrelAt} gate approve ${net} ${gate} ${at}`];
  if (end.kind === "escalated") {
    const findings = end.tokens.map(escalationWords);
    const retries = retryCommands(petrel, net, end.failures, dir);
    return [
      "Nothing was pushed: the story was escalated.",
      ...findings.map((text) => `  ${text.slice(0, 1000)}`),
      ...(retries.length > 0 ? ["When the cause is mended, to put the work back and try it again:", ...goOn] : []),
      ...retries.map((line) => `  ${line}`),
      "To edit and resend it, or to close it:",
      ...(retries.length > 0 ? [] : goOn),
      `  ${petrelAt} tokens ${net} escalations ${at}`,
      `  ${petrelAt} token move --help`,
    ];
  }
  if (end.kind === "paused")
    return ["The net is paused, and nothing is lost. When the cause below is mended:", ...goOn, `  ${petrelAt} resume ${net} ${at}`];
  if (models === null)
    return ["The run was interrupted; the Petrel that is up goes on with the story. To see it:", `  ${petrelAt} watch ${net} ${at}`];
  return ["It was interrupted; nothing is lost. To go on with it:", ...goOn, `  ${petrelAt} watch ${net} ${at}`];
}
