/**
 * A net that crystallizes by itself on real processes, whose master is killed in every stage: the log says where it goes on (E1, J1, J2),
 * with one owner (E2), a rule's mode is the log's (K2), and nothing fires or is asked without its event (E4).
 */
import { writeFileSync } from "node:fs";
import { afterEach, beforeAll, expect, test } from "vitest";
import type { Broker } from "../../src/contract/broker.ts";
import type { NetEvent } from "../../src/contract/event.ts";
import type { JsonObject } from "../../src/contract/json.ts";
import { connectBroker } from "../../src/jetstream/connect.ts";
import { startAnthropicStub } from "../support/anthropic-stub.ts";
import { freezeProcess } from "../support/freeze.ts";
import { logAgreesWithPlaces } from "../support/log-check.ts";
import { testIds, wallClock } from "../support/nats-server.ts";
import { eachTokenOnce } from "../support/once-check.ts";
import { builtCli, Desk, descendants, isAlive, type Running, runtimeOf } from "../support/petrel-process.ts";
import type { Stub, StubTurn } from "../support/stub-turn.ts";
import { until as anAnswer, waitUntil } from "../support/wait-until.ts";

const STEP = "triage";
/** More than are put at once while it is waited for. */
const SHADOW = 40;
const LONG = 120_000;
let net = "";
let desk: Desk;
let stub: Stub;
let broker: Broker | undefined;
let system: Running;
/** As far as it was read. */
let log: NetEvent[] = [];
let read = 0;
let count = 0;
let owners: Record<string, string> = {};
/** The model takes questions and never comes to the end of an answer. */
let holds = false;
const acknowledged: string[] = [];
beforeAll(builtCli);
afterEach(async () => {
  await broker?.close();
  await desk?.clear();
  await stub?.close();
});

const says = (prompt: string): StubTurn[] => {
  const area = /"area": "(\w+)"/.exec(prompt)?.[1] ?? "";
  const answer = { name: "answer", input: { owner: owners[area] ?? "zoe" } };
  return [holds ? { text: "Let me see.", after: "hang" } : { tools: [answer] }];
};
/** Tickets that the model was asked about, as often as it was. */
const askedFor = () =>
  stub.requests.flatMap(({ body }) => {
    const n = /\\"n\\": (\d+)/.exec(JSON.stringify(body?.messages ?? ""))?.[1];
    return n === undefined ? [] : [Number(n)];
  });

