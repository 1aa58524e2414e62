/** E1 on the real broker: at each of 100 sequences two masters, as processes, and the reference fold have the same state, over a kill. */
import { afterEach, expect, it } from "vitest";
import { foldEvents } from "../../src/net/fold.ts";
import { stateHash } from "../../src/net/state-hash.ts";
import { eventsOf } from "../support/log-check.ts";
import { System } from "../support/state-folder.ts";
import { until, waitUntil } from "../support/wait-until.ts";

let system: System;
afterEach(async () => system?.end());

const NET = {
  net: "hashed",
  places: { start: { open: true }, middle: {}, kept: { sink: true }, end: { sink: true }, gone: { sink: true } },
  transitions: {
    look: { kind: "map", in: [{ place: "start", as: "job", mode: "read" }], value: { saw: "${job.n}" }, out: [{ to: "kept" }] },
    step: { kind: "pass", in: [{ place: "start", as: "job" }], out: [{ to: "middle" }] },
    pair: { kind: "map", in: [{ place: "middle", as: "jobs", take: 2 }], value: { n: "${len(jobs)}" }, out: [{ to: "end" }] },
    ask: {
      kind: "pass",
      in: [{ place: "kept", as: "note", where: "$.saw > 95" }],
      out: [{ to: "gone" }],
      gate: { approvers: ["role:maintainer"], expires: "24h", escalate: "gone" },
    },
  },
};
const SEQUENCES = 100;
const KILL_AT = 50;

interface Hashes {
  seq: number;
  hash: string;
  masters: { master: string; hash: string }[];
}
const hashes = async () => (await system.ask(null, "state-hashes", { net: NET.net }).catch(() => null)) as Hashes | null;
const ownerOf = async () => {
  const status = (await system.ask(null, "status").catch(() => null)) as { nets: { net: string; owner: string | null }[] } | null;
  return status?.nets.find(({ net }) => net === NET.net)?.owner ?? null;
};

it("two masters and the fold of the log give equal hashes at each of 100 sequences, before and after the owner's death", async () => {
  system = await System.start();
  await system.master("m1");
  await system.apply(NET);
  await system.master("m2");
  const told = new Map<number, Hashes>();
  for (let n = 0; told.size < SEQUENCES; n += 1) {
    await system.put(NET.net, "start", { n }, `k${n}`);
    await waitUntil(
      "both masters have said it of another sequence",
      async () => {
        const found = await hashes();
        if (!found || found.masters.length < 2) return false;
        told.set(found.seq, found);
        return told.size > n || told.size >= SEQUENCES;
      },
      60_000,
    );
    if (n !== KILL_AT) continue;
    const owner = await until("its owner is known", ownerOf);
    await system.kill(owner);
    await system.master(owner);
    await waitUntil("the net has an owner", async () => (await hashes())?.masters.length === 2, 60_000);
  }
  const events = await eventsOf(system.broker, NET.net);
  expect(events.filter(({ type }) => type === "epoch").length).toBeGreaterThan(1);
  for (const { seq, hash, masters } of told.values()) {
    const reference = stateHash(
      foldEvents(
        NET.net,
        events.filter((event) => event.seq <= seq),
      ),
    );
    const all = Object.fromEntries(masters.map((each) => [each.master, each.hash]));
    expect({ seq, hash, all }).toEqual({ seq, hash: reference, all: { m1: reference, m2: reference } });
  }
}, 240_000);
