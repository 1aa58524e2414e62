/** Which names may stand in one expression or template of a net file, and what to say about others. */
import { PetrelError } from "../contract/errors.ts";
import type { Json } from "../contract/json.ts";
import { nearest } from "./check-nearest.ts";
import { elementOf, type Finding, failure } from "./check-problem.ts";
import { type CompiledExpression, compileExpression } from "./expression.ts";
import type { PathNode } from "./expression-tree.ts";
import type { JsonPath } from "./locate.ts";
import { compileTemplate } from "./template.ts";

export interface KnownInput {
  name: string;
  /** Bound to an array of tokens. */
  many: boolean;
}

export interface KnownNames {
  inputs: readonly KnownInput[];
  /** Of `$`, `$result`, `$error`, `$item`, `$index`. */
  special: readonly string[];
  /** Inputs that the transition has and this place does not see yet. */
  later: readonly string[];
}

/** Each has its own place; elsewhere the hint says which. */
const SPECIAL: Record<string, string> = {
  $: '"$" is the token under test, known in "where", "orderBy" and "gather.by" only; inputs go by their names',
  $result: '"$result" is the answer of the firing, known in output arcs and "summary" only',
  $error: '"$error" is known on output arcs with "error": true only',
  $item: '"$item" is known on output arcs with "each" only, in "when", "value" and "set"',
  $index: '"$index" is known on output arcs with "each" only, in "when", "value" and "set"',
};

export function checkExpression(text: string, path: JsonPath, names: KnownNames): Finding[] {
  return guarded(path, () => checkPaths(compileExpression(text), path, names));
}

/** Every text in the template on its own, so that a finding points at it. */
export function checkTemplate(json: Json, path: JsonPath, names: KnownNames): Finding[] {
  if (typeof json === "string") {
    return guarded(path, () => compileTemplate(json).expressions.flatMap((expression) => checkPaths(expression, path, names)));
  }
  if (typeof json !== "object" || json === null) return [];
  if (Array.isArray(json)) return json.flatMap((item, index) => checkTemplate(item, [...path, index], names));
  return Object.entries(json).flatMap(([key, value]) => checkTemplate(value, [...path, key], names));
}

/** Runs a check that compiles; a coded error becomes its finding. */
export function guarded(path: JsonPath, check: () => Finding[]): Finding[] {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof PetrelError)) throw error;
    return [failure(error.code, path, `${elementOf(path)}: ${error.message}`, error.hint)];
  }
}

export function checkPaths(expression: CompiledExpression, path: JsonPath, names: KnownNames): Finding[] {
  const seen = new Set<string>();
  return expression.paths.flatMap((use) => {
    if (seen.has(use.text)) return [];
    seen.add(use.text);
    return checkPath(use, path, names);
  });
}

function checkPath(use: PathNode, path: JsonPath, names: KnownNames): Finding[] {
  const { root } = use;
  const where = elementOf(path);
  if (names.special.includes(root)) return [];
  const input = names.inputs.find(({ name }) => name === root);
  if (input) return input.many ? checkArrayUse(use, path) : [];
  const special = Object.hasOwn(SPECIAL, root) ? SPECIAL[root] : undefined;
  if (special !== undefined) return [failure("unknown-name", path, `${where}: ${use.text} has no meaning here`, special)];
  if (names.later.includes(root)) {
    return [
      failure(
        "unknown-name",
        path,
        `${where}: input "${root}" is bound later`,
        "arcs bind in order and see earlier inputs only; reorder them",
      ),
    ];
  }
  return [failure("unknown-name", path, `${where}: "${root}" names no input`, nameHint(root, names))];
}

function nameHint(root: string, { inputs, special }: KnownNames): string {
  const known = [...inputs.map(({ name }) => name), ...special];
  const near = nearest(root, known);
  if (near !== undefined) return `did you mean "${near}"?`;
  return known.length > 0 ? `known here: ${known.join(", ")}` : "no names are known here";
}

function checkArrayUse(use: PathNode, path: JsonPath): Finding[] {
  const first = use.steps[0];
  if (!first || !("key" in first) || first.key === "$meta" || /^\d+$/.test(String(first.key))) return [];
  const hint = `write ${use.root}[0].${first.key} for one, ${use.root}[*].${first.key} for all`;
  return [failure("array-input", path, `${elementOf(path)}: "${use.root}" is an array of tokens and has no field "${first.key}"`, hint)];
}
