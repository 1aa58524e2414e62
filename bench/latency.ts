/** One token through `put` and five `map` steps, otherwise idle, as masters run and with each step waiting for the log. */
import { type Bed, nowMs, onBed, quantile } from "./bed.ts";
import { type Limits, limits } from "./limits.ts";
import { report } from "./report.ts";
import { PAYLOAD, STEPS, w5 } from "./w5-net.ts";

const SINGLES = 400;
const WARM = 100;

/** From the put to the acknowledged event of the last step. */
async function singles(bed: Bed): Promise<number[]> {
  await bed.apply(w5("w5"));
  let done: () => void = () => {};
  bed.master.onCommitted((event) => {
    if (event.type === "fired" && event.transition === `step-${STEPS}`) done();
  });
  const payload = new TextEncoder().encode(PAYLOAD);
  const times: number[] = [];
  for (let n = 0; n < SINGLES + WARM; n++) {
    const began = nowMs();
    const answered = new Promise<void>((resolve) => {
      done = resolve;
    });
    await Promise.all([bed.outside.door.put("w5", "place-0", payload), answered]);
    if (n >= WARM) times.push(nowMs() - began);
  }
  return times;
}

const measure = (stepwise: boolean) =>
  onBed(
    async (bed): Promise<{ limit: Limits; times: number[] }> => {
      const limit = await limits(bed.nc);
      return { limit, times: await singles(bed) };
    },
    { stepwise },
  );

const chained = await measure(false);
const stepwise = await measure(true);
report(
  [
    ...rows("one token through put and 5 steps", chained.times, chained.limit),
    ...rows("the same, each step after the log has the one before", stepwise.times, stepwise.limit),
  ],
  chained.limit,
);
process.exit();

function rows(name: string, times: number[], { sync }: Limits) {
  const p50 = quantile(times, 0.5);
  return [
    { case: `${name}: p50`, value: p50, unit: "ms", target: null },
    { case: `${name}: p50 in syncs`, value: p50 / sync, unit: "sync", target: 8, better: "less" as const },
    { case: `${name}: p99`, value: quantile(times, 0.99), unit: "ms", target: 20, better: "less" as const },
  ];
}
