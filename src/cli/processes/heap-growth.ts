/**
 * How far the heap of a master may grow before V8 looks at all of it again. By itself it lets it double and more, and a burst of
 * tokens that stay then leaves as much garbage beside them as they take. To look oftener costs a tenth of the speed and more, so it is asked
 * for only while many tokens lie there: with few there is little to keep.
 */
import { setFlagsFromString } from "node:v8";
import type { Clock, Timer } from "../../contract/clock.ts";
import type { NetState } from "../../net/state.ts";

const MANY_TOKENS = 15_000;
/** Per cent, where many lie there; 0 leaves it to V8. */
const HELD_GROWTH = 20;
const LOOK_MS = 500;

/** Looks until what comes back is called. A V8 that did not know the setting would say so and go on. */
export function holdHeap(
  clock: Clock,
  terms: () => Iterable<{ state: NetState }>,
  set: (percent: number) => void = (percent) => setFlagsFromString(`--heap-growing-percent=${percent}`),
): () => void {
  let held = false;
  const look = (): Timer => {
    const isMany = holdsMany(terms());
    if (isMany !== held) set(isMany ? HELD_GROWTH : 0);
    held = isMany;
    return clock.after(LOOK_MS, () => {
      timer = look();
    });
  };
  let timer = look();
  return () => timer.cancel();
}

function holdsMany(terms: Iterable<{ state: NetState }>): boolean {
  let tokens = 0;
  for (const { state } of terms) for (const place of state.places.values()) tokens += place.size;
  return tokens > MANY_TOKENS;
}
