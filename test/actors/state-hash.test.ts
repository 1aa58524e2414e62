/** The hash of a state: one for the owner, for the owner after it, and for whoever folds the log. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { NetEvent } from "../../src/contract/event.ts";
import { CHAIN_START, entryHash } from "../../src/contract/hash.ts";
import { applyEvent, foldEvents } from "../../src/net/fold.ts";
import { freeze, thaw } from "../../src/net/frozen-state.ts";
import { emptyState } from "../../src/net/state.ts";
import { stateHash } from "../../src/net/state-hash.ts";
import { eventsOf } from "../support/log-check.ts";
import { type MasterKit, masterKit } from "../support/master-kit.ts";
import { waitUntil } from "../support/wait-until.ts";

const NET = {
  net: "shop",
  places: { orders: { open: true }, packed: {}, sent: { sink: true }, notes: { open: true }, seen: { sink: true } },
  transitions: {
    pack: { kind: "pass", in: [{ place: "orders", as: "order" }], out: [{ to: "packed" }] },
    send: {
      kind: "pass",
      in: [{ place: "packed", as: "order" }],
      out: [{ to: "sent" }],
      guard: "order.n % 2 == 0",
      gate: { approvers: ["role:maintainer"] },
    },
    look: { kind: "pass", in: [{ place: "notes", as: "note", mode: "read" }], out: [{ to: "seen" }] },
  },
};
let kit: MasterKit;
beforeEach(async () => {
  kit = await masterKit();
  await kit.ask(null, "apply-net", { definition: NET });
});
afterEach(() => kit.stop());

interface Digest {
  seq: number;
  hash: string;
  tip: { sequence: number; chain: string };
}
const digest = async () => (await kit.ask("shop", "state-hash")) as Digest;
const foldTo = async (seq: number) => {
  const events = (await eventsOf(kit.broker, "shop")).filter((event) => event.seq <= seq);
  return foldEvents("shop", JSON.parse(JSON.stringify(events)) as NetEvent[]);
};

describe("the hash of a state", () => {
  test("the owner's is that of the fold at the same event, while the net works and after a takeover", async () => {
    const seen = new Set<number>();
    const work = (async () => {
      for (let n = 0; n < 60; n++) await kit.put("shop", n % 5 === 0 ? "notes" : "orders", { n }, `k${n}`);
    })();
    for (let look = 0; look < 25; look++) {
      const { seq, hash } = await digest();
      expect(hash).toBe(stateHash(await foldTo(seq)));
      seen.add(seq);
    }
    await work;
    expect(seen.size).toBeGreaterThan(5);
    await waitUntil("the gates hold", async () => ((await kit.ask("shop", "gates")) as object[]).length > 10);
    const before = await digest();
    await kit.crash();
    await kit.master.termOf("shop");
    const after = await digest();
    expect(after.seq).toBe(before.seq + 1);
    expect(after.hash).not.toBe(before.hash);
    expect(after.hash).toBe(stateHash(await foldTo(after.seq)));
  });

  test("sees every part of a state, and the order of tokens in a place", async () => {
    for (let n = 0; n < 6; n++) await kit.put("shop", "orders", { n }, `k${n}`);
    await waitUntil("two wait at the gate", async () => ((await kit.ask("shop", "gates")) as object[]).length === 3);
    const state = await foldTo(Number.POSITIVE_INFINITY);
    const hash = stateHash(state);
    const changed = (change: (copy: typeof state) => void) => {
      const copy = thaw(state.net, freeze(state));
      change(copy);
      return stateHash(copy);
    };
    expect(changed(() => {})).toBe(hash);
    expect(changed((copy) => Object.assign(copy, { sequence: 99, chain: "x" }))).toBe(hash);
    expect(changed((copy) => copy.places.set("empty", new Map()))).toBe(hash);
    const packed = [...(state.places.get("packed") ?? [])];
    const others = [
      changed((copy) => Object.assign(copy, { paused: true })),
      changed((copy) => copy.places.set("packed", new Map(packed.reverse()))),
      changed((copy) => copy.seen.set("look", new Set(["t"]))),
      changed((copy) => Object.assign([...copy.firings.values()][0] ?? {}, { attempt: 2 })),
      changed((copy) => Object.assign([...(copy.places.get("packed")?.values() ?? [])][0] ?? {}, { reservedBy: null })),
    ];
    expect(new Set([hash, ...others]).size).toBe(6);
  });

  test("a snapshot stays as it is while the state goes on", async () => {
    for (let n = 0; n < 6; n++) await kit.put("shop", "orders", { n }, `k${n}`);
    await waitUntil("the gates hold", async () => ((await kit.ask("shop", "gates")) as object[]).length === 3);
    const gate = ((await kit.ask("shop", "gates")) as { firing: string }[])[0];
    await kit.ask("shop", "decide", { firing: gate?.firing, decision: "approve", id: "d1" });
    await kit.put("shop", "notes", { n: 1 });
    const state = emptyState("shop");
    const copies: { hash: string; copy: typeof state }[] = [];
    for (const event of await eventsOf(kit.broker, "shop")) {
      applyEvent(state, event);
      copies.push({ hash: stateHash(state), copy: thaw(state.net, freeze(state)) });
    }
    expect(copies.length).toBeGreaterThan(20);
    for (const { hash, copy } of copies) expect(stateHash(copy)).toBe(hash);
  });
});

describe("the chain of a log", () => {
  test("runs from the first entry over a takeover, and the owner knows its end", async () => {
    await kit.put("shop", "orders", { n: 1 });
    kit.broker.faults.dropAnswers = 2;
    await kit.put("shop", "orders", { n: 3 });
    await kit.crash();
    await kit.master.termOf("shop");
    await kit.put("shop", "orders", { n: 5 });
    const { tip } = await digest();
    let prev = CHAIN_START;
    let entries = 0;
    await kit.broker.log("shop").read(0, (entry) => {
      expect(entry.prev).toBe(prev);
      expect(entry.hash).toBe(entryHash(entry, JSON.stringify(entry.events)));
      if (entry.sequence === tip.sequence) expect(entry.hash).toBe(tip.chain);
      prev = entry.hash;
      entries += 1;
    });
    expect(entries).toBeGreaterThanOrEqual(tip.sequence);
  });
});