async function begin(): Promise<void> {
  desk = new Desk("crystallize-kills");
  owners = { net: "ada", ui: "bob", db: "eve" };
  stub = await startAnthropicStub([], says);
  desk.env.ANTHROPIC_API_KEY = "stub";
  desk.env.ANTHROPIC_BASE_URL = stub.url;
  const output = { type: "object", required: ["owner"], properties: { owner: { type: "string" } }, additionalProperties: false };
  const persona = { persona: STEP, title: "Triage", flags: "-----", tools: [], tier: "economy", prompt: "You say who.", output };
  writeFileSync(desk.path("triage.json"), JSON.stringify(persona));
  system = desk.start(["up", "--json", "--gateway-port", "off"]);
  await system.says(/\{"ready":true.*\n/);
  await desk.json(["persona", "apply", "triage.json"]);
  const { url, admin } = runtimeOf(desk.path(".petrel")).nats;
  broker = await connectBroker({ url, ...admin, clock: wallClock, ids: testIds("watch"), name: "test" });
}

/** A net of this name, which is what the rest is about from here on. */
async function applied(name: string): Promise<void> {
  [net, log, read, count] = [name, [], 0, 0];
  acknowledged.length = 0;
  stub.requests.length = 0;
  const definition = {
    net,
    crystallize: { every: 45, least: 45, shadow: SHADOW, bound: 0.2, confidence: 0.9, audit: 0.5, promote: "policy" },
    places: { batches: { open: true }, tickets: {}, done: { sink: true } },
    transitions: {
      spread: { kind: "pass", in: [{ place: "batches", as: "batch" }], out: [{ to: "tickets", each: "batch.items" }] },
      [STEP]: {
        ...{ kind: "llm", persona: STEP, ask: "Who takes it?", data: { ticket: "${ticket}" }, concurrency: 4 },
        in: [{ place: "tickets", as: "ticket" }],
        out: [{ to: "done", value: { owner: "${$result.owner}", n: "${ticket.n}" } }],
      },
    },
  };
  writeFileSync(desk.path("desk.json"), JSON.stringify(definition));
  await desk.json(["net", "apply", "desk.json"]);
}

async function events(): Promise<NetEvent[]> {
  read = (await broker?.log(net).read(read, (entry) => void log.push(...entry.events))) ?? read;
  return log;
}
/** Waits for the log to say so. */
const until = (what: string, meets: (log: NetEvent[]) => boolean) => waitUntil(what, async () => meets(await events()), LONG);

const stagesIn = (of: NetEvent[]) =>
  of.flatMap(({ attributes }) => (Array.isArray(attributes?.crystallized) ? (attributes.crystallized as JsonObject[]) : []));
const told = (stage: string) => stagesIn(log).filter((one) => one.stage === stage).length;
const firedIn = (of: NetEvent[]) => of.filter(({ type, transition }) => type === "fired" && transition === STEP);
const crystalOf = ({ attributes }: NetEvent) => (attributes?.crystal ?? {}) as JsonObject;
const ticketOf = ({ produced }: NetEvent) => (produced?.[0]?.token.data as { n?: number } | undefined)?.n ?? -1;

/** Acknowledged, whoever dies meanwhile. */
async function put(many: number): Promise<void> {
  const items = Array.from({ length: many }, (_, at) => ({ area: ["net", "ui", "db"][(count + at) % 3], n: count + at }));
  count += many;
  const [payload, token] = [new TextEncoder().encode(JSON.stringify({ items })), `batch-${count}`];
  await waitUntil(
    `${token} is put`,
    async () => {
      const answer = await broker?.door.put(net, "batches", payload, { token, timeoutMs: 3000 }).catch(() => null);
      if (answer?.ok) acknowledged.push(answer.id);
      return answer?.ok === true;
    },
    LONG,
  );
}
async function tickets(many: number): Promise<void> {
  await put(many);
  await until(`${count} tickets are done`, (of) => firedIn(of).length >= count);
}
interface Row {
  mode: string;
  rule: string | null;
  crystal: JsonObject | null;
  record: JsonObject | null;
}
const BY = { by: { user: "ada", roles: ["maintainer"] } };
async function row(): Promise<Row> {
  let found: Row | undefined;
  const once = async () => {
    const answer = await broker?.commands.ask(net, "crystals", BY).catch(() => null);
    if (answer?.ok) [found] = (answer.value as unknown as { transitions: Row[] }).transitions;
    return found !== undefined;
  };
  await waitUntil("the owner says how the rule does", once, LONG);
  return found as unknown as Row;
}
async function settle(body: object): Promise<void> {
  const ask = async () => await broker?.commands.ask(net, "crystal-settle", { ...BY, transition: STEP, ...body }, LONG);
  const answer = await anAnswer("the owner settles it", ask);
  expect(answer).toMatchObject({ ok: true });
}

const below = (what: RegExp) => descendants(system.pid).find(({ command }) => what.test(command))?.pid;

/** kill -9 of the master; another one owns the net afterwards, and knows of its rule what the log says. */
async function killed(mode: string): Promise<void> {
  const master = below(/ master /) ?? 0;
  expect(master).toBeGreaterThan(0);
  // Before it dies: the next one may be quick.
  const dead = (await events()).length;
  process.kill(master, "SIGKILL");
  await waitUntil("the master is gone", () => !isAlive(master), LONG);
  holds = false;
  await until("another one owns the net", (of) => of.slice(dead).some(({ type }) => type === "epoch"));
  expect((await row()).mode).toBe(mode);
}

/** The master dies while the model is being asked: the firings that are open are ended by the next one, each once. */
async function killedWhileAsked(mode: string): Promise<void> {
  holds = true;
  const before = stub.requests.length;
  const isAsked = () => stub.requests.length > before;
  for (let round = 0; round < 20 && !isAsked(); round += 1) {
    await put(2);
    await waitUntil("the model is asked, or the rule has answered", async () => isAsked() || (await isDone()), LONG);
  }
  expect(isAsked()).toBe(true);
  const open = openIn(await events());
  expect(open.length).toBeGreaterThan(0);
  await killed(mode);
  await until("the tickets in whose middle it died are done", isAllDone);
  expect(firedIn(log).filter(({ firing }) => open.includes(firing))).toHaveLength(open.length);
}
const isAllDone = (of: NetEvent[]) => firedIn(of).length >= count;
const isDone = async () => isAllDone(await events());

function openIn(of: NetEvent[]): (string | undefined)[] {
  const ended = new Set(firedIn(of).map(({ firing }) => firing));
  const began = of.filter(({ type, transition }) => type === "started" && transition === STEP).map(({ firing }) => firing);
  return [...new Set(began)].filter((firing) => !ended.has(firing));
}

/** A process that learns for the net, and does not go on; where it was too quick, for another net. */
async function frozenLearner(): Promise<number> {
  for (const name of ["desk", "desk-2", "desk-3"]) {
    await applied(name);
    await put(45);
    let learner: number | undefined;
    const isSeen = async () => {
      learner = below(/ learn/);
      return learner !== undefined || stagesIn(await events()).length > 0;
    };
    await waitUntil("it learns, or has learned", isSeen, LONG);
    if (
      learner !== undefined &&
      (await freezeProcess(learner).then(
        () => true,
        () => false,
      )) &&
      isAlive(learner)
    )
      return learner;
  }
  throw new Error("no process that learns was seen");
}

test("kill -9 of the master while it learns, in the shadow, at the promotion, in an audit, at undo and at the demotion", {
  timeout: 600_000,
}, async () => {
  await begin();
  // While it learns: the process that learns ends with its master, and the next one begins again.
  const learner = await frozenLearner();
  await killed("none");
  process.kill(learner, "SIGCONT");
  await waitUntil("its learner has ended with it", () => !isAlive(learner), LONG);
  for (let round = 0; round < 12 && told("shadow") === 0; round += 1) await tickets(10);
  await until("a rule is in its shadow", () => told("shadow") === 1);
  await killedWhileAsked("shadow");
  expect(told("promoted")).toBe(0);
  await put(SHADOW + 10);
  await until("it is promoted", () => told("promoted") === 1);
  await killed("live");
  await until("all are done", isAllDone);
  await killedWhileAsked("live");

  const { crystal } = await row();
  await put(12);
  await settle({ action: "undo" });
  await until("the model is back", () => told("undone") === 1);
  await killed("none");
  await until("all are done", isAllDone);
  await settle({ action: "shadow", crystal: { ...crystal, mode: "shadow" } });
  await tickets(SHADOW + 10);
  await until("it is promoted again", () => told("promoted") === 2);
  owners = { net: "joe", ui: "kim", db: "lea" };
  for (let round = 0; round < 20 && told("demoted") === 0; round += 1) await tickets(6);
  await until("it is demoted", () => told("demoted") === 1);
  await killed("demoted");
  await until("it is off in the file too", () => told("undone") === 2);
  await tickets(3);

  const { state, events: all } = await logAgreesWithPlaces(broker as Broker, net, LONG);
  const way = stagesIn(all).map(({ stage }) => stage);
  expect(way.filter((stage) => !["candidates", "learned", "proven"].includes(String(stage)))).toEqual([
    "shadow",
    "promoted",
    "undone",
    "shadow",
    "promoted",
    "demoted",
    "undone",
  ]);
  eachTokenOnce(state, all, acknowledged);
  const done = [...(state.places.get("done")?.values() ?? [])].map(({ token }) => (token.data as { n: number }).n);
  expect(done.sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, n) => n));
  askedAsOftenAsBegun(all);
});

/** No model was asked about what the rule answered, and about the rest once for each time that its firing was begun. */
function askedAsOftenAsBegun(all: NetEvent[]): void {
  const asked = askedFor();
  for (const event of firedIn(all)) {
    const times = asked.filter((n) => n === ticketOf(event)).length;
    const begun = all.filter(({ type, firing }) => type === "started" && firing === event.firing).length;
    if (crystalOf(event).by === "rule") expect(times, event.summary).toBe(0);
    else expect(times, event.summary).toBeGreaterThan(0);
    expect(times, event.summary).toBeLessThanOrEqual(begun);
  }
  expect(firedIn(all).filter((event) => crystalOf(event).by === "rule").length).toBeGreaterThan(0);
  expect(asked.length).toBeGreaterThan(new Set(asked).size);
}
