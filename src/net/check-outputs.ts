/** Output arcs: what their expressions may name, and whether every result finds a way. */
import { checkExpression, checkTemplate, type KnownInput, type KnownNames } from "./check-names.ts";
import { elementOf, type Finding, failure, warning } from "./check-problem.ts";
import type { OutputArc, Transition } from "./definition.ts";
import { compileExpression } from "./expression.ts";
import type { JsonPath } from "./locate.ts";
import { type Way, wayOf } from "./ways-out.ts";

export function outputFindings(transition: Transition, path: JsonPath, inputs: readonly KnownInput[]): Finding[] {
  const arcs = transition.out.flatMap((arc, index) => arcFindings(arc, [...path, "out", index], inputs));
  const done = placedArcs(transition, path, false);
  const order = [done, placedArcs(transition, path, true)].flatMap((some) => orderFindings(some, transition.route));
  return [...arcs, ...order, ...lostFindings(transition, done, path)];
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

/** With first-match routing, what follows an arc that always takes the whole, or all elements of the same array, never gets a token. */
function orderFindings(arcs: readonly PlacedArc[], route: string): Finding[] {
  if (route !== "first") return [];
  return arcs.flatMap(({ path, list }, position) => {
    const earlier = arcs.slice(0, position).filter((one) => takesAlways(one) && (one.list === null || one.list === list));
    if (earlier.length === 0) return [];
    const hint = 'put it before the arc that always matches, give that one a "when", or set "route": "all"';
    return [warning("unreachable-arc", path, `${elementOf(path)} never gets a token: an earlier output always matches`, hint)];
  });
}

/** What no arc matches ends as an error; somebody should have said where. */
function lostFindings(transition: Transition, arcs: readonly PlacedArc[], path: JsonPath): Finding[] {
  const caught = transition.onError !== undefined || transition.out.some((arc) => arc.error && arc.when === undefined);
  if (arcs.length === 0 || caught) return [];
  const lists = [...new Set(arcs.flatMap(({ list }) => list ?? []))];
  const elements = lists.flatMap((list) => elementFindings(list, arcs, transition.route, path));
  if (elements.length > 0 || arcs.some(({ arc }) => arc.when === undefined)) return elements;
  const hint = 'add an output with "otherwise": true, or name a place in "onError"';
  return [warning("no-route", [...path, "out"], `${elementOf(path)} has no output for a result that meets no "when"`, hint)];
}

function elementFindings(list: string, arcs: readonly PlacedArc[], route: string, path: JsonPath): Finding[] {
  const own = arcs.filter((arc) => arc.list === list);
  const [first] = own;
  if (!first || own.some(takesAlways) || !own.some(({ perItem }) => perItem)) return [];
  const rivals = route === "first" ? arcs.slice(0, arcs.indexOf(first)) : arcs;
  if (rivals.some((one) => one.list === null && takesAlways(one) && (route === "first" || !one.otherwise))) return [];
  const { each } = first.arc;
  const message = `${elementOf(path)} has no output for an element of ${each} that meets no "when": one such element fails the whole firing`;
  const hint = `add an output with "each": ${JSON.stringify(each)} and "otherwise": true, or name a place in "onError"`;
  return [warning("no-route", first.path, message, hint)];
}

interface PlacedArc extends Way {
  arc: OutputArc;
  path: JsonPath;
}

/** Those of one outcome, as far as they can be read; what cannot has a finding of its own. */
function placedArcs({ out }: Transition, path: JsonPath, failing: boolean): PlacedArc[] {
  return out.flatMap((arc, index) => {
    if ((arc.error === true) !== failing) return [];
    try {
      return [{ ...wayOf(arc), arc, path: [...path, "out", index] }];
    } catch {
      return [];
    }
  });
}

function takesAlways({ arc }: PlacedArc): boolean {
  return arc.when === undefined && arc.port === undefined;
}
