/** What a takeover handed over, read from the log: for whoever never got its answer. */
import type { Json } from "../../contract/json.ts";
import type { Term } from "./term.ts";

/** `left` of the event that took this token over; null where nothing was. */
export async function handedOver(term: Term, held: string): Promise<Json> {
  const log = term.ports.broker.log(term.state.net);
  const { first } = await log.bounds();
  let left: Json = null;
  await log.read(
    first - 1,
    ({ events }) => {
      for (const { type, attributes, produced } of events)
        if (type === "intervened" && attributes?.verb === "takeover" && produced?.some(({ token }) => token.id === held))
          left = attributes.left ?? null;
    },
    { holding: held },
  );
  return left;
}
