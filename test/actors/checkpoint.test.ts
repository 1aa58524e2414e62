/** Checkpoints as bytes: large ones, small ones, those of versions before, and what is none. */
import { gzipSync } from "node:zlib";
import { Packr } from "msgpackr";
import { expect, test } from "vitest";
import { packCheckpoint, unpackCheckpoint } from "../../src/actors/term/checkpoint.ts";
import { Checkpointer } from "../../src/actors/term/checkpointer.ts";
import { CommitLoop } from "../../src/actors/term/commit-loop.ts";
import { recoverState } from "../../src/actors/term/recovery.ts";
import { type Clock, delay } from "../../src/contract/clock.ts";
import { silentLogger } from "../../src/contract/logger.ts";
import { memoryBroker } from "../../src/jetstream/memory/broker.ts";
import { MemoryHub } from "../../src/jetstream/memory/hub.ts";
import { freshRecord } from "../../src/net/crystal/state.ts";
import { freeze } from "../../src/net/frozen-state.ts";
import { emptyState, type NetState, tokensOf } from "../../src/net/state.ts";
import { stateHash } from "../../src/net/state-hash.ts";
import { JumpClock } from "../support/master-kit.ts";
import { tokenOf } from "../support/net-state.ts";
import { waitUntil } from "../support/wait-until.ts";

/** Counts how often others get a turn. */
function countingClock(): Clock & { turns: number } {
  const clock = {
    turns: 0,
    now: () => 0,
    after: (_: number, call: () => void) => {
      clock.turns += 1;
      setImmediate(call);
      return { cancel: () => {} };
    },
  };
  return clock;
}
function stateWith(count: number): NetState {
  const state = { ...emptyState("n"), seq: 7, epoch: 3 };
  for (let n = 0; n < count; n++) {
    const token = tokenOf(`t${n}`, { n, text: "x".repeat(200) });
    tokensOf(state, `p${n % 3}`).set(token.id, { token, reservedBy: n % 10 === 0 ? "f1" : null, since: 1000 + n });
    state.authors.set(token.correlation, "ada");
    state.puts.set(`k${n}`, { at: n, id: token.id, seq: n, place: "p" });
  }
  state.seen.set("look", new Set(["t1", "t2"]));
  tokensOf(state, "empty");
  return state;
}
const at = { sequence: 5, chain: "abc" };

test("a state comes back as it was, small or large, and a large one is packed in many turns and takes little room", async () => {
  for (const count of [0, 3, 20_000]) {
    const state = stateWith(count);
    const clock = countingClock();
    const bytes = await packCheckpoint(freeze(state), at, clock);
    const back = unpackCheckpoint("n", bytes);
    expect(back).toEqual({ ...state, ...at });
    expect(back && stateHash(back)).toBe(stateHash(state));
    if (count > 10_000) {
      expect(clock.turns).toBeGreaterThan(10);
      expect(bytes.length).toBeLessThan(count * 100);
    }
  }
});

test("what happens to the state while it is packed is not in it", async () => {
  const state = stateWith(5000);
  const hash = stateHash(state);
  const packing = packCheckpoint(freeze(state), at, countingClock());
  await delay(countingClock(), 0);
  for (const [id, placed] of tokensOf(state, "p0")) {
    placed.reservedBy = "another";
    if (id.endsWith("3")) tokensOf(state, "p0").delete(id);
  }
  state.authors.clear();
  const back = unpackCheckpoint("n", await packing);
  expect(back && stateHash(back)).toBe(hash);
});

test("the whole state in one document, as versions before wrote it, is read; fields that it lacks are empty", () => {
  const { origin: _, schedules: __, ...before } = stateWith(3) as NetState & { schedules: unknown };
  const bytes = new Packr({ structuredClone: true }).pack({ layout: 2, state: before });
  expect(unpackCheckpoint("n", bytes)).toMatchObject({ seq: 7, origin: null, places: before.places });
  expect(unpackCheckpoint("n", new Packr({ structuredClone: true }).pack({ layout: 1, state: before }))).toBeNull();
  expect(unpackCheckpoint("n", Buffer.from("rubbish, and more of it"))).toBeNull();
  const whole = gzipSync(bytes);
  expect(unpackCheckpoint("n", whole)?.seq).toBe(7);
  expect(() => unpackCheckpoint("n", whole.subarray(0, whole.length - 20))).toThrow();
  expect(() => unpackCheckpoint("n", bytes.subarray(0, bytes.length - 20))).toThrow();
});

test("what versions before kept of a rule's answers, correlations, is left out; tokens stay", async () => {
  const state = stateWith(1);
  state.crystals.set("triage", { ...freshRecord("r", "live", 3), recent: ["c-1", "", "t-2"], answered: 4 });
  const back = unpackCheckpoint("n", await packCheckpoint(freeze(state), at, countingClock()));
  expect(back?.crystals.get("triage")).toEqual({ ...freshRecord("r", "live", 3), recent: ["t-2"], answered: 4 });
});

test("one that cannot be read just now says all the same how long the log was: a shorter log is not taken for the whole", async () => {
  const broker = memoryBroker(new MemoryHub(new JumpClock()));
  await broker.declareNet("n");
  await broker.checkpoints.save("n", 5, new Uint8Array([1]));
  const blind = { ...broker, checkpoints: { ...broker.checkpoints, load: async () => null } };
  await expect(recoverState(blind, "n", silentLogger)).rejects.toMatchObject({
    code: "log-lost",
    message: "the log of n was lost or replaced: it ends at 0, but a checkpoint of entry 5 exists",
  });
});

test("made while the net works, it lacks nothing that shares an entry with its last event (K1, K2)", async () => {
  const clock = new JumpClock();
  const broker = memoryBroker(new MemoryHub(clock));
  await broker.declareNet("n");
  const state = emptyState("n");
  let ids = 0;
  const arrive = (n: number) => {
    const produced = [{ place: "p", token: tokenOf(`t${n}`, "x".repeat(60_000)) }];
    loop.apply({ category: "token", type: "arrived", status: "ok", summary: "", produced });
  };
  const loop: CommitLoop = new CommitLoop({
    ...{ state, clock, log: broker.log("n"), ids: { next: () => `id-${++ids}` }, stalled: () => {}, over: () => {}, unwritable: () => {} },
    committed: (event) => {
      checkpointer.committed(event);
      // Behind the eight that wait: of these, three fit into an entry, so the last of them shares its entry with what comes now.
      if (event.seq === 3) for (const n of [9, 10]) arrive(n);
    },
  });
  const checkpointer: Checkpointer = new Checkpointer({ state, loop, broker, clock, logger: silentLogger, leastEvents: 4 });
  for (let n = 1; n <= 8; n++) arrive(n);
  await loop.drained();
  await waitUntil("there is a checkpoint", async () => (await broker.checkpoints.list("n")).length > 0);
  const entries: number[][] = [];
  await broker.log("n").read(0, ({ events }) => void entries.push(events.map(({ seq }) => seq)));
  expect(entries).toEqual([[1, 2, 3], [4, 5, 6], [7, 8, 9], [10]]);
  const [saved] = await broker.checkpoints.list("n");
  expect(saved?.sequence).toBe(2);
  expect(stateHash(await recoverState(broker, "n", silentLogger))).toBe(stateHash(state));
});
