/** Where the data says how many tokens there are, or are taken, and where the net file says it itself. */
import type { InputArc, NetDefinition } from "../definition.ts";
import { parseExpression } from "../expression-parser.ts";
import { constantOf } from "./constant.ts";
import { outcomesOf } from "./outcomes.ts";

/** Whatever an array feeds, and everything behind it. */
export function placesByData({ transitions }: NetDefinition): Set<string> {
  const all = Object.values(transitions);
  const found = new Set(all.flatMap(({ out }) => out.flatMap(({ each, to }) => (each === undefined ? [] : [to]))));
  for (let before = -1; before !== found.size; ) {
    before = found.size;
    for (const one of all) {
      const groups = one.in.some((arc) => arc.gather || arc.take === "all" || typeof arc.take === "string");
      if (groups || !one.in.some((arc) => found.has(arc.place) && arc.mode !== "inhibit" && arc.mode !== "reset")) continue;
      for (const outcome of outcomesOf(one)) for (const to of outcome.to) found.add(to);
    }
  }
  return found;
}

/** Whether an expression says how many tokens a firing takes. */
export function isCountedByData({ take, gather }: InputArc): boolean {
  return (gather !== undefined && constantCount(gather.count) === null) || (typeof take === "string" && take !== "all");
}

/** A count that the file itself says; null: the data does. */
export function constantCount(text: string): number | null {
  const count = constantOf(parseExpression(text));
  return typeof count === "number" && Number.isInteger(count) && count > 0 ? count : null;
}
