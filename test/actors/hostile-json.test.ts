/** JSON that is valid and hostile: nested deep, with odd keys, strings and sizes. It comes in whole or is refused; the net goes on. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { packCheckpoint, unpackCheckpoint } from "../../src/actors/term/checkpoint.ts";
import { CommitLoop } from "../../src/actors/term/commit-loop.ts";
import { JSON_DEPTH, jsonFlaw } from "../../src/contract/json-limits.ts";
import { foldEvents } from "../../src/net/fold.ts";
import { freeze } from "../../src/net/frozen-state.ts";
import { emptyState } from "../../src/net/state.ts";
import { stateHash } from "../../src/net/state-hash.ts";
import { eventsOf, logAgreesWithPlaces } from "../support/log-check.ts";
import { type MasterKit, masterKit } from "../support/master-kit.ts";
import { waitUntil } from "../support/wait-until.ts";

let kit: MasterKit;
const net = {
  net: "n",
  places: { inbox: { open: true }, again: { open: true }, end: { sink: true }, done: { sink: true } },
  transitions: {
    go: { kind: "pass", in: [{ place: "inbox", as: "it" }], out: [{ to: "end" }], guard: "it.hold == null" },
    wrap: { kind: "map", in: [{ place: "again", as: "it" }], value: { it: "${it}" }, out: [{ to: "again" }], onError: "done" },
    work: {
      kind: "command",
      pool: "p",
      hand: "shell.run",
      argv: ["true"],
      in: [{ place: "inbox", as: "it" }],
      out: [{ to: "end" }],
      guard: 'it.hold == "work"',
    },
  },
};
beforeEach(async () => {
  kit = await masterKit();
  await kit.ask(null, "apply-net", { definition: net });
});
afterEach(async () => {
  await logAgreesWithPlaces(kit.broker, "n");
  await kit.stop();
});
const size = (place: string) => kit.stateOf("n").places.get(place)?.size ?? 0;
const deep = (depth: number) => `{"x":${"[".repeat(depth - 1)}${"]".repeat(depth - 1)}}`;
const put = (text: string) => kit.broker.door.put("n", "inbox", Buffer.from(text));
const parsed = (depth: number) => JSON.parse(deep(depth)) as never;

/** The log alone gives the state that the owner believes in (E1). */
async function stateIsTheFold() {
  const term = await kit.master.termOf("n");
  await term.loop.caughtUp().catch(() => {});
  await term.loop.drained();
  const folded = foldEvents("n", await eventsOf(kit.broker, "n"));
  expect(stateHash({ ...folded, sequence: term.state.sequence, chain: term.state.chain })).toBe(stateHash(term.state));
}

describe("JSON nested deep", () => {
  it.each([JSON_DEPTH + 1, 4200, 9000, 100_000])("of %i levels is refused by put, and lies in rejected", async (depth) => {
    expect(await put(deep(depth))).toMatchObject({ ok: false, error: { code: "too-deep", hint: expect.stringContaining("flatter") } });
    expect(size("rejected")).toBe(1);
    expect([...(kit.stateOf("n").places.get("rejected")?.values() ?? [])][0]?.token.data).toMatchObject({
      code: "too-deep",
      place: "inbox",
    });
    await kit.put("n", "inbox", { fine: true });
    await waitUntil("the next one is through", () => size("end") === 1);
    await stateIsTheFold();
  });

  it("as a letter is refused too, and keeps back no other letter", async () => {
    kit.hub.letter("n", "inbox", Buffer.from(deep(9000)));
    kit.hub.letter("n", "inbox", Buffer.from('{"fine":true}'));
    await waitUntil("the good one is through", () => size("end") === 1);
    expect(size("rejected")).toBe(1);
    await stateIsTheFold();
  });

  it("up to the limit goes through, and through a checkpoint", async () => {
    expect(await put(deep(JSON_DEPTH))).toMatchObject({ ok: true });
    await waitUntil("it is through", () => size("end") === 1);
    const state = kit.stateOf("n");
    const at = { sequence: state.sequence, chain: state.chain };
    const back = unpackCheckpoint("n", await packCheckpoint(freeze(state), at, kit.clock));
    expect(back && stateHash(back)).toBe(stateHash(state));
    await stateIsTheFold();
  });

  it("in a command is refused, and changes nothing", async () => {
    const before = kit.stateOf("n").seq;
    await expect(kit.ask("n", "pause", { why: parsed(500) })).rejects.toMatchObject({ code: "too-deep" });
    await expect(kit.ask(null, "apply-net", { definition: parsed(500) })).rejects.toMatchObject({ code: "too-deep" });
    expect(kit.stateOf("n").seq).toBe(before);
  });

  it("as a result of an executor fails the firing, which tells why", async () => {
    const hand = kit.executor("ex");
    hand.beat();
    await kit.put("n", "inbox", { hold: "work" });
    await waitUntil("it is offered", () => hand.orders.length === 1);
    const order = hand.orders[0];
    if (!order) throw new Error("no order");
    await hand.ask(order, "claim");
    await hand.deliver(order, parsed(500));
    await waitUntil("it is among the dead letters", () => size("dead-letter") === 1);
    const failed = (await eventsOf(kit.broker, "n")).find(({ type }) => type === "failed");
    expect(failed?.attributes?.error).toMatchObject({ code: "too-deep" });
    await hand.stop();
    await stateIsTheFold();
  });

  it("made by the net itself, one level with each round, ends as a failure at the limit", async () => {
    await kit.put("n", "again", { seed: 1 });
    await waitUntil("the loop has ended", () => size("done") === 1);
    expect([...(kit.stateOf("n").places.get("done")?.values() ?? [])][0]?.token.data).toMatchObject({ error: { code: "too-deep" } });
    await stateIsTheFold();
  });
});

