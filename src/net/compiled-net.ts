/** A definition made ready to run: expressions compiled, places indexed by who takes from them and who fills them. */
import { REJECTED } from "../contract/subjects.ts";
import { type CompiledOrder, compileOrderBy } from "./arcql.ts";
import { DEAD_LETTER, IN_TRANSIT } from "./built-in-places.ts";
import {
  aliasOf,
  durationMs,
  type InputArc,
  isDeterministic,
  type NetDefinition,
  type OutputArc,
  type PlaceDefinition,
  type Transition,
} from "./definition.ts";
import { type CompiledExpression, compileExpression } from "./expression.ts";
import { type FlatNet, type FlatSubnet, flattenNet, type ResolvedLink } from "./flatten.ts";
import { requestTemplate } from "./http-request.ts";
import { type Lookup, lookupsOf, tokenKeyOf } from "./lookup.ts";
import type { TokenKey } from "./marking-index.ts";
import { type CompiledTemplate, compileTemplate } from "./template.ts";

const BUILT_IN_TITLES: Record<string, string> = {
  [REJECTED]: "Deliveries that could not be taken in, with the reason",
  [DEAD_LETTER]: "Failed work whose transition names no other place",
  [IN_TRANSIT]: "Tokens on their way to other nets",
};

/** What a place is called for people. */
export function placeTitle(net: { definition: NetDefinition } | null, place: string): string {
  return (net && placeOf(net, place)?.title) ?? BUILT_IN_TITLES[place] ?? place;
}

/** A declared place. `constructor` is a valid name, so only own properties count. */
export function placeOf(net: { definition: NetDefinition }, place: string): PlaceDefinition | undefined {
  return Object.hasOwn(net.definition.places, place) ? net.definition.places[place] : undefined;
}

export interface CompiledInput {
  arc: InputArc;
  name: string;
  where: CompiledExpression | null;
  /** Keys by which an index finds the candidates; `where` and `gather` are tested all the same. */
  lookups: Lookup[];
  gatherKey: TokenKey | null;
  order: CompiledOrder | null;
  /** 1 binds a token, anything else an array. */
  take: number | "all" | CompiledTemplate;
  gather: {
    by: CompiledExpression;
    equals: CompiledExpression | null;
    count: CompiledExpression;
    after: number | null;
    to: string | null;
  } | null;
}

export interface CompiledOutput {
  arc: OutputArc;
  when: CompiledExpression | null;
  each: CompiledExpression | null;
  value: CompiledTemplate | null;
  set: [string, CompiledTemplate][];
}

export interface CompiledTransition {
  id: string;
  definition: Transition;
  deterministic: boolean;
  inputs: CompiledInput[];
  outputs: CompiledOutput[];
  guard: CompiledExpression | null;
  summary: CompiledTemplate | null;
  /** Value of a `map`, `ask` of a model, input of a hand or request of `http`. */
  value: CompiledTemplate | null;
  ask: CompiledTemplate | null;
  data: CompiledTemplate | null;
  input: CompiledTemplate | null;
  /** Has read arcs and consumes nothing: it starts once for each token. */
  readsOnly: boolean;
  /** Open firings at once. */
  slots: number;
  /** Where a link leads; null for other kinds. */
  link: ResolvedLink | null;
  /** The sub-net that it stands in, `""` for the net itself. */
  scope: string;
  /** The nearest sub-net around it that has instances: it binds tokens of one of them. */
  within: string | null;
}

export interface CompiledNet {
  /** Flat: sub-nets stand in it by the names that their places and transitions have in the log. */
  definition: NetDefinition;
  /** As it was applied. */
  source: NetDefinition;
  /** Sub-nets in this log, outer ones first. */
  subnets: FlatSubnet[];
  version: string;
  transitions: Map<string, CompiledTransition>;
  /** Place -> transitions that bind its tokens. */
  takers: Map<string, string[]>;
  /** Place -> transitions that fill it. */
  fillers: Map<string, string[]>;
  /** Place -> transitions that must have started on a token before it may be consumed. */
  readers: Map<string, string[]>;
}

