/** What a net with 10,000 tokens to move costs another net of the same master: the time of its single firings, busy against idle. */
import { type Bed, nowMs, onBed, quantile } from "./bed.ts";
import { fill } from "./filled.ts";
import { report } from "./report.ts";
import { PAYLOAD, STEPS, w5 } from "./w5-net.ts";

const TOKENS = Number(process.env.BENCH_TOKENS ?? 10_000);
const small = {
  net: "small",
  places: { ask: { open: true }, answer: { sink: true } },
  transitions: { work: { kind: "pass", in: [{ place: "ask" }], out: [{ to: "answer" }] } },
};

/** From the put to the acknowledged firing, one after the other, while `going`. */
async function singles(bed: Bed, going: (done: number) => boolean): Promise<number[]> {
  let fired: () => void = () => {};
  bed.master.onCommitted((event) => {
    if (event.net === "small" && event.type === "fired") fired();
  });
  const times: number[] = [];
  while (going(times.length)) {
    const began = nowMs();
    const answered = new Promise<void>((resolve) => {
      fired = resolve;
    });
    await Promise.all([bed.outside.door.put("small", "ask", Buffer.from("{}")), answered]);
    times.push(nowMs() - began);
  }
  return times;
}

await onBed(async (bed) => {
  await bed.apply(small);
  const term = await bed.apply(w5("w5"));
  await singles(bed, (done) => done < 100);
  const idle = await singles(bed, (done) => done < 200);
  await bed.ask("w5", "pause");
  await fill(term, "place-0", TOKENS, () => JSON.parse(PAYLOAD));
  await bed.ask("w5", "resume");
  const busy = await singles(bed, () => (term.state.places.get(`place-${STEPS}`)?.size ?? 0) < TOKENS);
  report([
    { case: "a firing of an idle master's net, from put to log: p50", value: quantile(idle, 0.5), unit: "ms", target: null },
    {
      case: "what another net with 10,000 tokens adds to it at most",
      value: Math.max(...busy) - quantile(idle, 0.5),
      unit: "ms",
      target: 50,
      better: "less",
    },
    { case: "and in the median", value: quantile(busy, 0.5) - quantile(idle, 0.5), unit: "ms", target: null },
  ]);
});
process.exit();
