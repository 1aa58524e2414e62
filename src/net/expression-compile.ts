/** From the parsed form to a function. Evaluation never throws but for Terminal `expression-limit`. */
import type { Json } from "../contract/json.ts";
import { expressionFunctions } from "./expression-functions.ts";
import type { ArithmeticSign, Comparison, Node, PathNode } from "./expression-tree.ts";
import { equalValues, isTrue, limitedText, memberOf, orderValues, positionOf, textOf } from "./expression-values.ts";
import type { Bound, Scope } from "./scope.ts";

type Value = Json | undefined;

export interface Evaluation {
  scope: Scope;
  /** Milliseconds since 1970 for `now()`. */
  now: number | undefined;
  /** Collects the paths that led nowhere; then a missing element makes its array literal missing too. */
  missing: string[] | null;
}

export type Evaluate = (run: Evaluation) => Value;

export function compileNode(node: Node): Evaluate {
  switch (node.kind) {
    case "value":
      return () => node.value;
    case "rows":
      return () => undefined;
    case "path":
      return compilePath(node);
    case "array":
      return compileArray(node.items.map(compileNode));
    case "every": {
      const operands = node.operands.map(compileNode);
      return (run) => operands.every((operand) => isTrue(operand(run)));
    }
    case "some": {
      const operands = node.operands.map(compileNode);
      return (run) => operands.some((operand) => isTrue(operand(run)));
    }
    case "not": {
      const operand = compileNode(node.operand);
      return (run) => !isTrue(operand(run));
    }
    case "exists": {
      const operand = compileNode(node.operand);
      return (run) => operand(run) !== undefined;
    }
    case "negative": {
      const operand = compileNode(node.operand);
      return (run) => {
        const value = operand(run);
        return typeof value === "number" ? -value : undefined;
      };
    }
    case "compare":
      return compileComparison(node.sign, compileNode(node.left), compileNode(node.right));
    case "arithmetic":
      return compileArithmetic(
        compileNode(node.first),
        node.rest.map(({ sign, operand }) => ({ sign, operand: compileNode(operand) })),
      );
    case "call": {
      const operands = node.operands.map(compileNode);
      const apply = expressionFunctions.get(node.name)?.apply;
      return (run) =>
        apply?.(
          operands.map((operand) => operand(run)),
          run.now,
        );
    }
  }
}

function compileArray(items: Evaluate[]): Evaluate {
  return (run) => {
    const values: Json[] = [];
    for (const item of items) {
      const value = item(run);
      if (value === undefined && run.missing) return undefined;
      values.push(value ?? null);
    }
    return values;
  };
}

function compileComparison(sign: Comparison, left: Evaluate, right: Evaluate): Evaluate {
  switch (sign) {
    case "==":
      return (run) => equalValues(left(run), right(run));
    case "!=":
      return (run) => !equalValues(left(run), right(run));
    case "in":
      return (run) => holds(right(run), left(run));
    case "contains":
      return (run) => {
        const list = left(run);
        const item = right(run);
        return typeof list === "string" ? typeof item === "string" && list.includes(item) : holds(list, item);
      };
    default:
      return (run) => {
        const order = orderValues(left(run), right(run));
        if (order === undefined) return false;
        if (sign === "<") return order < 0;
        if (sign === ">") return order > 0;
        return sign === "<=" ? order <= 0 : order >= 0;
      };
  }
}

/** A missing item is in no array; a null is in one that holds a null. */
function holds(list: Value, item: Value): boolean {
  return Array.isArray(list) && item !== undefined && list.some((element) => equalValues(element, item));
}

function compileArithmetic(first: Evaluate, rest: { sign: ArithmeticSign; operand: Evaluate }[]): Evaluate {
  return (run) => {
    let total = first(run);
    for (const { sign, operand } of rest) total = calculated(sign, total, operand(run));
    return total;
  };
}

function calculated(sign: ArithmeticSign, left: Value, right: Value): Value {
  if (left === undefined || right === undefined) return undefined;
  if (sign === "+" && (typeof left === "string" || typeof right === "string")) return limitedText(textOf(left) + textOf(right));
  if (typeof left !== "number" || typeof right !== "number") return undefined;
  const result = sign === "+" ? left + right : sign === "-" ? left - right : times(sign, left, right);
  // JSON has no infinity and no NaN: a division by zero has no value.
  return Number.isFinite(result) ? result : undefined;
}

function times(sign: ArithmeticSign, left: number, right: number): number {
  if (sign === "*") return left * right;
  return sign === "/" ? left / right : left % right;
}

/** `name`: a key that is no expression. */
type CompiledStep = { every: boolean; name: string | number | null; key: Evaluate };

function compilePath(path: PathNode): Evaluate {
  const steps = path.steps.map((step): CompiledStep => {
    if ("every" in step) return { every: true, name: null, key: () => undefined };
    if ("computed" in step) return { every: false, name: null, key: compileNode(step.computed) };
    return { every: false, name: step.key, key: () => step.key };
  });
  return (run) => {
    const bound = run.scope.get(path.root);
    const value = bound === undefined ? undefined : fromBound(bound, steps, 0, run);
    if (value === undefined) run.missing?.push(path.text);
    return value;
  };
}

/** Follows the steps while tokens are in hand: `$meta` is their envelope, and an array input is one of tokens. */
function fromBound(bound: Bound | Bound[], steps: CompiledStep[], at: number, run: Evaluation): Value {
  const step = steps[at];
  if (!step) return Array.isArray(bound) ? bound.map((one) => one.data) : bound.data;
  if (Array.isArray(bound)) {
    if (step.every)
      return gathered(
        bound.map((one) => fromBound(one, steps, at + 1, run)),
        steps,
        at,
      );
    const one = bound[positionOf(step.key(run), bound.length)];
    return one && fromBound(one, steps, at + 1, run);
  }
  if (!step.every && (step.name ?? step.key(run)) === "$meta") return fromValue(bound.meta ?? undefined, steps, at + 1, run);
  return fromValue(bound.data, steps, at, run);
}

function fromValue(start: Value, steps: CompiledStep[], from: number, run: Evaluation): Value {
  let value = start;
  for (let at = from; at < steps.length && value !== undefined; at += 1) {
    const step = steps[at] as CompiledStep;
    if (step.every) {
      if (!Array.isArray(value)) return undefined;
      return gathered(
        value.map((item) => fromValue(item, steps, at + 1, run)),
        steps,
        at,
      );
    }
    value = memberOf(value, step.name ?? step.key(run));
  }
  return value;
}

/** What `[*]` found, in one flat list; elements without the rest of the path are left out. */
function gathered(found: Value[], steps: CompiledStep[], at: number): Json[] {
  const present = found.filter((value): value is Json => value !== undefined);
  return steps.slice(at + 1).some((step) => step.every) ? (present.flat() as Json[]) : present;
}
