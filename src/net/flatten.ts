/**
 * A definition with sub-nets as one flat net: their places and transitions by the names that they have in the log,
 * `<sub>--<place>`, and what each link leads to. Sub-nets with a log of their own leave only their ports here. Pure.
 */
import type { Json } from "../contract/json.ts";
import { BUILT_IN_PLACES, DISAGREEMENTS, IN_TRANSIT } from "./built-in-places.ts";
import { PROGRAM_PORTS, programName, programToSubnet } from "./crystal/program-subnet.ts";
import { aliasOf, type LinkTransition, type NetDefinition, type PlaceDefinition, type Subnet, type Transition } from "./definition.ts";

/** Where a link leads, as the engine sees it. */
export type ResolvedLink =
  /** A place of the same log. */
  | { kind: "shared"; place: string }
  /** An own instance of a sub-net of the same log, with the tokens that it begins with, and the places where results leave. */
  | { kind: "each"; subnet: string; place: string; ports: string[]; tokens: { place: string; data: Json }[] }
  /** A place of another net (E10). */
  | { kind: "net"; net: string; place: string };

export interface FlatSubnet {
  /** `<sub>`, `<sub>--<inner>`. */
  path: string;
  title: string;
  /** Links give it an instance for each of their firings. */
  each: boolean;
}

export interface FlatNet {
  /** Without sub-nets. */
  definition: NetDefinition;
  links: Map<string, ResolvedLink>;
  /** Transition -> the sub-net that it stands in; those of the net itself are not in here. */
  scopes: Map<string, string>;
  /** Transition -> the nearest sub-net around it that has instances. */
  within: Map<string, string>;
  /** In the log of this net. */
  subnets: FlatSubnet[];
}

type AgentTransition = Extract<Transition, { kind: "agent" }>;
type Level = Pick<NetDefinition, "places" | "transitions" | "tokens" | "subnets">;

export function flattenNet(definition: NetDefinition): FlatNet {
  const flattening = new Flattening(definition);
  return flattening.isFlat() ? { definition, links: new Map(), scopes: new Map(), within: new Map(), subnets: [] } : flattening.result();
}

/** The net that a sub-net with a log of its own is. */
export function ownNetName(net: string, path: string): string {
  return `${net}--${path}`;
}

/** The sub-nets with logs of their own, each as the net that it is; those inside them are theirs. */
export function ownNets(definition: NetDefinition): NetDefinition[] {
  const found = (level: Pick<Level, "subnets">, path: string): NetDefinition[] =>
    Object.entries(level.subnets ?? {}).flatMap(([name, subnet]) => {
      const inner = joined(path, name);
      if (subnet.log === "parent") return found(subnet, inner);
      const { log: _log, file: _file, ...parts } = subnet;
      return [{ net: ownNetName(definition.net, inner), ...parts, parent: { net: definition.net, subnet: inner } }];
    });
  return found(definition, "");
}

/** Whether links of this level give the sub-net an instance for each of their firings. */
export function hasInstances(level: Pick<Level, "transitions">, subnet: string): boolean {
  return Object.values(level.transitions).some((one) => one.kind === "link" && one.to.subnet === subnet && one.instance === "each");
}

/** The places of a sub-net that the net around it sees. */
export function portsOf(subnet: Pick<Subnet, "places">, direction?: "in" | "out"): string[] {
  return Object.entries(subnet.places).flatMap(([name, { port }]) =>
    port !== undefined && (direction === undefined || port === direction) ? [name] : [],
  );
}

export function joined(path: string, name: string): string {
  return path === "" ? name : `${path}--${name}`;
}

class Flattening {
  readonly #source: NetDefinition;
  readonly #places: Record<string, PlaceDefinition> = {};
  readonly #transitions: Record<string, Transition> = {};
  readonly #tokens: Record<string, Json[]> = {};
  readonly #flat: Omit<FlatNet, "definition"> = { links: new Map(), scopes: new Map(), within: new Map(), subnets: [] };
  /** Sub-net with instances -> what each instance begins with. */
  readonly #stock = new Map<string, { place: string; data: Json }[]>();

  constructor(source: NetDefinition) {
    this.#source = source;
  }

  isFlat(): boolean {
    const { subnets = {}, parent, transitions } = this.#source;
    if (Object.keys(subnets).length > 0 || parent) return false;
    return Object.values(transitions).every((one) => one.kind !== "link" && !hasCrystal(one));
  }

