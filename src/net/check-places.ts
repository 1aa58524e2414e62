/** Places: that every named one is declared, that each can get tokens and lose them, and that schemas and initial tokens fit. */
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { BUILT_IN_PLACES, DISAGREEMENTS, TAKEN_OVER } from "./built-in-places.ts";
import { checkExpression } from "./check-names.ts";
import { nearestHint } from "./check-nearest.ts";
import { elementOf, type Finding, failure, warning } from "./check-problem.ts";
import type { NetDefinition, Transition } from "./definition.ts";
import type { JsonPath } from "./locate.ts";
import { schemaProblem } from "./place-schema.ts";

export function placeFindings(net: NetDefinition): Finding[] {
  const uses = usesOf(net);
  const declared = Object.keys(net.places).flatMap((place) => declarationFindings(net, place, uses));
  return [...referenceFindings(net), ...declared, ...tokenFindings(net)];
}

/** Places whose tokens may wait only so long, and where those go that waited too long. */
export function deadlinesOf(net: NetDefinition): { place: string; to: string }[] {
  return Object.entries(net.places).flatMap(([place, { deadline }]) => (deadline ? [{ place, to: deadline.to }] : []));
}

/** All places that a transition fills, each with the way to its name. */
export function targetsOf(transition: Transition, path: JsonPath): { place: string; path: JsonPath }[] {
  const targets = transition.out.map((arc, index) => ({ place: arc.to, path: [...path, "out", index, "to"] }));
  for (const [index, arc] of transition.in.entries()) {
    const late = arc.gather?.onIncomplete;
    if (late) targets.push({ place: late.to, path: [...path, "in", index, "gather", "onIncomplete", "to"] });
  }
  if (transition.onError !== undefined) targets.push({ place: transition.onError, path: [...path, "onError"] });
  if (transition.gate?.escalate !== undefined) targets.push({ place: transition.gate.escalate, path: [...path, "gate", "escalate"] });
  return targets;
}

function referenceFindings(net: NetDefinition): Finding[] {
  const used: { place: string; path: JsonPath }[] = Object.keys(net.tokens ?? {}).map((place) => ({ place, path: ["tokens", place] }));
  used.push(...deadlinesOf(net).map(({ place, to }) => ({ place: to, path: ["places", place, "deadline", "to"] })));
  for (const [name, transition] of Object.entries(net.transitions)) {
    const path = ["transitions", name];
    used.push(
      ...transition.in.map((arc, index) => ({ place: arc.place, path: [...path, "in", index, "place"] })),
      ...targetsOf(transition, path),
    );
  }
  const known = Object.keys(net.places);
  return used
    .filter(({ place }) => !Object.hasOwn(net.places, place) && !BUILT_IN_PLACES.includes(place))
    .map(({ place, path }) =>
      failure(
        "unknown-place",
        path,
        `${elementOf(path)} names place "${place}", which is not declared`,
        nearestHint(place, known, "declared places"),
      ),
    );
}

function declarationFindings(net: NetDefinition, place: string, uses: Uses): Finding[] {
  const path = ["places", place];
  if (BUILT_IN_PLACES.includes(place) || place === DISAGREEMENTS || place === TAKEN_OVER) {
    return [
      failure("reserved-place", path, `place "${place}" is one that nets have by themselves`, "remove it, or choose another name", "key"),
    ];
  }
  const { schema, index = [], capacity, deadline } = net.places[place] ?? {};
  const found = index.flatMap((text, at) => checkExpression(text, [...path, "index", at], { inputs: [], special: ["$"], later: [] }));
  if (deadline?.to === place) {
    const message = `place "${place}" sends what waits too long to itself`;
    found.push(failure("deadline-to-itself", [...path, "deadline", "to"], message, "name another place"));
  }
  if (schema) found.push(...schemaFindings(schema, [...path, "schema"]));
  const tokens = net.tokens && Object.hasOwn(net.tokens, place) ? (net.tokens[place]?.length ?? 0) : 0;
  if (capacity !== undefined && tokens > capacity) {
    found.push(
      failure("over-capacity", ["tokens", place], `place "${place}" holds ${capacity} and is given ${tokens} tokens`, "raise its capacity"),
    );
  }
  return [...found, ...useFindings(net, place, uses)];
}

function schemaFindings(schema: object, path: JsonPath): Finding[] {
  const strict = schemaFault(schema, true);
  if (strict === null) return [];
  const fault = schemaFault(schema, false);
  if (fault !== null) return [failure("bad-schema", path, `${elementOf(path)} is no valid JSON Schema 2020-12: ${fault}`, "correct it")];
  // A keyword that nobody knows checks nothing: most often it is a typing error.
  return [warning("loose-schema", path, `${elementOf(path)}: ${strict}`, "correct or remove it")];
}

function schemaFault(schema: object, strictSchema: boolean): string | null {
  const ajv = new Ajv2020({ strict: false, strictSchema, logger: false });
  addFormats.default(ajv);
  try {
    ajv.compile(schema);
    return null;
  } catch (error) {
    return (error instanceof Error ? error.message : String(error)).replace(/^(strict mode|schema is invalid): /, "");
  }
}

/** By place: the first transition that consumes from it, and whether one empties it. */
interface Uses {
  consumer: Map<string, string>;
  swept: Set<string>;
}

function usesOf(net: NetDefinition): Uses {
  const uses: Uses = { consumer: new Map(), swept: new Set() };
  for (const [name, { in: arcs }] of Object.entries(net.transitions)) {
    for (const { place, mode } of arcs) {
      if (mode === "reset") uses.swept.add(place);
      if (mode === "consume" && !uses.consumer.has(place)) uses.consumer.set(place, name);
    }
  }
  return uses;
}

function useFindings(net: NetDefinition, place: string, uses: Uses): Finding[] {
  const path = ["places", place];
  const consumer = uses.consumer.get(place);
  const { sink, deadline } = net.places[place] ?? {};
  if (consumer === undefined && !sink && !uses.swept.has(place) && !deadline) {
    const hint = 'add a transition that takes from it, or "sink": true if that is meant';
    return [warning("never-consumed", path, `nothing takes tokens out of place "${place}"`, hint, "key")];
  }
  if (consumer === undefined || !sink) return [];
  return [
    warning("no-sink", [...path, "sink"], `place "${place}" is called a sink, but transition "${consumer}" takes from it`, 'remove "sink"'),
  ];
}

function tokenFindings(net: NetDefinition): Finding[] {
  return Object.entries(net.tokens ?? {}).flatMap(([place, tokens]) => {
    const schema = Object.hasOwn(net.places, place) ? net.places[place]?.schema : undefined;
    if (!schema || schemaFault(schema, false) !== null) return [];
    return tokens.flatMap((token, index) => {
      const problem = schemaProblem(schema, token);
      const path = ["tokens", place, index];
      return problem === null ? [] : [failure("token-schema", path, `${elementOf(path)} does not meet the place's schema: ${problem}`)];
    });
  });
}
