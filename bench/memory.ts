/** Memory of a master that holds 100,000 tokens of 300 bytes. */
import { onBed } from "./bed.ts";
import { fill } from "./filled.ts";
import { report } from "./report.ts";

const TOKENS = Number(process.env.BENCH_TOKENS ?? 100_000);

await onBed(async (bed) => {
  const term = await bed.apply({
    net: "full",
    places: { stock: { open: true }, never: { sink: true } },
    transitions: { pick: { kind: "pass", in: [{ place: "stock", where: '$.title == "never"' }], out: [{ to: "never" }] } },
  });
  await fill(term, "stock", TOKENS, (n) => ({ title: `item ${n}`, text: "x".repeat(265) }));
  for (let n = 0; n < 3; n++) globalThis.gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  report([
    {
      case: `resident memory of a master with ${TOKENS} tokens of 300 bytes`,
      value: rss / 2 ** 20,
      unit: "MB",
      target: 300,
      better: "less",
    },
    { case: "of which heap in use", value: heapUsed / 2 ** 20, unit: "MB", target: null },
  ]);
});
process.exit();
