/**
 * What a person changes in the work before it passes a gate. The tokens that wait are replaced by new ones, which the firing holds in their
 * stead: the log says what was changed, by whom, and both stay readable. Pure.
 */
import { isoTime } from "../contract/clock.ts";
import { Refused, Terminal } from "../contract/errors.ts";
import type { EventDraft } from "../contract/event.ts";
import { derivedId } from "../contract/hash.ts";
import type { Json } from "../contract/json.ts";
import type { NetState, OpenFiring } from "./state.ts";

/** By the token's id: its new data. */
export type Edits = Readonly<Record<string, Json>>;

export interface EditRequest {
  edits: Edits;
  by: string;
  /** What is wrong with data for a place, in a sentence, or null. */
  problem(place: string, data: Json): string | null;
}

/** @throws Refused `already-approved`, when somebody has approved what stands there now; Terminal `no-such-token`, `schema` */
export function editsDraft(
  state: NetState,
  firing: OpenFiring,
  { edits, by, problem }: EditRequest,
  now: number,
): Required<Pick<EventDraft, "consumed" | "produced">> {
  if (firing.gate?.decisions.some(({ approve }) => approve))
    throw new Refused({
      code: "already-approved",
      message: "others have approved this work as it is: it cannot be changed under them",
      hint: "approve it as it is, or reject it",
    });
  const bound = firing.consumed.slice(0, firing.consumed.length - (firing.swept ?? 0));
  const pairs = Object.entries(edits).map(([id, data]) => {
    const held = bound.find((one) => one.id === id);
    const old = held && state.places.get(held.place)?.get(id)?.token;
    if (!held || !old)
      throw new Terminal({
        code: "no-such-token",
        message: `the firing ${firing.firing} holds no token ${id}`,
        hint: "petrel gate ls --json",
      });
    const wrong = problem(held.place, data);
    if (wrong !== null) throw new Terminal({ code: "schema", message: `the change does not meet the schema of ${held.place}: ${wrong}` });
    const token = {
      ...old,
      id: derivedId("t-", firing.firing, "edited", id),
      data,
      by,
      at: isoTime(now),
      from: { net: state.net, transition: firing.transition, firing: firing.firing, tokens: [id] },
    };
    return { held, placed: { place: held.place, token } };
  });
  return { consumed: pairs.map(({ held }) => held), produced: pairs.map(({ placed }) => placed) };
}
