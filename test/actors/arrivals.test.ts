/** Tokens from outside (E6): each once, refused with a reason, held back where there is no room, and never lost. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { eventsOf, logAgreesWithPlaces } from "../support/log-check.ts";
import { type MasterKit, masterKit } from "../support/master-kit.ts";
import { waitUntil } from "../support/wait-until.ts";

const HOUR = 3_600_000;
let kit: MasterKit;
const net = {
  net: "n",
  places: {
    inbox: { open: true, schema: { type: "object", required: ["n"] } },
    small: { open: true, capacity: 2 },
    shut: {},
    end: { sink: true },
  },
  transitions: {
    go: { kind: "pass", in: [{ place: "inbox" }], out: [{ to: "end" }] },
    never: { kind: "pass", in: [{ place: "inbox" }], out: [{ to: "shut" }], guard: "false" },
    slow: { kind: "pass", in: [{ place: "small" }, { place: "shut" }], out: [{ to: "end" }] },
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
const letter = (place: string, data: unknown) => kit.hub.letter("n", place, Buffer.from(JSON.stringify(data)));
const numbers = (place: string) =>
  [...(kit.stateOf("n").places.get(place)?.values() ?? [])].map(({ token }) => (token.data as { n: number }).n);

describe("a put", () => {
  it("with one key is one token for 24 hours, over crashes, and another one afterwards", async () => {
    const first = await kit.put("n", "inbox", { n: 1 }, "k");
    await kit.crash();
    await kit.master.termOf("n");
    expect(await kit.put("n", "inbox", { n: 1 }, "k")).toBe(first);
    kit.clock.jump(23 * HOUR);
    await kit.master.termOf("n");
    expect(await kit.put("n", "inbox", { n: 1 }, "k")).toBe(first);
    kit.clock.jump(2 * HOUR);
    await kit.master.termOf("n");
    const second = await kit.put("n", "inbox", { n: 2 }, "k");
    expect(second).not.toBe(first);
    await waitUntil("both are there", () => size("end") === 2);
    expect(await kit.put("n", "inbox", { n: 2 }, "k")).toBe(second);
  });

  it("repeated says that it is a duplicate; with other data, or for another place, its key is refused", async () => {
    const put = (place: string, text: string) => kit.broker.door.put("n", place, Buffer.from(text), { token: "k" });
    const [first, beside] = await Promise.all([put("inbox", '{"n":1}'), put("inbox", '{"n":1}')]);
    expect(first).not.toHaveProperty("duplicate");
    expect(beside).toEqual({ ...first, duplicate: true });
    for (let over = 0; over < 2; over++) {
      expect(await put("inbox", '{"n":1}')).toEqual({ ...first, duplicate: true });
      expect(await put("inbox", '{"n":2}')).toMatchObject({ ok: false, error: { code: "token-reused", outlook: "refused" } });
      expect(await put("small", '{"n":1}')).toMatchObject({ ok: false, error: { code: "token-reused" } });
      await kit.crash();
      await kit.master.termOf("n");
    }
    const twins = await Promise.all(
      ['{"n":1}', '{"n":2}'].map((text) => kit.broker.door.put("n", "inbox", Buffer.from(text), { token: "j" })),
    );
    expect(twins.map(({ ok }) => ok)).toEqual([true, false]);
    await waitUntil("the two are through", () => size("end") === 2);
  });

  it("that was refused is refused again, stands once in rejected, and may be put right under its key", async () => {
    for (let n = 0; n < 2; n++) await expect(kit.put("n", "inbox", { wrong: 1 }, "k")).rejects.toMatchObject({ code: "schema" });
    expect(size("rejected")).toBe(1);
    await kit.put("n", "inbox", { n: 1 }, "k");
    await waitUntil("it is through", () => size("end") === 1);
  });

  it("never fills a place beyond its capacity, however many come at once", async () => {
    const answers = await Promise.allSettled(Array.from({ length: 30 }, (_, n) => kit.put("n", "small", { n })));
    expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(2);
    expect(answers.find((answer) => answer.status === "rejected")).toMatchObject({ reason: { code: "place-full" } });
    expect(size("small")).toBe(2);
  });

  it("more at once than are decided ahead come in as they came, each once, also over a crash in the middle", async () => {
    const count = 900;
    const all = () => Promise.allSettled(Array.from({ length: count }, (_, n) => kit.put("n", "inbox", { n }, `k${n}`)));
    const first = all();
    // Between two of its turns: to look by time would be too late.
    while (kit.stateOf("n").seq < 100) await Promise.resolve();
    await kit.crash();
    await kit.master.termOf("n");
    const lost = (await first).filter(({ status }) => status === "rejected");
    expect(lost.length).toBeGreaterThan(0);
    const again = await all();
    expect(new Set(again.map((answer) => (answer.status === "fulfilled" ? answer.value : null))).size).toBe(count);
    await waitUntil("all are through", () => size("end") === count);
    expect(numbers("end").sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, n) => n));
    const later = await Promise.all(Array.from({ length: count }, (_, n) => kit.put("n", "inbox", { n: count + n })));
    expect(new Set(later).size).toBe(count);
    await waitUntil("these are too", () => size("end") === 2 * count);
    expect(numbers("end").slice(count)).toEqual(Array.from({ length: count }, (_, n) => count + n));
  });

  it("too big for a token lies in the artefact store, also when a net hands it on in a list", async () => {
    const id = await kit.put("n", "inbox", { n: 1, text: "x".repeat(100_000) });
    await waitUntil("it is through", () => size("end") === 1);
    const arrived = (await eventsOf(kit.broker, "n")).find(({ type }) => type === "arrived");
    expect(arrived?.produced?.[0]).toMatchObject({ token: { id, data: { n: 1, text: { $artifact: expect.any(String), size: 100_000 } } } });
  });
});

describe("letters", () => {
  it("come in exactly once over a crash and a takeover", async () => {
    for (let n = 0; n < 40; n++) letter("inbox", { n });
    await waitUntil("some are in", () => size("end") > 3);
    await kit.crash({ name: "master-2", netLeaseMs: 300 });
    for (let n = 40; n < 60; n++) letter("inbox", { n });
    // The lease of the dead master runs out.
    kit.hub.leases.delete("n");
    await kit.master.termOf("n");
    await waitUntil("all are in", () => size("end") >= 60);
    expect(numbers("end").sort((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, n) => n));
  });

  it("of a full place wait there, in order, and hold up nobody else; none is lost over a crash", async () => {
    for (let n = 0; n < 6; n++) letter("small", { n });
    for (let n = 100; n < 105; n++) letter("inbox", { n });
    await waitUntil("the others are through", () => size("end") === 5);
    expect(numbers("small")).toEqual([0, 1]);
    await kit.crash();
    await kit.master.termOf("n");
    letter("inbox", { n: 105 });
    letter("small", { n: 6 });
    await waitUntil("the other is through", () => size("end") === 6);
    expect(numbers("small")).toEqual([0, 1]);
    for (let n = 2; n < 7; n++) {
      const [id] = [...(kit.stateOf("n").places.get("small")?.keys() ?? [])];
      await kit.ask("n", "close", { place: "small", id });
      await waitUntil("the next is in", () => numbers("small").includes(n));
      expect(numbers("small")).toEqual([n - 1, n]);
      if (n === 4) {
        await kit.crash();
        await kit.master.termOf("n");
      }
    }
    expect((await eventsOf(kit.broker, "n")).filter(({ type }) => type === "arrived")).toHaveLength(13);
  });

  it("that cannot be taken in show in rejected, those to closed and unknown places too", async () => {
    kit.hub.letter("n", "inbox", Buffer.from("no json"));
    letter("inbox", { m: 1 });
    letter("shut", {});
    letter("nowhere", {});
    await waitUntil("all are refused", () => size("rejected") === 4);
    const codes = [...(kit.stateOf("n").places.get("rejected")?.values() ?? [])].map(({ token }) => (token.data as { code: string }).code);
    expect(codes.sort()).toEqual(["not-json", "place-not-open", "schema", "unknown-place"]);
    await kit.crash();
    await kit.master.termOf("n");
    letter("inbox", { n: 1 });
    await waitUntil("the next is through", () => size("end") === 1);
    expect(size("rejected")).toBe(4);
  });
});
