/** ArcQL over 100,000 tokens, and what a query every 100 ms costs W5 beside it. */
import { type Bed, nowMs, onBed, quantile, until } from "./bed.ts";
import { fill } from "./filled.ts";
import { report } from "./report.ts";
import { PAYLOAD, STEPS, w5 } from "./w5-net.ts";

const TOKENS = Number(process.env.BENCH_TOKENS ?? 100_000);
const MOVED = 5000;
const QUERY = 'FROM $ WHERE $.stage == "review" AND $.n % 7 == 3 ORDER BY $.n DESC LIMIT 20';

async function ask(bed: Bed): Promise<number> {
  const began = nowMs();
  await bed.ask("stock", "query", { query: QUERY, places: ["stock"], limit: 20 });
  return nowMs() - began;
}

/** Firings a second. */
async function traffic(bed: Bed, beside: () => Promise<void>): Promise<number> {
  const term = await bed.master.termOf("w5");
  await bed.ask("w5", "pause");
  await fill(term, "place-0", MOVED, () => JSON.parse(PAYLOAD));
  const last = () => term.state.places.get(`place-${STEPS}`)?.size ?? 0;
  const goal = last() + MOVED;
  const began = nowMs();
  await bed.ask("w5", "resume");
  let going = true;
  const besides = (async () => {
    while (going) await beside();
  })();
  await until(() => last() === goal && term.loop.backlog === 0);
  const rate = (MOVED * STEPS * 1000) / (nowMs() - began);
  going = false;
  await besides;
  return rate;
}

await onBed(async (bed) => {
  const stock = await bed.apply({
    net: "stock",
    places: { stock: { open: true, index: ["$.stage"] }, never: { sink: true } },
    transitions: { pick: { kind: "pass", in: [{ place: "stock", where: '$.stage == "never"' }], out: [{ to: "never" }] } },
  });
  await fill(stock, "stock", TOKENS, (n) => ({ n, stage: n % 100 === 0 ? "review" : "open", text: "x".repeat(100) }));
  await bed.apply(w5("w5"));
  const times: number[] = [];
  for (let n = 0; n < 100; n++) times.push(await ask(bed));
  const pause = () => new Promise<void>((resolve) => setTimeout(resolve, 100));
  await traffic(bed, pause);
  const alone = await traffic(bed, pause);
  const together = await traffic(bed, async () => {
    await pause();
    await ask(bed);
  });
  report([
    { case: `ArcQL over ${TOKENS} tokens: p50`, value: quantile(times, 0.5), unit: "ms", target: null },
    { case: `ArcQL over ${TOKENS} tokens: p99`, value: quantile(times, 0.99), unit: "ms", target: null },
    { case: "five steps beside a query every 100 ms, in terms of without", value: together / alone, unit: "", target: 0.9, better: "more" },
  ]);
});
process.exit();