  result(): FlatNet {
    const { subnets: _, parent, ...source } = this.#source;
    this.#level(this.#source, "", null);
    if (parent) this.#ties(parent);
    if ([...this.#flat.links.values()].some(({ kind }) => kind === "net")) {
      this.#places[IN_TRANSIT] = { title: "Tokens on their way to other nets", sink: true };
    }
    if (Object.values(this.#transitions).some(hasCrystal)) this.#places[DISAGREEMENTS] = { sink: true };
    const definition = { ...source, places: this.#places, transitions: this.#transitions, tokens: this.#tokens };
    return { definition, ...this.#flat };
  }

  #level(level: Level, path: string, within: string | null): void {
    for (const [name, place] of Object.entries(level.places)) this.#places[joined(path, name)] = scopedPlace(place, path);
    for (const [name, tokens] of Object.entries(level.tokens ?? {})) {
      const place = joined(path, name);
      if (within === null) this.#tokens[place] = tokens;
      else this.#stockOf(within).push(...tokens.map((data) => ({ place, data })));
    }
    for (const [name, transition] of Object.entries(level.transitions)) {
      const id = joined(path, name);
      if (path !== "") this.#flat.scopes.set(id, path);
      if (within !== null) this.#flat.within.set(id, within);
      this.#transitions[id] = path === "" ? transition : scoped(transition, path);
      if (transition.kind === "link") this.#link(id, transition, level, path);
      else if (transition.kind === "agent") this.#program(id, transition);
    }
    for (const [name, subnet] of Object.entries(level.subnets ?? {})) {
      const inner = joined(path, name);
      if (subnet.log === "own") this.#ownPorts(inner, subnet);
      else {
        const each = hasInstances(level, name);
        this.#flat.subnets.push({ path: inner, title: subnet.title ?? name, each });
        this.#level(subnet, inner, each ? inner : within);
      }
    }
  }

  #link(id: string, { to, instance }: LinkTransition, level: Level, path: string): void {
    const subnet = to.subnet === undefined ? undefined : level.subnets?.[to.subnet];
    const inner = joined(path, to.subnet ?? "");
    const place = joined(inner, to.place);
    if (!subnet) this.#sends(id, to.net ?? "", to.place);
    else if (subnet.log === "own") this.#sends(id, ownNetName(this.#source.net, inner), to.place);
    else if (instance === "shared") this.#leadsTo(id, place, { kind: "shared", place });
    else {
      const ports = portsOf(subnet, "out").map((port) => joined(inner, port));
      this.#flat.links.set(id, { kind: "each", subnet: inner, place, ports, tokens: this.#stockOf(inner) });
    }
  }

  /** The calls that an agent's rule makes in its model's place: an instance of their sub-net for each of its firings. */
  #program(id: string, { persona, pool, labels, crystal }: AgentTransition): void {
    const program = crystal?.rule.program;
    if (!program) return;
    const path = programName(id);
    const subnet = programToSubnet(program, { persona, pool, labels });
    const [begin, ...ports] = [PROGRAM_PORTS.begin, PROGRAM_PORTS.done, PROGRAM_PORTS.ask].map((port) => joined(path, port));
    this.#flat.subnets.push({ path, title: subnet.title ?? path, each: true });
    this.#flat.links.set(id, { kind: "each", subnet: path, place: begin ?? "", ports, tokens: [] });
    this.#level(subnet, path, path);
  }

  #sends(id: string, net: string, place: string): void {
    this.#leadsTo(id, IN_TRANSIT, { kind: "net", net, place });
  }

  /** What the transition does not say itself: its one output. */
  #leadsTo(id: string, place: string, link: ResolvedLink): void {
    const transition = this.#transitions[id];
    if (transition) this.#transitions[id] = { ...transition, out: [...transition.out, { to: place }] };
    this.#flat.links.set(id, link);
  }

  /** A sub-net elsewhere: its ports are places here, and what lies in an in port goes there by itself. */
  #ownPorts(path: string, subnet: Subnet): void {
    const net = ownNetName(this.#source.net, path);
    for (const port of portsOf(subnet)) {
      const place = joined(path, port);
      const { title, capacity, port: direction } = subnet.places[port] ?? {};
      const shown = { title: title ?? `${port} of ${net}`, ...(capacity === undefined ? {} : { capacity }) };
      this.#places[place] = direction === "out" ? { ...shown, accepts: [net] } : shown;
      if (direction === "in") this.#carry(`${place}--send`, place, net, port);
    }
  }

  /** The other end: results go back to the net around. */
  #ties({ net, subnet }: { net: string; subnet: string }): void {
    for (const port of portsOf(this.#source, "in")) {
      const place = this.#places[port];
      if (place) this.#places[port] = { ...place, accepts: [...(place.accepts ?? []), net] };
    }
    for (const port of portsOf(this.#source, "out")) this.#carry(`${port}--leave`, port, net, joined(subnet, port));
  }

  #carry(id: string, from: string, net: string, place: string): void {
    const to = { net, place };
    this.#transitions[id] = {
      kind: "link",
      in: [{ place: from, mode: "consume", as: "token" }],
      out: [],
      route: "first",
      to,
      instance: "shared",
    };
    this.#sends(id, net, place);
  }

  #stockOf(subnet: string): { place: string; data: Json }[] {
    const known = this.#stock.get(subnet) ?? [];
    this.#stock.set(subnet, known);
    return known;
  }
}

function hasCrystal(transition: Transition): boolean {
  return "crystal" in transition && transition.crystal !== undefined;
}

function scopedPlace(place: PlaceDefinition, path: string): PlaceDefinition {
  const { deadline } = place;
  if (!deadline || BUILT_IN_PLACES.includes(deadline.to)) return place;
  return { ...place, deadline: { ...deadline, to: joined(path, deadline.to) } };
}

/** A sub-net's transition with the names that its places have in the log. Inputs keep the names that its expressions use. */
function scoped(transition: Transition, path: string): Transition {
  const place = (name: string) => (BUILT_IN_PLACES.includes(name) ? name : joined(path, name));
  const { onError, gate } = transition;
  return {
    ...transition,
    in: transition.in.map((arc) => {
      const late = arc.gather?.onIncomplete;
      const gather = arc.gather && late ? { ...arc.gather, onIncomplete: { ...late, to: place(late.to) } } : arc.gather;
      return { ...arc, place: place(arc.place), as: aliasOf(arc), ...(gather ? { gather } : {}) };
    }),
    out: transition.out.map((arc) => ({ ...arc, to: place(arc.to) })),
    ...(onError === undefined ? {} : { onError: place(onError) }),
    ...(gate ? { gate: gate.escalate === undefined ? gate : { ...gate, escalate: place(gate.escalate) } } : {}),
  };
}
