/**
 * The real net safe-teams with its personas, a master, and real executor hands on a small real repository; the models' answers
 * are written by the test. In memory by default; on a real broker where a test gives one.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { Master } from "../../src/actors/master.ts";
import { personaWorker } from "../../src/actors/persona-work.ts";
import { applyTeam, asked, putToken } from "../../src/cli/team/team-files.ts";
import type { Broker, ExecutorLine } from "../../src/contract/broker.ts";
import type { NetEvent } from "../../src/contract/event.ts";
import type { Json, JsonObject } from "../../src/contract/json.ts";
import { silentLogger } from "../../src/contract/logger.ts";
import type { Token } from "../../src/contract/token.ts";
import { startExecutor } from "../../src/executors/executor.ts";
import { newOrderKeys, signOrder } from "../../src/executors/order-signature.ts";
import { memoryBroker } from "../../src/jetstream/memory/broker.ts";
import { memoryExecutorLine } from "../../src/jetstream/memory/executor-line.ts";
import { MemoryHub } from "../../src/jetstream/memory/hub.ts";
import { parseConfig } from "../../src/models/config.ts";
import type { ModelProvider } from "../../src/models/port.ts";
import { type AnswersFile, answersFileSchema, authoredProvider } from "../../src/models/providers/authored.ts";
import { tierModels } from "../../src/models/tiers.ts";
import type { NetDefinition } from "../../src/net/definition.ts";
import { type GitRepo, gitIn, makeGitRepo } from "../support/git-repo.ts";
import { testIds, wallClock } from "../support/nats-server.ts";
import { waitUntil } from "../support/wait-until.ts";

const SAFE_TEAMS = "safe-teams";
const BY = { user: "ada", roles: ["maintainer"] };

/** A project whose tests take a moment. */
export const PROJECT = {
  "package.json": JSON.stringify({ name: "sums", type: "module", scripts: { test: "node --test" } }),
  "src/sum.js": "export const sum = (a, b) => a + b;\n",
  "src/rate.js": "export const RATE = 1;\n",
  "test/sum.test.js": `import assert from "node:assert/strict";
import test from "node:test";
import { sum } from "../src/sum.js";
test("adds", () => assert.equal(sum(1, 2), 3));
test("takes two", () => assert.equal(sum.length, 2));
`,
};

let teams = 0;

type Answers = AnswersFile["answers"];
type Turns = Answers[number]["turns"];
/** What a developer does in its n-th attempt at a task. */
export type Developer = (attempt: number) => Turns;

export interface TeamAnswers {
  /** By task; one task `work` by default. */
  developers: Record<string, Developer>;
  qa?: "pass" | "rework";
  security?: "none" | "blocking";
  /** The architect gives each id to two tasks: until it is told, or for ever. */
  repeatedIds?: "once" | "always";
}

export interface Team {
  broker: Broker;
  repo: GitRepo;
  /** Puts a request in and returns its correlation. */
  request(title?: string, text?: string): Promise<string>;
  events(): Promise<NetEvent[]>;
  /** Waits until so many tokens lie in a place. */
  tokensIn(place: string, count?: number): Promise<Token[]>;
  ask(verb: string, body: JsonObject): Promise<Json>;
  /** A verb that no single net owns. */
  askRuntime(verb: string, body: JsonObject): Promise<Json>;
  stop(): Promise<void>;
}

export interface TeamOptions extends TeamAnswers {
  /** Changes the net before it runs. */
  net?: (definition: NetDefinition) => void;
  /** Changes a persona before it is applied. */
  flags?: Record<string, string>;
  target?: string;
  files?: Record<string, string>;
  /** Of the folder nets; default safe-teams. */
  netName?: string;
  /** Answers in place of what the answers here make. */
  provider?: ModelProvider;
  /** Settles before the answer of a step is given, by the name of the step. */
  before?: (transition: string) => Promise<void>;
  wire?: { broker: Broker; line: ExecutorLine };
}