describe("odd JSON", () => {
  it("with a key __proto__ is refused at any level: not every copy would keep it", async () => {
    expect(await put('{"a":[{"__proto__":{"title":"x"}}]}')).toMatchObject({ ok: false, error: { code: "reserved-key" } });
    expect(await put('{"constructor":{"prototype":1},"toString":null}')).toMatchObject({ ok: true });
    await stateIsTheFold();
  });

  it.each([
    ["whole surrogates and escapes", { a: "\ud83d\ude00 \\ud800 \u0000" }],
    ["thousands of keys", Object.fromEntries(Array.from({ length: 5000 }, (_, at) => [`k${at}`, at]))],
    ["keys that look like numbers, and an empty one", { "1": 1, "0": 0, "": "empty", "-1": 2 }],
    ["numbers at the edges", { a: 1e308, b: -0.1, c: 9007199254740991, d: 5e-324 }],
  ])("with %s stays what it is, through the log and a checkpoint", async (_what, data) => {
    const id = await kit.put("n", "inbox", data);
    await waitUntil("it is through", () => size("end") === 1);
    const state = kit.stateOf("n");
    const back = unpackCheckpoint("n", await packCheckpoint(freeze(state), { sequence: state.sequence, chain: state.chain }, kit.clock));
    expect(back && stateHash(back)).toBe(stateHash(state));
    expect([...(back?.places.get("end")?.values() ?? [])].map(({ token }) => token.data)).toEqual([data]);
    expect(id).toMatch(/^t-/);
    await stateIsTheFold();
  });

  it("with half characters has the replacement character in their place, everywhere the same", async () => {
    expect(await put(String.raw`{"a":"\ud800 x \udc00","\udfff":"\\ud800"}`)).toMatchObject({ ok: true });
    await waitUntil("it is through", () => size("end") === 1);
    const state = kit.stateOf("n");
    const back = unpackCheckpoint("n", await packCheckpoint(freeze(state), { sequence: state.sequence, chain: state.chain }, kit.clock));
    expect(back && stateHash(back)).toBe(stateHash(state));
    expect([...(back?.places.get("end")?.values() ?? [])].map(({ token }) => token.data)).toEqual([
      { a: "\ufffd x \ufffd", "\ufffd": "\\ud800" },
    ]);
    await stateIsTheFold();
  });

  it("of 100,000 keys comes in", async () => {
    const data = Object.fromEntries(Array.from({ length: 100_000 }, (_, at) => [`k${at}`, at]));
    await kit.put("n", "inbox", data);
    await waitUntil("it is through", () => size("end") === 1);
    await stateIsTheFold();
  });
});

describe("an event that cannot be written (C4)", () => {
  const loopOf = () => {
    const state = emptyState("n");
    const appended: unknown[] = [];
    const told: string[] = [];
    const loop = new CommitLoop({
      log: {
        append: async (expected: number, entry: unknown) => {
          appended.push(entry);
          return { kind: "committed", sequence: expected + 1 };
        },
      } as never,
      state,
      clock: kit.clock,
      ids: { next: () => "e" },
      committed: () => {},
      stalled: () => {},
      over: (reason) => void told.push(reason),
      unwritable: (_draft, error) => void told.push(error.code),
    });
    return { loop, state, appended, told };
  };
  const arrival = (data: unknown) =>
    ({
      ...{ category: "token", type: "arrived", status: "ok", summary: "" },
      produced: [
        { place: "p", token: { id: "t", data, from: { outside: "x" }, by: "x", at: "2026-01-01T00:00:00Z", correlation: "c", v: 1 } },
      ],
    }) as never;

  it.each([
    ["nested too deep", () => parsed(100_000)],
    ["longer than an entry", () => "x".repeat(600_000)],
    ["what is no JSON", () => 1n],
  ])("%s: it is refused with a clear error, and neither state nor seq has moved", async (_what, make) => {
    const { loop, state, appended, told } = loopOf();
    await expect(loop.commit(arrival(make()))).rejects.toMatchObject({ code: "event-not-writable" });
    expect(told).toEqual(["event-not-writable"]);
    expect([state.seq, state.places.size, loop.backlog, appended.length]).toEqual([0, 0, 0, 0]);
    const event = await loop.commit(arrival({ fine: true }));
    expect([event.seq, state.seq, appended.length]).toEqual([1, 1, 1]);
  });
});

describe("the measure", () => {
  it("counts levels of arrays and objects, and does not recurse", () => {
    expect(jsonFlaw(parsed(JSON_DEPTH))).toBeNull();
    expect(jsonFlaw(parsed(JSON_DEPTH + 1))?.code).toBe("too-deep");
    expect(jsonFlaw(parsed(500_000))?.code).toBe("too-deep");
    expect(jsonFlaw("text")).toBeNull();
    expect(jsonFlaw([[1]], 1)?.code).toBe("too-deep");
  });
});
