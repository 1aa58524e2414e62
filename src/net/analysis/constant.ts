/** What an expression says whatever the data: its constant parts worked out. */
import { compileNode } from "../expression-compile.ts";
import { type Node, nodesIn, withParts } from "../expression-tree.ts";
import { isTrue } from "../expression-values.ts";
import { scopeOf } from "../scope.ts";

const NO_SCOPE = scopeOf({});

/** The same condition with its constant parts as values: `1 > 2 OR $.x` becomes `$.x`, and `$.x AND false` becomes `false`. */
export function folded(node: Node): Node {
  const inner = withParts(node, folded);
  if (inner.kind === "every" || inner.kind === "some") {
    const decides = inner.kind === "some";
    if (inner.operands.some((one) => one.kind === "value" && isTrue(one.value) === decides)) return { kind: "value", value: decides };
    const [only, ...others] = inner.operands.filter((one) => one.kind !== "value");
    if (only === undefined) return { kind: "value", value: !decides };
    return { kind: inner.kind, operands: [only, ...others] };
  }
  const value = constantOf(inner);
  return value === undefined ? inner : { kind: "value", value };
}

/** The value of an expression in which no data and no clock stands; undefined where it has none. */
export function constantOf(node: Node) {
  const asks = nodesIn(node).some((one) => one.kind === "path" || one.kind === "rows" || (one.kind === "call" && one.name === "now"));
  return asks ? undefined : compileNode(node)({ scope: NO_SCOPE, now: undefined, missing: null });
}
