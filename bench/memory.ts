/**
 * Memory of a master that holds 100,000 tokens of 300 bytes, put by somebody outside: right after they came, after full collections by hand, and at rest, when
 * V8 has given back by itself what it had taken for the filling (it looks for that some tens of seconds after a burst).
 */
import { holdHeap } from "../src/cli/processes/heap-growth.ts";
import { clock, nowMs, onBed, until } from "./bed.ts";
import { startProducer } from "./produce.ts";
import { report } from "./report.ts";

const TOKENS = Number(process.env.BENCH_TOKENS ?? 100_000);
/** V8 has been seen to take 45 to 80 s, and longer where the machine is busy. */
const REST_MS = 150_000;
const GIVEN_BACK = 0.8;
const LOOK_MS = 2000;

const megabytes = (bytes: number) => bytes / 2 ** 20;

/** What the master takes once V8 has given back a fifth, or after `REST_MS`, in MB; and after how many seconds that was. */
async function atRest(): Promise<{ rss: number; after: number }> {
  const began = nowMs();
  const filled = process.memoryUsage().rss;
  const seconds = () => (nowMs() - began) / 1000;
  while (process.memoryUsage().rss > filled * GIVEN_BACK && seconds() * 1000 < REST_MS)
    await new Promise((again) => setTimeout(again, LOOK_MS));
  return { rss: megabytes(process.memoryUsage().rss), after: seconds() };
}

await onBed(async (bed) => {
  // As the process of a master does.
  holdHeap(clock, () => bed.master.terms.values());
  const term = await bed.apply({
    net: "full",
    places: { stock: { open: true }, never: { sink: true } },
    transitions: { pick: { kind: "pass", in: [{ place: "stock", where: '$.title == "never"' }], out: [{ to: "never" }] } },
  });
  const producer = await startProducer(bed, "full", "stock", TOKENS, "items");
  producer.go();
  await until(() => (term.state.places.get("stock")?.size ?? 0) === TOKENS && term.loop.backlog === 0);
  await term.projection.settled();
  await producer.ended;
  const filled = megabytes(process.memoryUsage().rss);
  const rest = await atRest();
  for (let n = 0; n < 3; n++) globalThis.gc?.();
  const used = megabytes(process.memoryUsage().heapUsed);
  report([
    {
      case: `resident memory of a master right after ${TOKENS} tokens of 300 bytes came`,
      value: filled,
      unit: "MB",
      target: 300,
      better: "less",
    },
    {
      case: `resident memory of a master with ${TOKENS} tokens of 300 bytes, at rest`,
      value: rest.rss,
      unit: "MB",
      target: 300,
      better: "less",
    },
    { case: "it is at rest after", value: rest.after, unit: "s", target: null },
    { case: "of which heap in use", value: used, unit: "MB", target: null },
  ]);
});
process.exit();