export async function startTeam(options: TeamOptions): Promise<Team> {
  const net = options.netName ?? SAFE_TEAMS;
  const repo = makeGitRepo(options.files ?? PROJECT);
  const dir = mkdtempSync(join(tmpdir(), "petrel-team-"));
  const hub = new MemoryHub(wallClock);
  const { broker, line } = options.wire ?? { broker: memoryBroker(hub), line: memoryExecutorLine(hub) };
  const keys = newOrderKeys();
  const authored = authoredProvider(answersFileSchema.parse({ answers: answersOf(options) }), {
    clock: wallClock,
    file: "answers",
    roots: [],
  });
  const instead = options.provider ?? (options.before ? held(authored, options.before) : authored);
  const config = parseConfig(readFileSync("petrel.config.json", "utf8"), "petrel.config.json");
  const master = await Master.start({
    broker,
    clock: wallClock,
    ids: testIds("m"),
    random: Math.random,
    name: "master",
    version: "0",
    durability: "unknown",
    logger: silentLogger,
    leaseMs: 10_000,
    netLeaseMs: 5000,
    sign: (order) => signOrder(order, keys.privateKey),
    work: personaWorker(tierModels(config, new Map(), { clock: wallClock, instead }), wallClock),
  });
  const executor = await startExecutor({
    line,
    dir,
    name: "hands",
    pools: ["code"],
    slots: 4,
    clock: wallClock,
    // Teams side by side have equal firings: their processes must not pass for each other's.
    ids: testIds(`x${++teams}`),
    publicKey: keys.publicKey,
    logger: silentLogger,
    environment: process.env,
  });
  const definition = await apply(broker, options);
  const settings = {
    repo: repo.origin,
    base: "main",
    ...(options.target === undefined ? {} : { target: options.target }),
    overview: "A project.",
  };
  if (definition.places.settings) await putToken(broker, net, "settings", settings, "settings");
  const events = () => eventsOf(broker, net);
  return {
    broker,
    repo,
    request: async (title = "Let it do one thing more", text = "") =>
      `c-${(await putToken(broker, net, "inbox", { title, text }, title.replaceAll(/\W/g, "_").slice(0, 60))).id.slice(2)}`,
    events,
    tokensIn: (place, count = 1) => tokensIn(broker, net, place, count, events),
    ask: (verb, body) => asked(broker, net, verb, { by: BY, ...body }),
    askRuntime: (verb, body) => asked(broker, null, verb, { by: BY, ...body }),
    stop: async () => {
      await executor.stop();
      await master.stop();
      if (!options.wire) {
        await line.close();
        await broker.close();
      }
      repo.remove();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function held(provider: ModelProvider, before: (transition: string) => Promise<void>): ModelProvider {
  return {
    name: provider.name,
    ask: async (request, how) => {
      await before(how.key.split("/")[1] ?? "");
      return await provider.ask(request, how);
    },
  };
}

async function apply(broker: Broker, { net, flags = {}, netName = SAFE_TEAMS }: TeamOptions): Promise<NetDefinition> {
  const definition = await applyTeam(broker, `nets/${netName}.json`, "personas", BY);
  for (const [name, given] of Object.entries(flags)) {
    const { $schema: _, ...persona } = JSON.parse(readFileSync(`personas/${name}.json`, "utf8")) as JsonObject;
    const names = (persona.knowledge ?? []) as string[];
    const files = Object.fromEntries(names.map((file) => [file, readFileSync(`personas/${file}`, "utf8")]));
    await asked(broker, null, "apply-persona", { persona: { ...persona, flags: given }, files, by: BY });
  }
  if (!net) return definition;
  const edited = structuredClone(definition);
  net(edited);
  await asked(broker, null, "apply-net", { definition: edited as unknown as Json, by: BY });
  return definition;
}

async function eventsOf(broker: Broker, net: string): Promise<NetEvent[]> {
  const events: NetEvent[] = [];
  await broker.log(net).read(0, (entry) => void events.push(...entry.events));
  return events;
}

async function tokensIn(broker: Broker, net: string, place: string, count: number, events: () => Promise<NetEvent[]>): Promise<Token[]> {
  let found: Token[] = [];
  await waitUntil(
    `${count} in ${place}`,
    async () => {
      const stuck = (await events()).find(({ type, attributes }) => type === "paused" && attributes?.code !== undefined);
      if (stuck) throw new Error(`${stuck.summary} ${String(stuck.attributes?.reason)}`);
      found = ((await asked(broker, net, "tokens", { place })) as unknown as { tokens: Token[] }).tokens;
      return found.length >= count;
    },
    90_000,
  );
  return found;
}

/** Tokens that were ever put into a place, in order. */
export function everIn(events: NetEvent[], place: string): JsonObject[] {
  return events.flatMap(({ produced = [] }) => produced.filter((one) => one.place === place).map(({ token }) => token.data as JsonObject));
}
export const fired = (events: NetEvent[], transition: string) =>
  events.filter((event) => event.type === "fired" && event.transition === transition).length;

/** The origin is as it was: one branch, and its reflog shows the first commit alone. */
export function expectNothingPushed(repo: GitRepo): void {
  expect(gitIn(repo.origin, "for-each-ref", "--format=%(refname:short)")).toBe("main");
  expect(repo.reflog("main")).toHaveLength(1);
}

const call = (name: string, input: JsonObject) => ({ name, input });
export const write = (path: string, text: string) => call("fs.write", { path, text });
export const remove = (path: string) => call("fs.delete", { path });
export const commit = (message: string) => call("git.commit", { message });
/** One turn of tool calls, then the word that it is done. */
export const work = (...tools: { name: string; input: JsonObject }[]): Turns => [
  { tools },
  { tools: [call("done", { status: "done", summary: "It is done, and all tests are green." })] },
];

/** A developer that does it right, other in each attempt. */
export const good: Developer = (n) =>
  work(
    write("src/twice.js", `export const twice = (n) => 2 * n; // ${n}\n`),
    write("test/twice.test.js", testOf("twice", "../src/twice.js", "twice(2)", 4)),
    commit(`Double a number, attempt ${n}`),
  );

export function testOf(name: string, from: string, expression: string, value: number): string {
  const imported = /^\w+/.exec(expression)?.[0] ?? "";
  return `import assert from "node:assert/strict";\nimport test from "node:test";\nimport { ${imported} } from "${from}";\ntest("${name}", () => assert.equal(${expression}, ${value}));\n`;
}

function answersOf({ developers, qa = "pass", security = "none", repeatedIds }: TeamAnswers): Answers {
  const one = (persona: string, input: JsonObject, when: string[] = []): Answers[number] => ({
    persona,
    when,
    turns: [{ tools: [call("answer", input)] }],
  });
  const tasks = Object.keys(developers).map((id) => ({ id, title: `Task ${id}`, description: `Do what ${id} asks for, with tests.` }));
  const story = { slug: "more", title: "It does one thing more", narrative: "As asked.", criteria: ["it does it"] };
  return [
    one("product-manager", story),
    ...(repeatedIds === "once" ? [one("architect", { tasks }, ["give each task an id of its own"])] : []),
    one("architect", { tasks: repeatedIds ? [...tasks, ...tasks] : tasks }),
    // A person who sends a task back says how: then it is done right.
    { persona: "developer", when: ["as Ada explained"], turns: good(9) },
    ...Object.entries(developers).flatMap(([id, developer]) =>
      [1, 2, 3].map((n) => ({ persona: "developer", when: [`"id": "${id}"`, `attempt ${n}.`], turns: developer(n) })),
    ),
    one("qa", { verdict: "pass", findings: "As explained." }, ["as Ada explained"]),
    one("security-reviewer", { severity: "none", notes: "Harmless." }, ["attempt 9"]),
    one("qa", { verdict: qa, findings: qa === "pass" ? "It does what was asked." : "The edge case of zero is not tested." }),
    one("security-reviewer", { severity: security, notes: security === "none" ? "Harmless." : "It lets everybody in." }),
    one("performance-reviewer", { severity: "none", notes: "Cheap." }),
  ];
}
