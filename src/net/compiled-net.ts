/** A definition made ready to run: expressions compiled, places indexed by who takes from them and who fills them. */
import { REJECTED } from "../contract/subjects.ts";
import { type CompiledOrder, compileOrderBy } from "./arcql.ts";
import { DEAD_LETTER, DISAGREEMENTS, IN_TRANSIT, TAKEN_OVER } from "./built-in-places.ts";
import { correlationKey } from "./correlation-key.ts";
import { type CompiledCrystal, compileCrystal } from "./crystal/compiled.ts";
import { reworkersOf } from "./crystal/rework.ts";
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
import { type Excess, excessOf } from "./excess.ts";
import { type CompiledExpression, compileExpression } from "./expression.ts";
import { type FlatNet, type FlatSubnet, flattenNet, type ResolvedLink } from "./flatten.ts";
import { requestTemplate } from "./http-request.ts";
import { type Lookup, lookupsOf, tokenKeyOf } from "./lookup.ts";
import { type CompiledSchedule, compileSchedule } from "./schedule.ts";
import { type CompiledTemplate, compileTemplate } from "./template.ts";
import type { TokenKey } from "./token-list.ts";
import { type Way, wayOf } from "./ways-out.ts";

const BUILT_IN_TITLES: Record<string, string> = {
  [REJECTED]: "Deliveries that could not be taken in, with the reason",
  [DEAD_LETTER]: "Failed work whose transition names no other place",
  [DISAGREEMENTS]: "Where a rule and the model differed, and what people are asked about rules",
  [TAKEN_OVER]: "Tasks that people do by hand at the moment",
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

/** A consume or read arc: what binds tokens to a name. */
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
  /** In place of `take`: up to `size` tokens, fewer once the oldest has waited `within` ms. */
  batch: { size: number; within: number } | null;
  /** The key that the tokens of all inputs with one must share. */
  correlate: TokenKey | null;
  gather: {
    by: CompiledExpression;
    equals: CompiledExpression | null;
    count: CompiledExpression;
    after: number | null;
    to: string | null;
  } | null;
}

/** An inhibit or reset arc: it looks at a place and binds nothing. Its `where` sees all inputs. */
export interface CompiledWatch {
  place: string;
  where: CompiledExpression | null;
  /** So many matching tokens forbid the firing; of no meaning for a reset. */
  limit: number;
}

export interface CompiledOutput extends Way {
  arc: OutputArc;
  /** Its position in the file. */
  index: number;
  when: CompiledExpression | null;
  each: CompiledExpression | null;
  value: CompiledTemplate | null;
  set: [string, CompiledTemplate][];
}

export interface CompiledTransition {
  id: string;
  /** Its position in the file. */
  order: number;
  definition: Transition;
  deterministic: boolean;
  /** The arcs that bind tokens, in their order. */
  inputs: CompiledInput[];
  inhibitors: CompiledWatch[];
  resets: CompiledWatch[];
  outputs: CompiledOutput[];
  /** Of a `map`: worked out elsewhere, before its one event. */
  jsonata: string | null;
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
  /** Higher goes first. */
  priority: number;
  /** Tokens must have lain so many ms in their places. */
  delay: number;
  schedule: CompiledSchedule | null;
  /** The rule that may answer in its model's place. */
  crystal: CompiledCrystal | null;
  /** Place -> the most tokens that one good firing puts there, arrays aside. */
  fills: Map<string, number>;
  /** A place that each good firing would fill beyond its capacity: it never fires. */
  excess: Excess | null;
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
  /** Place -> transitions that its tokens enable or inhibit. */
  takers: Map<string, string[]>;
  /** Place -> transitions that fill it. */
  fillers: Map<string, string[]>;
  /** Place -> transitions that a change of its tokens may enable: its takers, and where it has a capacity its fillers. */
  wakes: Map<string, string[]>;
  /** Transition -> places with a capacity that it fills. */
  bounded: Map<string, string[]>;
  /** Place -> transitions that must have started on a token before it may be consumed. */
  readers: Map<string, string[]>;
  /** Transitions that time alone can enable. */
  timed: CompiledTransition[];
  /** Places whose tokens may wait only so long (ms). */
  deadlines: { place: string; after: number; to: string }[];
}

export function compileNet(source: NetDefinition, version: string): CompiledNet {
  const flat = flattenNet(source);
  const { definition, subnets } = flat;
  const compiled = Object.entries(definition.transitions).map(([id, one], order) => compileTransition(id, one, order, flat));
  const transitions = new Map(compiled.map((one) => [one.id, one]));
  const net: CompiledNet = {
    ...{ definition, source, subnets, version, transitions, takers: new Map(), fillers: new Map(), readers: new Map() },
    ...{ wakes: new Map(), bounded: new Map() },
    timed: [...transitions.values()].filter(isTimed),
    deadlines: Object.entries(definition.places).flatMap(([place, { deadline }]) =>
      deadline ? [{ place, after: durationMs(deadline.after), to: deadline.to }] : [],
    ),
  };
  for (const [id, compiled] of transitions) {
    const { inputs, inhibitors, readsOnly, fills } = compiled;
    const looksAt = new Set([...inputs.map(({ arc }) => arc.place), ...inhibitors.map(({ place }) => place)]);
    for (const place of looksAt) push(net.takers, place, id);
    if (readsOnly) for (const place of new Set(inputs.map(({ arc }) => arc.place))) push(net.readers, place, id);
    for (const place of fills.keys()) {
      push(net.fillers, place, id);
      if (placeOf(net, place)?.capacity !== undefined) push(net.bounded, id, place);
    }
    // Whatever changes inside may be the end of an instance.
    if (compiled.link?.kind === "each") {
      const inside = `${compiled.link.subnet}--`;
      for (const place of Object.keys(definition.places)) if (place.startsWith(inside)) push(net.takers, place, id);
    }
  }
  for (const place of new Set([...net.takers.keys(), ...net.fillers.keys()])) {
    const fillers = placeOf(net, place)?.capacity === undefined ? [] : (net.fillers.get(place) ?? []);
    net.wakes.set(place, [...new Set([...(net.takers.get(place) ?? []), ...fillers])]);
  }
  return net;
}

