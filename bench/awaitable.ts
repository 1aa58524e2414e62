/** Inside the process: a token in, the answer token out over one `map`. */
import type { Token } from "../src/contract/token.ts";
import { type Bed, nowMs, onBed, quantile } from "./bed.ts";
import { limits } from "./limits.ts";
import { report } from "./report.ts";
import { PAYLOAD } from "./w5-net.ts";

const CALLS = 500;
const WARM = 100;
const NET = "double";
const definition = {
  net: NET,
  places: { ask: { open: true }, answer: { sink: true } },
  transitions: {
    work: { kind: "map", in: [{ place: "ask", as: "job" }], value: { title: "${job.title}", done: true }, out: [{ to: "answer" }] },
  },
};

/** One call at a time, so the next answer is its own. */
async function calls({ master, apply }: Bed): Promise<number[]> {
  const term = await apply(definition);
  let answered: (answer: Token) => void = () => {};
  master.onCommitted((event) => {
    const answer = event.type === "fired" && event.transition === "work" ? event.produced?.[0]?.token : undefined;
    if (answer) answered(answer);
  });
  const payload = new TextEncoder().encode(PAYLOAD);
  const times: number[] = [];
  for (let n = 0; n < CALLS + WARM; n++) {
    const began = nowMs();
    const answer = new Promise<Token>((resolve) => {
      answered = resolve;
    });
    const put = term.arrivals.put({ place: "ask", payload, by: "bench" });
    const token = await answer;
    await put;
    if ((token.data as { done?: boolean }).done !== true) throw new Error("not the answer");
    if (n >= WARM) times.push(nowMs() - began);
  }
  return times;
}

await onBed(async (bed) => {
  const limit = await limits(bed.nc);
  const times = await calls(bed);
  const p50 = quantile(times, 0.5);
  report(
    [
      { case: "awaitable inside the process over one map: p50", value: p50, unit: "ms", target: null },
      { case: "awaitable inside the process over one map: p50 in syncs", value: p50 / limit.sync, unit: "sync", target: 4, better: "less" },
    ],
    limit,
  );
});
process.exit();
