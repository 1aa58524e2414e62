/** Input arcs that bind tokens: aliases, what their expressions may name, `take`, `batch` and `gather`. */
import { PetrelError } from "../contract/errors.ts";
import { type CompiledOrder, compileOrderBy } from "./arcql.ts";
import { checkExpression, checkPaths, checkTemplate, guarded, type KnownInput, type KnownNames } from "./check-names.ts";
import { elementOf, type Finding, failure } from "./check-problem.ts";
import { aliasOf, type InputArc, type Transition } from "./definition.ts";
import { compileExpression } from "./expression.ts";
import { isReserved } from "./expression-lexer.ts";
import type { JsonPath } from "./locate.ts";
import { compileTemplate } from "./template.ts";

/** The characters of a placeholder around its expression. */
const PLACEHOLDER_MARKS = 3;

/** The inputs as expressions see them: an array where the arc takes other than one token. */
export function inputsOf(transition: Transition): KnownInput[] {
  return bindingArcs(transition).map(({ arc }) => ({ name: aliasOf(arc), many: isMany(arc) }));
}

function isMany({ gather, batch, take }: InputArc): boolean {
  return gather !== undefined || batch !== undefined || (take ?? 1) !== 1;
}

/** Consume and read arcs, with their place in the file. */
function bindingArcs(transition: Transition): { arc: InputArc; index: number }[] {
  return transition.in.map((arc, index) => ({ arc, index })).filter(({ arc }) => arc.mode === "consume" || arc.mode === "read");
}

export function inputFindings(transition: Transition, path: JsonPath): Finding[] {
  const names = inputsOf(transition).map(({ name }) => name);
  const arcs = bindingArcs(transition);
  return arcs.flatMap(({ arc, index }, order) => {
    const at = [...path, "in", index];
    const earlier: KnownNames = { inputs: inputsOf(transition).slice(0, order), special: [], later: names.slice(order) };
    const before = arcs.slice(0, order).map((other) => other.arc);
    return [
      ...aliasFindings(arc, at, names.slice(0, order)),
      ...readFindings(arc, at, before),
      ...conditionFindings(arc, at, earlier),
      ...takeFindings(arc, at, earlier),
      ...gatherFindings(arc, at, earlier, order),
      ...batchFindings(arc, at),
    ];
  });
}

function aliasFindings(arc: InputArc, path: JsonPath, earlier: readonly string[]): Finding[] {
  const alias = aliasOf(arc);
  const at = [...path, arc.as === undefined ? "place" : "as"];
  if (isReserved(alias)) {
    return [
      failure("reserved-name", at, `${elementOf(path)}: "${alias}" is a word of the expression language`, 'give it another name by "as"'),
    ];
  }
  if (!earlier.includes(alias)) return [];
  return [
    failure("duplicate-alias", at, `${elementOf(path)}: an earlier input goes by "${alias}" too`, 'give one of them another name by "as"'),
  ];
}

function readFindings(arc: InputArc, path: JsonPath, earlier: readonly InputArc[]): Finding[] {
  if (arc.mode !== "read" || !earlier.some((other) => other.mode === "read" && other.place === arc.place)) return [];
  const hint = "one read arc sees every token of the place; remove one of the two";
  return [failure("duplicate-read", [...path, "place"], `${elementOf(path)} reads place "${arc.place}" a second time`, hint)];
}

function conditionFindings(arc: InputArc, path: JsonPath, earlier: KnownNames): Finding[] {
  const found = arc.where === undefined ? [] : checkExpression(arc.where, [...path, "where"], { ...earlier, special: ["$"] });
  const { orderBy } = arc;
  if (orderBy === undefined) return found;
  const at = [...path, "orderBy"];
  const onlyToken: KnownNames = { inputs: [], special: ["$"], later: [] };
  return [...found, ...guarded(at, () => orderFindings(compileOrderBy(orderBy), at, onlyToken))];
}

function orderFindings(order: CompiledOrder, path: JsonPath, names: KnownNames): Finding[] {
  return order.flatMap(({ expr }) => checkPaths(expr, path, names));
}

function takeFindings({ take }: InputArc, path: JsonPath, earlier: KnownNames): Finding[] {
  if (typeof take !== "string" || take === "all") return [];
  const at = [...path, "take"];
  const found = checkTemplate(take, at, earlier);
  if (found.length > 0 || isOnePlaceholder(take)) return found;
  return [failure("bad-take", at, `${elementOf(at)} must be one placeholder that gives a number`, `write it like "\${story.taskCount}"`)];
}

function isOnePlaceholder(text: string): boolean {
  try {
    const [first, ...others] = compileTemplate(text).expressions;
    return first !== undefined && others.length === 0 && first.text.length + PLACEHOLDER_MARKS === text.length;
  } catch (error) {
    if (error instanceof PetrelError) return false;
    throw error;
  }
}

function gatherFindings(arc: InputArc, path: JsonPath, earlier: KnownNames, index: number): Finding[] {
  const { gather } = arc;
  if (!gather) return [];
  const at = [...path, "gather"];
  const found: Finding[] = [];
  if (arc.take !== undefined) {
    const hint = 'remove "take": the group\'s size is in "gather.count"';
    found.push(failure("take-with-gather", [...path, "take"], `${elementOf(path)} has both "take" and "gather"`, hint));
  }
  if (index === 0 && gather.equals === undefined) {
    const hint = 'put an input before it that names the group, or say the key wanted in "equals"';
    found.push(failure("gather-without-key", at, `${elementOf(path)}: "gather" compares with an earlier input, and there is none`, hint));
  }
  found.push(...checkExpression(gather.by, [...at, "by"], { ...earlier, special: ["$"] }));
  if (gather.equals !== undefined) found.push(...checkExpression(gather.equals, [...at, "equals"], earlier));
  return [...found, ...checkExpression(gather.count, [...at, "count"], earlier), ...constantCount(gather.count, [...at, "count"])];
}

function batchFindings(arc: InputArc, path: JsonPath): Finding[] {
  if (!arc.batch) return [];
  const other = arc.gather ? "gather" : arc.take !== undefined ? "take" : undefined;
  if (other !== undefined) {
    const hint = 'keep one of them: the size of a batch is in "batch.size"';
    return [failure("batch-with-other", [...path, "batch"], `${elementOf(path)} has both "batch" and "${other}"`, hint)];
  }
  if (arc.mode === "consume") return [];
  return [failure("batch-reads", [...path, "batch"], `${elementOf(path)} only reads, and a batch is taken out`, 'remove "mode"')];
}

/** A count that no data can change must be a whole number from 1. */
function constantCount(text: string, path: JsonPath): Finding[] {
  return guarded([], () => {
    const { roots, evaluate } = compileExpression(text);
    if (roots.length > 0) return [];
    const count = evaluate({ get: () => undefined });
    if (typeof count === "number" && Number.isInteger(count) && count >= 1) return [];
    return [failure("bad-count", path, `${elementOf(path)} must give a whole number from 1, not ${JSON.stringify(count) ?? "nothing"}`)];
  }).filter(({ code }) => code === "bad-count");
}
