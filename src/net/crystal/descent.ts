/** The tokens that are made of a rule's answers, followed from event to event, so that what comes back or is turned down finds its rule. */
import type { NetEvent } from "../../contract/event.ts";
import { isJsonObject } from "../../contract/json.ts";
import type { CrystalRecord } from "../records.ts";
import { placesBeside } from "./beside-work.ts";

type Descent = Pick<CrystalRecord, "recent" | "behind">;

/** Work may come back so many tokens later. */
const RECENT = 200;

/** The rule has answered: its tokens begin. */
export function madeOf(record: Descent, event: NetEvent): Descent {
  const left = leftBy(record, event);
  return kept([...left.recent, ...produced(event)], left.behind);
}

/** What an event takes is gone, and nothing of the rule's comes of it. */
export function leftBy({ recent, behind = [] }: Descent, { consumed = [] }: NetEvent): Descent {
  const gone = new Set(consumed.map(({ id }) => id));
  const there = (id: string) => !gone.has(id);
  return kept(recent.filter(there), behind.filter(there));
}

/** Another step's event: what it makes of the rule's tokens is made of the rule's answers too. The same record where it concerns none. */
export function followed(record: CrystalRecord, event: NetEvent): CrystalRecord {
  if (record.recent.length === 0) return record;
  const known = (event.consumed ?? []).filter(({ id }) => record.recent.includes(id));
  if (known.length === 0) return record;
  const left = isOpening(event) ? record : leftBy(record, event);
  const beside = placesBeside(event);
  const taken = known.filter(({ place }) => !beside.has(place));
  const made = taken.length > 0 ? produced(event) : [];
  if (left === record && made.length === 0) return record;
  const isBehind = asksModel(event) || taken.every(({ id }) => record.behind?.includes(id));
  return { ...record, ...kept([...left.recent, ...made], [...(left.behind ?? []), ...(isBehind ? made : [])]) };
}

/** Its inputs are reserved, and still there to be taken. */
const isOpening = ({ type }: NetEvent): boolean => type === "started" || type === "gated";

/** What it makes of the work. */
function produced(event: NetEvent): string[] {
  const beside = placesBeside(event);
  return (event.produced ?? []).flatMap(({ place, token }) => (beside.has(place) ? [] : [token.id]));
}

/** A model has answered, or a rule in its place. */
function asksModel({ model, attributes }: NetEvent): boolean {
  return model !== undefined || (isJsonObject(attributes?.crystal) && attributes.crystal.by === "rule");
}

function kept(recent: string[], behind: string[] = []): Descent {
  const last = recent.length > RECENT ? recent.slice(-RECENT) : recent;
  const known = behind.length === 0 ? behind : behind.filter((id) => last.includes(id));
  return { recent: last, behind: known };
}
