/** `map` with JSONata in the engine: one event for each firing, whatever happens while the result is worked out (M1 to M3). */
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import type { NetEvent } from "../../src/contract/event.ts";
import type { Json } from "../../src/contract/json.ts";
import { type ExpressionJob, expressionEvaluators } from "../../src/executors/expressions/evaluators.ts";
import { type MasterKit, masterKit } from "../support/master-kit.ts";
import { wallClock } from "../support/nats-server.ts";
import { waitUntil } from "../support/wait-until.ts";

const real = expressionEvaluators({ clock: wallClock });
afterAll(() => real.close());

let kit: MasterKit;
let slow: { job: ExpressionJob; finish(): void }[] | null;
/** The real evaluators; `slow` holds results back until the test lets them go. */
const evaluators = {
  ...real,
  evaluate: async (job: ExpressionJob): Promise<Json> => {
    const value = await real.evaluate(job);
    if (slow) await new Promise<void>((finish) => slow?.push({ job, finish }));
    return value;
  },
};
const letGo = () => {
  const held = slow ?? [];
  slow = null;
  for (const { finish } of held) finish();
};
beforeEach(async () => {
  slow = null;
  kit = await masterKit({ expressions: evaluators });
});
afterEach(async () => {
  letGo();
  await kit.stop();
});

const sum = '{"n": order.n * 2, "by": $meta.order.by}';
const net = (fields: object = {}, more: { places?: object; transitions?: object } = {}) => ({
  net: "maps",
  places: { start: { open: true }, end: { sink: true }, other: { sink: true }, ...more.places },
  transitions: {
    work: { kind: "map", jsonata: sum, in: [{ place: "start", as: "order" }], out: [{ to: "end" }], ...fields },
    ...more.transitions,
  },
});
const apply = (definition: object) => kit.ask(null, "apply-net", { definition });
const events = async (): Promise<NetEvent[]> => {
  const all: NetEvent[] = [];
  await kit.broker.log("maps").read(0, (entry) => void all.push(...entry.events));
  return all.filter(({ transition }) => transition === "work");
};
const data = (place: string) => [...(kit.stateOf("maps").places.get(place)?.values() ?? [])].map(({ token }) => token.data);
const arrive = (place: string, count: number) => waitUntil(`${count} in ${place}`, () => data(place).length === count);
const isHeld = (count: number) => waitUntil(`${count} results are held back`, () => slow?.length === count);

describe("a map with JSONata", () => {
  it("is one event a firing, for a thousand tokens, each once", async () => {
    await apply(net());
    await Promise.all(Array.from({ length: 1000 }, (_, n) => kit.put("maps", "start", { n }, `p${n}`, "ada")));
    await arrive("end", 1000);
    expect(
      data("end")
        .map((one) => (one as { n: number }).n)
        .sort((a, b) => a - b),
    ).toEqual(Array.from({ length: 1000 }, (_, n) => n * 2));
    expect(data("end")[0]).toMatchObject({ by: "ada" });
    const log = await events();
    expect(log.map(({ type }) => type)).toEqual(Array(1000).fill("fired"));
  }, 180_000);

  it("sees all tokens of an input as an array", async () => {
    await apply(net({ jsonata: "$sum(order.n)", in: [{ place: "start", as: "order", take: 3 }] }));
    for (const n of [1, 2, 3]) await kit.put("maps", "start", { n });
    await arrive("end", 1);
    expect(data("end")).toEqual([6]);
  });

  it("that never ends is ended, and its work goes where errors go, in one event", async () => {
    await apply(net({ jsonata: "($f := function($x){ $f($x) }; $f(1))", timeout: "300ms", onError: "other" }));
    await kit.put("maps", "start", { n: 1 });
    await arrive("other", 1);
    const log = await events();
    expect(log.map(({ type, attributes }) => [type, attributes?.final])).toEqual([["failed", true]]);
    expect(log[0]?.attributes).toMatchObject({ error: { code: "map-too-long", outlook: "terminal" } });
  });

  it("that makes a function is refused", async () => {
    await apply(net({ jsonata: '{"f": function($x){ $x }}', onError: "other" }));
    await kit.put("maps", "start", { n: 1 });
    await arrive("other", 1);
    expect((await events())[0]?.attributes).toMatchObject({ error: { code: "map-not-json" } });
  });

  it.each([
    ["that does not parse", { jsonata: "order.(" }, /JSONata S0/],
    ["beside a template", { value: "x" }, /both "value" and "jsonata"/],
    ["and no template", { jsonata: undefined }, /does not say what it makes/],
  ])("%s is refused before the net runs", async (_, fields, words) => {
    await expect(apply(net(fields))).rejects.toThrow(words);
  });
});

