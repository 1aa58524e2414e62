/**
 * Which outputs take what of a result. An output without `each` takes the result as a whole; those with the same `each` share
 * the elements of one array, and each element is decided by itself. Pure: the caller says what a condition comes to.
 *
 * W1 With first-match routing the whole goes to one output, an element to one output of its array. W2 Who takes the whole has taken all
 * of its elements. W3 What nobody takes is told, never left out.
 */

import type { OutputArc } from "./definition.ts";
import { parseExpression } from "./expression-parser.ts";
import { printNode } from "./expression-print.ts";
import { pathsIn } from "./expression-tree.ts";

/** What the decision needs to know of an output. */
export interface Way {
  otherwise: boolean;
  /** The array whose elements it takes, in one spelling; null: it takes the whole. */
  list: string | null;
  /** Its condition names the element. */
  perItem: boolean;
}

/** @throws Terminal `expression-syntax` */
export function wayOf({ each, when, otherwise }: OutputArc): Way {
  const list = each === undefined ? null : printNode(parseExpression(each));
  const names = when === undefined || list === null ? [] : pathsIn(parseExpression(when));
  return { otherwise: otherwise === true, list, perItem: names.some(({ root }) => root === "$item" || root === "$index") };
}

export interface Conditions {
  /** Whether the condition of this output holds, or it has none. */
  holds(way: number): boolean;
  holdsFor(way: number, item: number): boolean;
  /** How many elements the array of this output has. */
  size(way: number): number;
}

export interface WaysOut {
  /** By output in the order of the file, then by element; `item` is null for the whole. */
  taken: { way: number; item: number | null }[];
  /** Elements that no output took, by the array's first output. Empty where an output took the whole. */
  left: { way: number; items: number[] }[];
  /** No output was there for this result at all. */
  nothing: boolean;
}

interface List {
  way: number;
  taken: boolean[];
}

export function waysOut(ways: readonly Way[], first: boolean, conditions: Conditions): WaysOut {
  const taken: WaysOut["taken"] = [];
  // Most transitions have no array to share out.
  let lists: Map<string, List> | null = null;
  let named: Set<string> | null = null;
  let whole = false;
  for (let at = 0; at < ways.length; at += 1) {
    const { otherwise, list, perItem } = ways[at] as Way;
    if (list === null) {
      if ((first || otherwise) && taken.length > 0) continue;
      if (!conditions.holds(at)) continue;
      taken.push({ way: at, item: null });
      whole = true;
      if (first) break;
      continue;
    }
    // The first output of an array has no rival for the elements: its `otherwise` asks whether anything was taken.
    named ??= new Set();
    const isOver = otherwise && !named.has(list) && taken.length > 0;
    named.add(list);
    if (isOver || (!perItem && !conditions.holds(at))) continue;
    lists ??= new Map<string, List>();
    const known = lists.get(list) ?? { way: at, taken: new Array<boolean>(conditions.size(at)).fill(false) };
    lists.set(list, known);
    const takesOnlyFree = first || otherwise;
    for (let item = 0; item < known.taken.length; item += 1) {
      if ((takesOnlyFree && known.taken[item]) || (perItem && !conditions.holdsFor(at, item))) continue;
      known.taken[item] = true;
      taken.push({ way: at, item });
    }
  }
  return { taken, left: whole || !lists ? [] : leftOf(lists), nothing: !whole && !lists };
}

function leftOf(lists: ReadonlyMap<string, List>): WaysOut["left"] {
  return [...lists.values()].flatMap(({ way, taken }) => {
    const items = taken.flatMap((is, item) => (is ? [] : [item]));
    return items.length > 0 ? [{ way, items }] : [];
  });
}
