/** A page of what waits for people: as many rows as one answer carries, in the order of their opening. Pure. */
import type { Json } from "../../contract/json.ts";
import type { OpenFiring } from "../../net/state.ts";

/** Characters of JSON: the least broker carries 1 MiB, and a character has up to three bytes. */
const MOST = 300_000;

/** `after`: `next` of the page before, or "" for the first. What was decided between two pages makes none of the rest pass by. */
export function gatePage(
  open: readonly OpenFiring[],
  rowOf: (firing: OpenFiring) => Json,
  after: string,
): { gates: Json[]; next: string | null } {
  const keyed = open
    .map((firing) => ({ firing, key: `${String(firing.openedAt).padStart(16, "0")} ${firing.firing}` }))
    .filter(({ key }) => key > after)
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  const gates: Json[] = [];
  let size = 0;
  for (const [index, { firing }] of keyed.entries()) {
    const row = rowOf(firing);
    size += JSON.stringify(row).length;
    if (gates.length > 0 && size > MOST) return { gates, next: keyed[index - 1]?.key ?? null };
    gates.push(row);
  }
  return { gates, next: null };
}