describe("while the result is worked out", () => {
  it("B8: no other transition takes the token", async () => {
    slow = [];
    const rival = { kind: "pass", in: [{ place: "start" }], out: [{ to: "other" }], guard: "start.n > 5" };
    await apply(net({}, { transitions: { rival } }));
    await kit.put("maps", "start", { n: 1 });
    await isHeld(1);
    await kit.put("maps", "start", { n: 9 });
    await waitUntil("the second is taken by one of them", () => data("other").length === 1 || slow?.length === 2);
    letGo();
    await waitUntil("all is done", () => data("start").length === 0);
    expect(data("end").length + data("other").length).toBe(2);
    expect(data("end")).toContainEqual({ n: 2, by: "put" });
  });

  it("M2: a token that a person takes away is not done", async () => {
    slow = [];
    await apply(net());
    const id = await kit.put("maps", "start", { n: 1 });
    await isHeld(1);
    await kit.ask("maps", "move", { place: "start", id, to: "other" });
    letGo();
    await kit.put("maps", "start", { n: 2 });
    await arrive("end", 1);
    expect(data("end")).toEqual([{ n: 4, by: "put" }]);
    expect(data("other")).toEqual([{ n: 1 }]);
  });

  it("M2: an edit of the net counts: what was worked out under the old one is done anew", async () => {
    slow = [];
    await apply(net());
    await kit.put("maps", "start", { n: 1 });
    await isHeld(1);
    await apply(net({ jsonata: '{"n": order.n * 100}' }));
    letGo();
    await arrive("end", 1);
    expect(data("end")).toEqual([{ n: 100 }]);
  });

  it("M1: a crash loses nothing and doubles nothing", async () => {
    slow = [];
    await apply(net());
    for (let n = 0; n < 5; n += 1) await kit.put("maps", "start", { n });
    await isHeld(5);
    const before = slow;
    await kit.crash();
    slow = null;
    for (const { finish } of before) finish();
    await arrive("end", 5);
    expect((await events()).map(({ type }) => type)).toEqual(Array(5).fill("fired"));
  });

  it("M3: a pause keeps the result until resume", async () => {
    slow = [];
    await apply(net());
    await kit.put("maps", "start", { n: 1 });
    await isHeld(1);
    await kit.ask("maps", "pause");
    letGo();
    await kit.put("maps", "start", { n: 2 });
    expect(await events()).toEqual([]);
    await kit.ask("maps", "resume");
    await arrive("end", 2);
  });

  it("M3: a full place makes it wait, and each token still comes once", async () => {
    const drain = { kind: "pass", in: [{ place: "end" }], out: [{ to: "other" }], guard: "false" };
    const full = { places: { end: { capacity: 2 } }, transitions: { drain } };
    await apply(net({}, full));
    for (let n = 0; n < 6; n += 1) await kit.put("maps", "start", { n });
    await arrive("end", 2);
    expect(data("start")).toHaveLength(4);
    await apply(net({}, { ...full, transitions: { drain: { ...drain, guard: "true" } } }));
    await arrive("other", 6);
    expect(new Set(data("other").map((one) => (one as { n: number }).n)).size).toBe(6);
  });

  it("a transition that only reads reads each token once", async () => {
    await apply(net({ in: [{ place: "start", as: "order", mode: "read" }] }));
    for (let n = 0; n < 3; n += 1) await kit.put("maps", "start", { n });
    await arrive("end", 3);
    expect(data("start")).toHaveLength(3);
    expect(await events()).toHaveLength(3);
  });

  it("behind a gate it starts when people have said yes, and is asked again after a crash", async () => {
    await apply(net({ gate: { approvers: ["role:maintainer"] } }));
    await kit.put("maps", "start", { n: 4 });
    await waitUntil("it waits for people", () => kit.stateOf("maps").firings.size === 1);
    slow = [];
    await kit.ask("maps", "decide", { gate: "work", decision: "approve", id: "d1" });
    await isHeld(1);
    await kit.crash();
    letGo();
    await arrive("end", 1);
    expect(data("end")).toEqual([{ n: 8, by: "put" }]);
    expect((await events()).map(({ type }) => type)).toEqual(["gated", "decided", "started", "lapsed", "started", "fired"]);
  });
});
