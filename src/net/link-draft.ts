/** A firing whose token goes to another net: it takes the next number of its pair of nets (L1). */
import { CATEGORY_OF, type EventDraft } from "../contract/event.ts";
import { isJsonObject } from "../contract/json.ts";
import type { CompiledTransition } from "./compiled-net.ts";
import type { NetState } from "./state.ts";

/** Leaves alone what is no success of a link to another net. */
export function asSent(state: NetState, transition: CompiledTransition, draft: EventDraft): EventDraft {
  const { link } = transition;
  const token = draft.produced?.[0]?.token;
  if (link?.kind !== "net" || draft.type !== "fired" || !token) return draft;
  const number = (state.outbox.get(link.net)?.sent ?? 0) + 1;
  const author = state.authors.get(token.correlation);
  const title = isJsonObject(token.data) ? (token.data.title ?? token.data.name ?? token.data.text) : null;
  return {
    ...draft,
    type: "sent",
    category: CATEGORY_OF.sent,
    ...(transition.summary
      ? {}
      : { summary: `${typeof title === "string" ? `“${title.slice(0, 80)}”` : "A token"} is on its way to ${link.place} of ${link.net}.` }),
    attributes: { ...draft.attributes, link: { net: link.net, place: link.place, number, ...(author === undefined ? {} : { author }) } },
  };
}

/** A link with a `concurrency` has no more tokens on their way than that. */
export function mayNotSendMore(state: NetState, transition: CompiledTransition): boolean {
  const most = transition.definition.concurrency;
  if (transition.link?.kind !== "net" || most === undefined) return false;
  let count = 0;
  for (const each of state.transit.values()) if (each.transition === transition.id) count += 1;
  return count >= most;
}
