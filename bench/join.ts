/** A join of 10,000 groups of 3 by correlation, in random order: all there before the first fires, and arriving while it fires. */
import { type Bed, nowMs, onBed, until } from "./bed.ts";
import { fill, shuffled } from "./filled.ts";
import { report } from "./report.ts";
import { PAYLOAD, STEPS, w5 } from "./w5-net.ts";

const GROUPS = Number(process.env.BENCH_TOKENS ?? 10_000);
const definition = (net: string) => ({
  net,
  places: { a: { open: true }, b: { open: true }, c: { open: true }, done: { sink: true } },
  transitions: {
    join: {
      kind: "map",
      in: [{ place: "a" }, { place: "b" }, { place: "c" }],
      correlate: "$.order",
      value: { order: "${a.order}", text: "${b.text}" },
      out: [{ to: "done" }],
    },
  },
});

/** Seconds for all groups, all parts of which lie there, or come while they are joined. */
async function joined(bed: Bed, net: string, waiting: boolean): Promise<number> {
  const term = await bed.apply(definition(net));
  const parts = shuffled(GROUPS * 3);
  const put = (place: "a" | "b" | "c", offset: number) => {
    const own = parts.filter((part) => part % 3 === offset);
    return fill(term, place, own.length, (at) => ({ order: Math.floor((own[at] ?? 0) / 3), text: "x".repeat(100) }));
  };
  const began = nowMs();
  if (waiting) await bed.ask(net, "pause");
  await Promise.all([put("a", 0), put("b", 1), put("c", 2)]);
  const filled = nowMs();
  if (waiting) await bed.ask(net, "resume");
  await until(() => term.state.places.get("done")?.size === GROUPS && term.loop.backlog === 0);
  return (nowMs() - (waiting ? filled : began)) / 1000;
}

/** Firings a second of five chained steps, with all tokens there before the first fires: the same way of measuring. */
async function steps(bed: Bed): Promise<number> {
  const count = Math.ceil(GROUPS / 2);
  const term = await bed.apply(w5("w5"));
  await bed.ask("w5", "pause");
  await fill(term, "place-0", count, () => JSON.parse(PAYLOAD));
  const began = nowMs();
  await bed.ask("w5", "resume");
  await until(() => term.state.places.get(`place-${STEPS}`)?.size === count && term.loop.backlog === 0);
  return (count * STEPS * 1000) / (nowMs() - began);
}

await onBed(async (bed) => {
  await joined(bed, "warm", true);
  const w5Rate = await steps(bed);
  const waiting = GROUPS / (await joined(bed, "waiting", true));
  const arriving = GROUPS / (await joined(bed, "arriving", false));
  report([
    { case: "joins of 3 by correlation, all parts there", value: waiting, unit: "/s", target: null },
    { case: "joins in terms of W5 firings, measured alike", value: waiting / w5Rate, unit: "", target: 0.5, better: "more" },
    { case: "joins of 3 while the parts arrive in random order", value: arriving, unit: "/s", target: null },
  ]);
});
process.exit();
