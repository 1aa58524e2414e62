/** 1,000 tokens parked on a gate: the memory of each, and how long it takes to let all go. */
import { type Bed, ids, nowMs, onBed, until, windowed } from "./bed.ts";
import { fill } from "./filled.ts";
import { report } from "./report.ts";
import { PAYLOAD } from "./w5-net.ts";

const PARKED = 1000;
const definition = (net: string) => ({
  net,
  places: { asked: { open: true }, allowed: { sink: true }, refused: { sink: true } },
  transitions: {
    allow: {
      kind: "pass",
      in: [{ place: "asked" }],
      out: [{ to: "allowed" }],
      concurrency: 1000,
      gate: { approvers: ["role:maintainer"], quorum: 1, escalate: "refused" },
    },
  },
});

/** When a checkpoint that is under way has ended: it holds a copy of all that is open. */
async function heap(): Promise<number> {
  await new Promise((rested) => setTimeout(rested, 1500));
  for (let n = 0; n < 3; n++) globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

/** Bytes of heap for each. */
async function park({ apply }: Bed, net: string): Promise<number> {
  const term = await apply(definition(net));
  const before = await heap();
  await fill(term, "asked", PARKED, () => JSON.parse(PAYLOAD));
  await until(() => term.state.firings.size === PARKED && term.loop.backlog === 0);
  return ((await heap()) - before) / PARKED;
}

await onBed(async (bed) => {
  // What is compiled and cached on the way counts for the first only.
  await park(bed, "warm");
  await park(bed, "warmer");
  const bytes = await park(bed, "gate");
  const { state, loop } = await bed.master.termOf("gate");
  const firings = [...state.firings.keys()];
  const began = nowMs();
  await windowed(PARKED, 200, (at) =>
    bed.ask("gate", "decide", { gate: "allow", firing: firings[at] ?? "", id: ids.next(), decision: "approve" }),
  );
  await until(() => state.places.get("allowed")?.size === PARKED && loop.backlog === 0);
  const seconds = (nowMs() - began) / 1000;
  report([
    { case: "memory of a token parked on a gate", value: bytes, unit: "bytes", target: 2048, better: "less" },
    { case: "1,000 parked tokens are all let go", value: seconds, unit: "s", target: 1, better: "less" },
  ]);
});
process.exit();