export function compileNet(source: NetDefinition, version: string): CompiledNet {
  const flat = flattenNet(source);
  const { definition, subnets } = flat;
  const maps = { transitions: new Map(), takers: new Map(), fillers: new Map(), readers: new Map() };
  const net: CompiledNet = { definition, source, subnets, version, ...maps };
  for (const [id, transition] of Object.entries(definition.transitions)) {
    const compiled = compileTransition(id, transition, flat);
    net.transitions.set(id, compiled);
    for (const place of new Set(transition.in.map((arc) => arc.place))) {
      push(net.takers, place, id);
      if (compiled.readsOnly) push(net.readers, place, id);
    }
    for (const place of new Set(transition.out.map((arc) => arc.to))) push(net.fillers, place, id);
  }
  return net;
}

function compileTransition(id: string, transition: Transition, flat: FlatNet): CompiledTransition {
  const link = flat.links.get(id) ?? null;
  const inputs = transition.in.map(compileInput);
  return {
    id,
    definition: transition,
    deterministic: isDeterministic(transition.kind) && link?.kind !== "each",
    inputs,
    outputs: transition.out.map(compileOutput),
    guard: optional(transition.guard, compileExpression),
    summary: optional(transition.summary, compileTemplate),
    value: "value" in transition ? optional(transition.value, compileTemplate) : null,
    ask: "ask" in transition ? compileTemplate(transition.ask) : null,
    data: "data" in transition ? optional(transition.data, compileTemplate) : null,
    input: optional(inputOf(transition), compileTemplate),
    readsOnly: inputs.every(({ arc }) => arc.mode === "read"),
    slots: slotsOf(transition),
    link,
    scope: flat.scopes.get(id) ?? "",
    within: flat.within.get(id) ?? null,
  };
}

function inputOf(transition: Transition) {
  if (transition.kind === "agent") return transition.workspace;
  if (transition.kind === "http") return requestTemplate(transition);
  return transition.kind === "command" ? commandInput(transition) : undefined;
}

function commandInput(transition: Extract<Transition, { kind: "command" }>) {
  return transition.argv === undefined ? (transition.input ?? {}) : { ...transition.input, argv: transition.argv };
}

/** Sockets that a master opens for one transition that does not say how many. */
const HTTP_SLOTS = 64;

/** Without a `concurrency`, an instance works on one thing at a time and a command on as many as executors take. */
function slotsOf(transition: Transition): number {
  if ("instances" in transition) return transition.instances * (transition.concurrency ?? 1);
  return transition.concurrency ?? (transition.kind === "http" ? HTTP_SLOTS : 1000);
}

function compileInput(arc: InputArc): CompiledInput {
  const gather = arc.gather;
  return {
    arc,
    name: aliasOf(arc),
    where: optional(arc.where, compileExpression),
    lookups: arc.where === undefined ? [] : lookupsOf(arc.where),
    gatherKey: gather ? tokenKeyOf(gather.by) : null,
    order: optional(arc.orderBy, compileOrderBy),
    take: typeof arc.take === "string" && arc.take !== "all" ? compileTemplate(arc.take) : (arc.take ?? 1),
    gather: gather
      ? {
          by: compileExpression(gather.by),
          equals: optional(gather.equals, compileExpression),
          count: compileExpression(gather.count),
          after: gather.onIncomplete ? durationMs(gather.onIncomplete.after) : null,
          to: gather.onIncomplete?.to ?? null,
        }
      : null,
  };
}

function compileOutput(arc: OutputArc): CompiledOutput {
  return {
    arc,
    when: optional(arc.when, compileExpression),
    each: optional(arc.each, compileExpression),
    value: arc.value === undefined ? null : compileTemplate(arc.value),
    set: Object.entries(arc.set ?? {}).map(([field, template]) => [field, compileTemplate(template)]),
  };
}

function optional<In, Out>(value: In | undefined, make: (value: In) => Out): Out | null {
  return value === undefined ? null : make(value);
}
function push(map: Map<string, string[]>, key: string, value: string): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}
