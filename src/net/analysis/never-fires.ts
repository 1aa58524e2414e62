/** What a transition says of itself that keeps it from ever firing, whatever tokens come. */
import { aliasOf, type InputArc, type NetDefinition, type Transition } from "../definition.ts";
import { excessOf } from "../excess.ts";
import { parseExpression } from "../expression-parser.ts";
import { type Node, withParts } from "../expression-tree.ts";
import { neverHolds, neverHoldTogether } from "./conditions.ts";

/** Why it never fires, by what it says of itself; null where it may. */
export function neverFires(one: Transition, { places }: NetDefinition): string | null {
  if (one.guard !== undefined && neverHolds(one.guard)) return `its guard "${one.guard}" never holds`;
  for (const { where, place, mode } of one.in) {
    const binds = mode === "consume" || mode === "read";
    if (binds && where !== undefined && neverHolds(where)) return `the condition "${where}" of its input from "${place}" never holds`;
  }
  if (one.guard !== undefined && neverHoldTogether([parseExpression(one.guard), ...one.in.flatMap(ofGuard)]))
    return `its guard "${one.guard}" and the conditions of its inputs never hold together`;
  const excess = excessOf(one, (name) => places[name]);
  return excess && `each firing brings ${excess.brings} tokens to "${excess.place}", which holds at most ${excess.capacity}`;
}

/** What an input asks of its token, in the words of a guard; nothing where it binds none, or several. */
function ofGuard(arc: InputArc): Node[] {
  const { where, mode, take = 1, batch, gather } = arc;
  const isSingle = (mode === "consume" || mode === "read") && take === 1 && batch === undefined && gather === undefined;
  return isSingle && where !== undefined ? [renamed(parseExpression(where), aliasOf(arc))] : [];
}

function renamed(node: Node, alias: string): Node {
  const own: Node = node.kind === "path" && node.root === "$" ? { ...node, root: alias } : node;
  return withParts(own, (part) => renamed(part, alias));
}
