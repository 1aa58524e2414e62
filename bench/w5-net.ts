/** place-0 -> step-1 -> place-1 ... -> place-5: five trivial durable steps. */
import type { Json } from "../src/contract/json.ts";

export const STEPS = 5;
/** 200 bytes as JSON. */
export const PAYLOAD = JSON.stringify({ title: "add slugify", text: "x".repeat(167) });

export function w5(net: string): Json {
  const numbers = Array.from({ length: STEPS }, (_, at) => at + 1);
  return {
    net,
    places: Object.fromEntries([
      ["place-0", { open: true }],
      ...numbers.map((n): [string, Json] => [`place-${n}`, n === STEPS ? { sink: true } : {}]),
    ]),
    transitions: Object.fromEntries(
      numbers.map((n): [string, Json] => [
        `step-${n}`,
        {
          kind: "map",
          in: [{ place: `place-${n - 1}`, as: "job" }],
          value: { title: "${job.title}", text: "${job.text}", step: n },
          out: [{ to: `place-${n}` }],
        },
      ]),
    ),
  };
}