function isTimed({ delay, schedule, inputs }: CompiledTransition): boolean {
  return delay > 0 || schedule !== null || inputs.some(({ batch }) => batch !== null);
}

function compileTransition(id: string, transition: Transition, order: number, flat: FlatNet): CompiledTransition {
  const link = flat.links.get(id) ?? null;
  const binding = transition.in.filter(({ mode }) => mode === "consume" || mode === "read");
  const inputs = binding.map((arc) => compileInput(arc, transition));
  return {
    id,
    order,
    definition: transition,
    deterministic: isDeterministic(transition.kind) && jsonataOf(transition) === null && link?.kind !== "each",
    inputs,
    inhibitors: watches(transition, "inhibit"),
    resets: watches(transition, "reset"),
    outputs: transition.out.map(compileOutput),
    jsonata: jsonataOf(transition),
    guard: optional(transition.guard, compileExpression),
    summary: optional(transition.summary, compileTemplate),
    value: "value" in transition ? optional(transition.value, compileTemplate) : null,
    ask: "ask" in transition ? compileTemplate(transition.ask) : null,
    data: "data" in transition ? optional(transition.data, compileTemplate) : null,
    input: optional(inputOf(transition), compileTemplate),
    readsOnly: inputs.length > 0 && !transition.schedule && inputs.every(({ arc }) => arc.mode === "read"),
    slots: slotsOf(transition),
    link,
    scope: flat.scopes.get(id) ?? "",
    within: flat.within.get(id) ?? null,
    priority: transition.priority ?? 0,
    delay: transition.delay === undefined ? 0 : durationMs(transition.delay),
    schedule: optional(transition.schedule, compileSchedule),
    crystal: optional("crystal" in transition ? transition.crystal : undefined, (one) =>
      compileCrystal(one, reworkersOf(flat.definition, id)),
    ),
    fills: fillsOf(transition),
    excess: excessOf(transition, (place) => placeOf(flat, place)),
  };
}

function jsonataOf(transition: Transition): string | null {
  return transition.kind === "map" ? (transition.jsonata ?? null) : null;
}

function inputOf(transition: Transition) {
  if (transition.kind === "agent") return transition.workspace;
  if (transition.kind === "http") return requestTemplate(transition);
  return transition.kind === "command" ? commandInput(transition) : undefined;
}

function watches(transition: Transition, mode: "inhibit" | "reset"): CompiledWatch[] {
  return transition.in
    .filter((arc) => arc.mode === mode)
    .map(({ place, where, take }) => ({
      place,
      where: optional(where, compileExpression),
      limit: typeof take === "number" ? take : 1,
    }));
}

/** With first-match routing one arc's weight counts, else those of all; an error takes one token. */
function fillsOf({ out, route }: Transition): Map<string, number> {
  const fills = new Map<string, number>();
  for (const { to, weight = 1, error } of out) {
    const before = fills.get(to) ?? 0;
    fills.set(to, route === "all" && !error ? before + weight : Math.max(before, weight));
  }
  return fills;
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

function compileInput(arc: InputArc, { correlate }: Transition): CompiledInput {
  const gather = arc.gather;
  const name = aliasOf(arc);
  const key = typeof correlate === "string" ? (arc.mode === "consume" ? correlate : undefined) : ownKey(correlate, name);
  return {
    arc,
    name,
    where: optional(arc.where, compileExpression),
    lookups: arc.where === undefined ? [] : lookupsOf(arc.where),
    gatherKey: gather ? tokenKeyOf(gather.by) : null,
    order: optional(arc.orderBy, compileOrderBy),
    take: typeof arc.take === "string" && arc.take !== "all" ? compileTemplate(arc.take) : (arc.take ?? 1),
    batch: arc.batch ? { size: arc.batch.size, within: durationMs(arc.batch.within) } : null,
    correlate: optional(key, correlationKey),
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

function ownKey(correlate: Record<string, string> | undefined, name: string): string | undefined {
  return correlate && Object.hasOwn(correlate, name) ? correlate[name] : undefined;
}

/** Whether the input's name stands for an array of tokens. */
export function bindsMany({ gather, batch, take }: CompiledInput): boolean {
  return gather !== null || batch !== null || take !== 1;
}

function compileOutput(arc: OutputArc, index: number): CompiledOutput {
  return {
    ...wayOf(arc),
    arc,
    index,
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
