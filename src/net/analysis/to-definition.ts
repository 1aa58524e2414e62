/**
 * From a P/T net to a net file that runs: each transition becomes a `pass`, each arc weight a `take` or a `weight`. Tokens carry
 * nothing but their number, since a P/T net knows none of what they are.
 */
import { Terminal } from "../../contract/errors.ts";
import type { JsonObject } from "../../contract/json.ts";
import { TAKE_ALL_LIMIT } from "../../contract/token.ts";
import type { PetriArc, PetriNet, PetriTransition } from "./petri-net.ts";

const NAME_LENGTH = 48;
/** Tokens that a net file may begin with. */
const MOST_TOKENS = 10_000;

/** Errors: Terminal `pnml-inexpressible` for transitions without input, and for markings and weights over what a firing may carry. */
export function netFileOf(net: PetriNet): JsonObject {
  const placeNames = distinctNames(net.places.map(({ id, name }) => name || id));
  const transitionNames = distinctNames(net.transitions.map(({ id, name }) => name || id));
  const filled = new Set(net.transitions.flatMap(({ produce }) => produce.map(({ place }) => place)));
  const taken = new Set(net.transitions.flatMap(({ consume, read }) => [...consume, ...read].map(({ place }) => place)));
  const total = net.places.reduce((sum, { initial }) => sum + initial, 0);
  if (total > MOST_TOKENS) throw inexpressible(`${net.id} begins with ${total} tokens; ${MOST_TOKENS} are the most`);
  const nameOf = (place: number) => placeNames[place] ?? "";
  const tokens = net.places.flatMap(({ initial }, at) => (initial > 0 ? [[nameOf(at), numbered(initial)]] : []));
  return {
    net: distinctNames([net.name || net.id])[0] ?? "net",
    ...(net.name && net.name !== net.id ? { title: net.name } : {}),
    places: Object.fromEntries(
      net.places.map(({ id, name, initial, capacity }, at) => [
        nameOf(at),
        {
          ...((name || id) === nameOf(at) ? {} : { title: name || id }),
          ...(capacity === undefined ? {} : { capacity }),
          ...(taken.has(at) ? {} : { sink: true }),
          // What nobody fills and nothing lies in would be dead: it is the door to the net.
          ...(filled.has(at) || initial > 0 ? {} : { open: true }),
        },
      ]),
    ),
    transitions: Object.fromEntries(
      net.transitions.map((one, at) => [transitionNames[at] ?? "", transitionOf(one, nameOf, transitionNames[at] ?? "")]),
    ),
    ...(tokens.length > 0 ? { tokens: Object.fromEntries(tokens) } : {}),
  };
}

function transitionOf(one: PetriTransition, nameOf: (place: number) => string, name: string): JsonObject {
  if (one.consume.length === 0)
    throw inexpressible(
      `the transition ${one.id} takes nothing: it would fire for ever`,
      'give it an input place, or a `"schedule"` by hand',
    );
  const arcs = [...one.consume, ...one.read, ...one.inhibit];
  const heavy = [...arcs, ...one.produce].find(({ weight }) => weight > TAKE_ALL_LIMIT);
  if (heavy) throw inexpressible(`an arc of ${one.id} has the weight ${heavy.weight}; ${TAKE_ALL_LIMIT} are the most`);
  const aliases = new Map<string, number>();
  const input = (arc: PetriArc, mode?: string): JsonObject => ({
    place: nameOf(arc.place),
    as: alias(nameOf(arc.place), aliases),
    ...(mode ? { mode } : {}),
    ...(arc.weight > 1 ? { take: arc.weight } : {}),
  });
  return {
    kind: "pass",
    ...((one.name || one.id) === name ? {} : { title: one.name || one.id }),
    in: [
      ...one.consume.map((arc) => input(arc)),
      ...one.read.map((arc) => input(arc, "read")),
      ...one.inhibit.map((arc) => input(arc, "inhibit")),
      ...one.reset.map((place) => input({ place, weight: 1 }, "reset")),
    ],
    out: one.produce.map(({ place, weight }) => ({ to: nameOf(place), value: {}, ...(weight > 1 ? { weight } : {}) })),
    ...(one.produce.length > 1 ? { route: "all" } : {}),
  };
}

function alias(place: string, used: Map<string, number>): string {
  const base = place.replace(/-+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()).slice(0, 40);
  const times = used.get(base) ?? 0;
  used.set(base, times + 1);
  return times === 0 ? base : `${base}_${times + 1}`;
}

function numbered(count: number): JsonObject[] {
  return Array.from({ length: count }, (_, at) => ({ number: at + 1 }));
}

/** Names that a net file allows, each once, in the same order. */
function distinctNames(names: readonly string[]): string[] {
  const used = new Set<string>();
  return names.map((name) => {
    const plain = name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-+|-+$/g, "");
    const base = (/^[a-z]/.test(plain) ? plain : `n-${plain}`).replace(/-+$/, "").slice(0, NAME_LENGTH - 6) || "n";
    let free = base;
    for (let number = 2; used.has(free); number++) free = `${base}-${number}`;
    used.add(free);
    return free;
  });
}

function inexpressible(message: string, hint?: string): Terminal {
  return new Terminal({ code: "pnml-inexpressible", message, ...(hint === undefined ? {} : { hint }) });
}
