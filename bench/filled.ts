/** Many tokens at rest, put in from inside the process, which is the shortest way. */
import type { Term } from "../src/actors/term/term.ts";
import type { Json } from "../src/contract/json.ts";
import { until, windowed } from "./bed.ts";

export async function fill(term: Term, place: string, count: number, data: (at: number) => Json): Promise<void> {
  await windowed(count, 2000, async (at) => {
    const answer = await term.arrivals.put({ place, payload: Buffer.from(JSON.stringify(data(at))), by: "bench" });
    if (!answer.ok) throw new Error(answer.error.message);
  });
  await until(() => term.loop.backlog === 0 && term.projection.backlog === 0);
  await term.projection.settled();
}

/** Numbers 0 to count - 1, shuffled by a fixed rule. */
export function shuffled(count: number): number[] {
  const order = Array.from({ length: count }, (_, at) => at);
  let seed = 12345;
  for (let at = count - 1; at > 0; at--) {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    const other = seed % (at + 1);
    [order[at], order[other]] = [order[other] as number, order[at] as number];
  }
  return order;
}
