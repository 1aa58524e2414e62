/** Two owners, lost answers, a log that refuses, checkpoints: E1, E2, E5, E7. */
import { afterEach, describe, expect, it } from "vitest";
import { loadCheckpoint } from "../../src/actors/term/checkpoint.ts";
import type { NetEvent } from "../../src/contract/event.ts";
import { silentLogger } from "../../src/contract/logger.ts";
import { foldEvents } from "../../src/net/fold.ts";
import { markingOf } from "../../src/net/state.ts";
import { eventsOf, logAgreesWithPlaces } from "../support/log-check.ts";
import { type MasterKit, masterKit } from "../support/master-kit.ts";
import { waitUntil } from "../support/wait-until.ts";

let kit: MasterKit;
const chain = {
  net: "chain",
  places: { start: { open: true }, middle: {}, end: { sink: true } },
  transitions: {
    first: { kind: "pass", in: [{ place: "start" }], out: [{ to: "middle" }] },
    second: { kind: "map", value: { n: "${middle.n}" }, in: [{ place: "middle" }], out: [{ to: "end" }] },
  },
};
async function begin(): Promise<void> {
  kit = await masterKit();
  await kit.ask(null, "apply-net", { definition: chain });
}
/** Puts until an owner says yes: what a client does whose answers get lost. */
async function putAll(count: number, from = 0): Promise<void> {
  for (let n = from; n < from + count; n++) {
    await waitUntil(`put ${n} is answered`, () =>
      kit.put("chain", "start", { n }, `k${n}`).then(
        () => true,
        () => false,
      ),
    );
  }
}
async function allThrough(count: number): Promise<NetEvent[]> {
  await waitUntil("all are through in the log", async () => {
    const state = foldEvents("chain", await eventsOf(kit.broker, "chain"));
    return (state.places.get("end")?.size ?? 0) === count;
  });
  const { state, events } = await logAgreesWithPlaces(kit.broker, "chain");
  const values = [...(state.places.get("end")?.values() ?? [])].map(({ token }) => (token.data as { n: number }).n);
  expect(values.sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, n) => n));
  expect(markingOf(state)).toEqual({ end: expect.any(Array) });
  return events;
}
/** What the world saw must be in the log, word by word. */
function nothingUnacknowledged(events: NetEvent[]): void {
  const known = new Map(events.map((event) => [event.seq, JSON.stringify(event)]));
  for (const event of kit.hub.live) expect(JSON.stringify(event)).toBe(known.get(event.seq));
}
afterEach(async () => kit.stop());

describe("the log decides", () => {
  it("between two masters that both think they own the net", async () => {
    await begin();
    kit.hub.leases.clear();
    const rival = await kit.rival();
    await rival.master.termOf("chain");
    const putting = putAll(40);
    for (let n = 0; n < 5; n++) {
      kit.hub.leases.delete("chain");
      await waitUntil("some more are in", () => kit.hub.log("chain").last > 10 * n);
    }
    await putting;
    nothingUnacknowledged(await allThrough(40));
  });

  it("when a rival takes the slot: the speculation is thrown away and nothing of it was told", async () => {
    await begin();
    for (let n = 0; n < 20; n += 4) {
      kit.broker.faults.stealSlot = 1;
      await putAll(4, n);
    }
    nothingUnacknowledged(await allThrough(20));
  });

  it("when answers get lost: the same bytes go out again, and count once", async () => {
    await begin();
    kit.broker.faults.dropAnswers = 30;
    await putAll(20);
    nothingUnacknowledged(await allThrough(20));
  });

  it("when it refuses for a while: the net waits with the reason, answers nothing, and goes on", async () => {
    await begin();
    kit.broker.faults.rejectAppends = { outlook: "retryable", code: "broker-full", message: "no space left" };
    await expect(kit.put("chain", "start", { n: 0 }, "k0")).rejects.toMatchObject({ code: "broker-full" });
    expect(kit.master.terms.get("chain")?.stalled?.code).toBe("broker-full");
    const { nets } = (await kit.ask(null, "status")) as { nets: { stalled?: string }[] };
    expect(nets[0]?.stalled).toMatch(/no space left/);
    kit.clock.jump(5000);
    await expect(kit.put("chain", "start", { n: 0 }, "k0")).rejects.toMatchObject({ code: "broker-full" });
    expect(kit.hub.live.some(({ type }) => type === "arrived")).toBe(false);
    kit.broker.faults.rejectAppends = null;
    kit.clock.jump(2000);
    await putAll(6);
    nothingUnacknowledged(await allThrough(6));
  });

  it("when the wire breaks in the middle", async () => {
    await begin();
    const putting = putAll(30);
    for (let n = 0; n < 6; n++) {
      await waitUntil("some are in", () => kit.hub.log("chain").last > 4 * n + 2);
      kit.broker.faults.disconnect();
      kit.broker.faults.reconnect();
    }
    await putting;
    nothingUnacknowledged(await allThrough(30));
  });

  it("an owner whose term is over answers no claim, takes no result and no put", async () => {
    await begin();
    const old = kit.master.terms.get("chain");
    kit.broker.faults.stealSlot = 1;
    await kit.put("chain", "start", { n: 0 }, "k0").catch(() => {});
    await waitUntil("a new term is there", () => kit.master.terms.get("chain") !== old && kit.master.terms.has("chain"));
    expect(old?.loop.isOver).toBe(true);
    const result = { v: 1, net: "chain", transition: "x", firing: "f", attempt: 1, executor: "e", startedAt: "", durationMs: 1 } as const;
    await expect(old?.outcomes.takeResult({ ...result, outcome: { ok: true, value: 1 } })).rejects.toMatchObject({ code: "term-over" });
    await putAll(1);
    await allThrough(1);
  });
});

describe("a checkpoint", () => {
  it("holds the whole state, and a recovery reads the log from there", async () => {
    await begin();
    await Promise.all(Array.from({ length: 900 }, (_, n) => kit.put("chain", "start", { n }, `k${n}`)));
    await waitUntil("a checkpoint is there", () => kit.hub.checkpoints.has("chain"));
    await allThrough(900);
    const saved = await loadCheckpoint(kit.broker.checkpoints, "chain", silentLogger);
    const events = await eventsOf(kit.broker, "chain");
    const folded = foldEvents(
      "chain",
      events.filter(({ seq }) => seq <= (saved?.seq ?? 0)),
    );
    expect(saved?.seq).toBeGreaterThan(1000);
    expect({ ...saved, sequence: 0, chain: "" }).toEqual({ ...folded, sequence: 0 });
    const reads: number[] = [];
    await kit.die();
    await kit.crash({ logger: { ...silentLogger, info: (fields) => void ("from" in fields && reads.push(Number(fields.from))) } });
    await kit.master.termOf("chain");
    expect(reads.at(-1)).toBe(saved?.sequence);
    expect(await kit.put("chain", "start", { n: 7 }, "k7")).toBe(folded.puts.get("k7")?.id);
    await allThrough(900);
  });

  it("that cannot be read costs time and nothing else", async () => {
    await begin();
    await putAll(3);
    await kit.broker.checkpoints.save("chain", 2, Buffer.from("rubbish"));
    await kit.crash();
    await kit.master.termOf("chain");
    await allThrough(3);
  });
});
