/** Why tokens that are on their way to another net have not arrived yet (E10). */
import type { ErrorData } from "../contract/errors.ts";
import { IN_TRANSIT } from "./built-in-places.ts";
import { inTransitTo } from "./link-state.ts";
import type { NetState } from "./state.ts";
import type { Reason } from "./why-reason.ts";

/** One for each net that something is on its way to; of one token, that of its net. `problemOf` is what the last offer came to. */
export function transitReasons(state: NetState, problemOf: (net: string) => ErrorData | null, token?: string): Reason[] {
  const own = token === undefined ? null : state.transit.get(token);
  const nets = own ? [own.net] : [...state.outbox.keys()];
  return nets.flatMap((net): Reason[] => {
    const waiting = inTransitTo(state, net);
    const places = [...new Set(waiting.map(({ transit }) => transit.place))].join(", ");
    if (waiting.length === 0) return [];
    const what = own ? `it is on its way to ${own.place} of ${net}` : `${waiting.length} on the way to ${places} of ${net}`;
    const problem = problemOf(net);
    const text = `${what}: ${problem?.message ?? "its owner has not said yet that it has it"}; offered again at most 2 s later`;
    // It may be on its way up, or was never applied.
    const command = problem?.code === "no-owner" ? "petrel net ls" : problem?.hint;
    return [{ code: "link", text, place: IN_TRANSIT, ...(own ? { token } : {}), ...(command === undefined ? {} : { command }) }];
  });
}
