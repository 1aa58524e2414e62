/** 100,000 tokens waiting in one place: what a firing costs that selects one by WHERE on an indexed field, against 100 waiting. */
import type { Json } from "../src/contract/json.ts";
import { type Bed, nowMs, onBed, until } from "./bed.ts";
import { fill, shuffled } from "./filled.ts";
import { report } from "./report.ts";

const MANY = Number(process.env.BENCH_TOKENS ?? 100_000);
const FEW = 100;
const ORDERS = 1000;

const definition = (net: string): Json => ({
  net,
  places: { stock: { open: true, index: ["$.sku"] }, orders: { open: true } },
  transitions: {
    // What was picked goes back, so that as many wait as before.
    pick: {
      kind: "map",
      in: [
        { place: "orders", as: "order" },
        { place: "stock", as: "item", where: "$.sku == order.sku" },
      ],
      value: { order: "${order.n}", sku: "${item.sku}" },
      out: [{ to: "stock" }],
    },
  },
});

/** Milliseconds for each firing, from the moment when all orders lie there. */
async function picking(bed: Bed, net: string, count: number): Promise<number> {
  const term = await bed.apply(definition(net));
  await fill(term, "stock", count, (n) => ({ sku: `sku-${n}`, note: "x".repeat(100) }));
  const picks = shuffled(count);
  const run = async () => {
    await bed.ask(net, "pause");
    await fill(term, "orders", ORDERS, (n) => ({ n, sku: `sku-${picks[n % count]}` }));
    const began = nowMs();
    await bed.ask(net, "resume");
    await until(() => term.state.places.get("orders")?.size === 0 && term.loop.backlog === 0);
    return (nowMs() - began) / ORDERS;
  };
  await run();
  const times = [await run(), await run(), await run()].sort((a, b) => a - b);
  return times[1] ?? Number.NaN;
}

await onBed(async (bed) => {
  const few = await picking(bed, "few", FEW);
  const many = await picking(bed, "many", MANY);
  report([
    { case: `a firing that selects one of ${FEW} by an indexed field`, value: few * 1000, unit: "us", target: null },
    { case: `a firing that selects one of ${MANY}`, value: many * 1000, unit: "us", target: null },
    { case: "the second in terms of the first", value: many / few, unit: "times", target: 2, better: "less" },
  ]);
});
process.exit();
