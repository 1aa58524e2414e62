/**
 * What a firing of a transition can put where, with the data unknown. One token stands for all that an array fans out
 * into, and one element for all of its elements; what gathers a group and fans out again hands the group on once.
 */

import { DEAD_LETTER } from "../built-in-places.ts";
import { isDeterministic, type OutputArc, type Transition } from "../definition.ts";
import { type Way, wayOf, waysOut } from "../ways-out.ts";
import { type Assignment, assignments, comparesSize, holds } from "./conditions.ts";

export interface Outcome {
  /** How the firing ended. */
  how: "done" | "failed" | "refused" | "late";
  /** The places that get tokens, in order, with repetitions. */
  to: string[];
  /** How many tokens each of them gets; absent: one. */
  weights?: number[];
  /** A comparison by size decides for it, as of a counter with its limit, or people do. */
  limited: boolean;
}

/** Every outcome once. A gate's refusal is one too. */
export function outcomesOf(one: Transition): Outcome[] {
  const done = one.out.filter((arc) => !arc.error);
  const errors = one.out.filter((arc) => arc.error);
  const routed = byPort(done).flatMap((arcs) => routings(arcs, one));
  const found: Outcome[] = routed.map(({ to, weights, limited }) =>
    to === null ? { how: "failed", to: [errorPlace(one)], limited } : { how: "done", to, weights, limited },
  );
  // Whoever asks a model or the world may fail; a deterministic step only where the net file speaks of it.
  if (!isDeterministic(one.kind) || errors.length > 0 || one.onError !== undefined) {
    for (const { to, weights, limited } of routings(errors, one)) {
      found.push(to?.length ? { how: "failed", to, weights, limited } : { how: "failed", to: [errorPlace(one)], limited });
    }
  }
  if (one.gate) found.push({ how: "refused", to: [one.gate.escalate ?? errorPlace(one)], limited: true });
  const always = isLimited(one);
  const known = new Map<string, Outcome>();
  for (const outcome of found) {
    const key = `${outcome.how}:${outcome.to.join()}:${outcome.weights?.join() ?? ""}`;
    const other = known.get(key);
    known.set(key, { ...outcome, limited: always || (outcome.limited && (other?.limited ?? true)) });
  }
  return [...known.values()];
}

/** The arcs that may take a result, for each port that it may leave an instance by. */
function byPort(arcs: readonly OutputArc[]): (readonly OutputArc[])[] {
  const ports = new Set(arcs.flatMap(({ port }) => port ?? []));
  if (ports.size === 0) return [arcs];
  const anyPort = arcs.filter(({ port }) => port === undefined);
  const ways = [...ports].map((name) => arcs.filter(({ port }) => port === undefined || port === name));
  return anyPort.length > 0 ? [...ways, anyPort] : ways;
}

function isLimited(one: Transition): boolean {
  const conditions = [one.guard, ...one.in.map(({ where }) => where)];
  return one.gate !== undefined || conditions.some((text) => text !== undefined && comparesSize(text));
}

function errorPlace(one: Transition): string {
  return one.onError ?? DEAD_LETTER;
}

interface Routing {
  /** Null: nothing matches, which is a failure. */
  to: string[] | null;
  weights: number[];
  limited: boolean;
}

function routings(arcs: readonly OutputArc[], one: Transition): Routing[] {
  if (arcs.length === 0) return [{ to: [], weights: [], limited: false }];
  const groups = one.in.some((arc) => arc.gather || arc.take === "all" || typeof arc.take === "string");
  const ways = arcs.map(wayOf);
  const questions = groups ? [] : ways.flatMap(({ list }) => (list !== null && mayBeEmpty(list) ? [emptyQuestion(list)] : []));
  const all = assignments(
    arcs.flatMap(({ when }) => when ?? []),
    [...new Set(questions)],
  );
  const routing = (chosen: readonly OutputArc[]): Routing => ({
    to: chosen.map(({ to }) => to),
    weights: chosen.map(({ weight }) => weight ?? 1),
    limited: decidedBySize(arcs, chosen),
  });
  // Too many conditions to tell apart: each arc alone, and all of them.
  if (all === null) return [...(one.route === "all" ? [routing(arcs)] : []), ...arcs.map((arc) => routing([arc]))];
  return all.flatMap((assignment) => {
    const matched = matching(arcs, ways, one.route === "first", assignment);
    if (matched === null) return [{ to: null, weights: [], limited: false }];
    return (groups ? handedOnce(matched) : [matched]).map(routing);
  });
}

/** By the arcs' own conditions, or by one before them that did not match. */
function decidedBySize(arcs: readonly OutputArc[], chosen: readonly OutputArc[]): boolean {
  const first = arcs.findIndex((arc) => chosen.includes(arc));
  const before = arcs.slice(0, first === -1 ? arcs.length : first);
  return [...before, ...chosen].some(({ when }) => when !== undefined && comparesSize(when));
}

/** Null: something finds no way. */
function matching(arcs: readonly OutputArc[], ways: readonly Way[], first: boolean, assignment: Assignment): OutputArc[] | null {
  const meets = (at: number) => arcs[at]?.when === undefined || holds(arcs[at].when, assignment);
  const size = (at: number) => (assignment.get(emptyQuestion(ways[at]?.list ?? "")) === "yes" ? 0 : 1);
  const { taken, left, nothing } = waysOut(ways, first, { holds: meets, holdsFor: meets, size });
  return nothing || left.length > 0 ? null : taken.flatMap(({ way }) => arcs[way] ?? []);
}

/** A group that fans out again into several places: the one token for it goes to one of them. */
function handedOnce(matched: OutputArc[]): OutputArc[][] {
  const fans = matched.filter(({ each }) => each !== undefined);
  if (fans.length < 2) return [matched];
  return fans.map((fan) => matched.filter((arc) => arc.each === undefined || arc === fan));
}

function emptyQuestion(list: string): string {
  return `${list} is empty`;
}

/** An array that a `default` stands in for may have no elements. */
function mayBeEmpty(list: string): boolean {
  return /\bdefault\s*\(/.test(list);
}
