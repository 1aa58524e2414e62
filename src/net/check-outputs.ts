/** Output arcs: what their expressions may name, and whether every result finds a way. */
import { checkExpression, checkTemplate, type KnownInput, type KnownNames } from "./check-names.ts";
import { elementOf, type Finding, failure, warning } from "./check-problem.ts";
import type { OutputArc, Transition } from "./definition.ts";
import { compileExpression } from "./expression.ts";
import type { JsonPath } from "./locate.ts";

export function outputFindings(transition: Transition, path: JsonPath, inputs: readonly KnownInput[]): Finding[] {
  const arcs = transition.out.flatMap((arc, index) => arcFindings(arc, [...path, "out", index], inputs));
  return [...arcs, ...orderFindings(transition, path), ...elementFindings(transition, path), ...lostFindings(transition, path)];
}

function arcFindings(arc: OutputArc, path: JsonPath, inputs: readonly KnownInput[]): Finding[] {
  const special = [arc.error ? "$error" : "$result"];
  const names: KnownNames = { inputs, special, later: [] };
  const inner: KnownNames = arc.each === undefined ? names : { ...names, special: [...special, "$item", "$index"] };
  const found: Finding[] = [];
  if (arc.when !== undefined && arc.otherwise) {
    const message = `${elementOf(path)} has both "when" and "otherwise"`;
    found.push(failure("when-and-otherwise", [...path, "otherwise"], message, "keep one of them", "key"));
  }
  // With `$item` in it, `when` chooses among the elements.
  if (arc.when !== undefined) found.push(...checkExpression(arc.when, [...path, "when"], inner));
  if (arc.each !== undefined) found.push(...eachFindings(arc.each, [...path, "each"], names));
  if (arc.value !== undefined) found.push(...checkTemplate(arc.value, [...path, "value"], inner));
  if (arc.set !== undefined) found.push(...checkTemplate(arc.set, [...path, "set"], inner));
  return found;
}

function eachFindings(each: string, path: JsonPath, names: KnownNames): Finding[] {
  const found = checkExpression(each, path, names);
  if (found.length > 0) return found;
  const { roots, evaluate } = compileExpression(each);
  if (roots.length === 0 && !Array.isArray(evaluate({ get: () => undefined }))) {
    return [failure("each-not-array", path, `${elementOf(path)} is no array`, 'name an array, like "$result.tasks"')];
  }
  return [];
}

/** With first-match routing, what follows an arc that always matches never gets a token. */
function orderFindings(transition: Transition, path: JsonPath): Finding[] {
  if (transition.route !== "first") return [];
  const found: Finding[] = [];
  for (const failing of [false, true]) {
    const arcs = [...transition.out.entries()].filter(([, arc]) => (arc.error === true) === failing);
    const always = arcs.findIndex(([, arc]) => arc.when === undefined && arc.port === undefined);
    if (always === -1) continue;
    for (const [index] of arcs.slice(always + 1)) {
      const at = [...path, "out", index];
      const hint = 'put it before the arc that always matches, give that one a "when", or set "route": "all"';
      found.push(warning("unreachable-arc", at, `${elementOf(at)} never gets a token: an earlier output always matches`, hint));
    }
  }
  return found;
}

/** Arcs are matched as a whole: an `otherwise`, or a later arc of first-match routing, does not get the elements that an earlier one left. */
function elementFindings(transition: Transition, path: JsonPath): Finding[] {
  const found: Finding[] = [];
  for (const [index, { each, when, otherwise, error }] of transition.out.entries()) {
    if (each === undefined || (transition.route === "all" && !otherwise)) continue;
    const earlier = transition.out.slice(0, index);
    if (!earlier.some((arc) => arc.error === error && arc.each === each && choosesElements(arc))) continue;
    const at = [...path, "out", index];
    const message = `${elementOf(at)} gets no element that an earlier output of the same "each" left: that one matched, so the elements make no token`;
    const hint =
      when === undefined ? 'say in a "when" which elements it takes' : 'every arc then takes the elements that its "when" lets through';
    found.push(warning("elements-lost", at, message, `set "route": "all"; ${hint}`));
  }
  return found;
}

function choosesElements({ when }: OutputArc): boolean {
  try {
    return when !== undefined && compileExpression(when).roots.includes("$item");
  } catch {
    return false; // It has a finding of its own.
  }
}

/** Results that no arc matches end as errors; somebody should have said where. */
function lostFindings(transition: Transition, path: JsonPath): Finding[] {
  const arcs = transition.out.filter((arc) => !arc.error);
  const caught = transition.onError !== undefined || transition.out.some((arc) => arc.error && arc.when === undefined);
  if (arcs.length === 0 || caught || arcs.some((arc) => arc.when === undefined)) return [];
  const hint = 'add an output with "otherwise": true, or name a place in "onError"';
  return [warning("no-route", [...path, "out"], `${elementOf(path)} has no output for a result that meets no "when"`, hint)];
}
