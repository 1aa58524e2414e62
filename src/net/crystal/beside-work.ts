/**
 * What an event takes and puts back beside the work that goes on: a lock, a counter, a tally. What is made of it later is not made of the work
 * that it once lay beside.
 */
import type { NetEvent } from "../../contract/event.ts";

/** Places of such tokens. None where all that was taken is put back, or nothing goes on: then what comes back is the work itself. */
export function placesBeside({ consumed = [], produced = [] }: Pick<NetEvent, "consumed" | "produced">): ReadonlySet<string> {
  const taken = new Set(consumed.map(({ place }) => place));
  const given = new Set(produced.map(({ place }) => place));
  const back = [...given].filter((place) => taken.has(place));
  return new Set(back.length < taken.size && back.length < given.size ? back : []);
}
