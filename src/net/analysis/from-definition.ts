/**
 * A net file as a P/T net, for one case: a token in each open place that is consumed from (as many as one firing takes), those
 * that the file puts in, and nothing that arrives later. Each outcome of a transition is a transition of its own.
 * A reader that fires once for each token gets two hidden places: tokens that it has yet to read, and those it has read.
 */
import { BUILT_IN_PLACES } from "../built-in-places.ts";
import type { InputArc, NetDefinition, Transition } from "../definition.ts";
import { constantCount, isCountedByData, placesByData } from "./by-data.ts";
import { neverFires } from "./never-fires.ts";
import { type Outcome, outcomesOf } from "./outcomes.ts";
import { type PetriArc, type PetriNet, type PetriPlace, type PetriTransition, transition } from "./petri-net.ts";

export interface OneCase {
  net: PetriNet;
  /** Places by name, for those that are not hidden. */
  places: ReadonlyMap<string, number>;
  /** The open places where the case begins. */
  entries: string[];
  /** Places where a token may stay: nothing consumes from them, or the file calls them a sink. */
  ends: ReadonlySet<number>;
  /** Tokens that the file itself puts in: they may stay where they are. */
  stock: ReadonlyMap<number, number>;
  /** Places whose number of tokens is up to an array in the data. */
  byData: ReadonlySet<string>;
  /** Places of which an expression says how many tokens are taken: what stays behind there, the arcs do not tell. */
  takenByData: ReadonlySet<string>;
  /** Transitions that never fire whatever tokens come, and why. */
  never: ReadonlyMap<string, string>;
  /** What each delivery from outside brings, by the place that it goes to. */
  arrivals: ReadonlyMap<number, PetriArc[]>;
  /** By transition: what one more element of an array in its data brings. */
  fans: ReadonlyMap<string, PetriArc[][]>;
}

/** Of an incomplete group so many sizes are told apart. */
const MOST_PARTS = 20;

interface Reader {
  unread: number;
  read: number;
  /** It may pass a token over. */
  chooses: boolean;
}

/** What a firing needs; `after` is what it puts back of that whatever its outcome. */
interface Inputs extends Pick<PetriTransition, "consume" | "read" | "inhibit" | "reset"> {
  after: PetriArc[];
}

export function oneCase(definition: NetDefinition): OneCase {
  return new Translation(definition).result();
}

class Translation {
  readonly #definition: NetDefinition;
  readonly #places: PetriPlace[] = [];
  readonly #transitions: PetriTransition[] = [];
  readonly #index = new Map<string, number>();
  /** By place, then by transition. */
  readonly #readers = new Map<string, Map<string, Reader>>();
  readonly #arcs: { name: string; one: Transition; arc: InputArc }[];
  /** By place: how many tokens each firing takes that takes from it. */
  readonly #wanted = new Map<string, number[]>();
  readonly #ids = new Set<string>();
  readonly #entries: string[] = [];
  readonly #never = new Map<string, string>();
  /** Places whose number of tokens is up to an array in the data. */
  readonly #byData: ReadonlySet<string>;

  constructor(definition: NetDefinition) {
    this.#definition = definition;
    this.#byData = placesByData(definition);
    this.#arcs = Object.entries(definition.transitions).flatMap(([name, one]) => one.in.map((arc) => ({ name, one, arc })));
    for (const { arc } of this.#arcs)
      if (takes(arc)) this.#wanted.set(arc.place, [...(this.#wanted.get(arc.place) ?? []), this.#countOf(arc)]);
    for (const name of [...Object.keys(definition.places), ...BUILT_IN_PLACES]) this.#place(name);
    for (const { name, one, arc } of this.#arcs) if (arc.mode === "read" && isBlackboard(one)) this.#reader(name, one, arc);
    for (const [name, one] of Object.entries(definition.transitions)) this.#transition(name, one);
    for (const [name, { deadline }] of Object.entries(definition.places)) if (deadline) this.#deadline(name, deadline.to);
  }

  result(): OneCase {
    const { net, title } = this.#definition;
    const timed = Object.entries(this.#definition.places).flatMap(([name, { deadline }]) => (deadline ? [name] : []));
    const consumed = new Set([...timed, ...this.#arcs.flatMap(({ arc }) => (takes(arc) ? [arc.place] : []))]);
    const isEnd = (name: string) => !consumed.has(name) || this.#definition.places[name]?.sink === true;
    const ends = new Set([...this.#index].flatMap(([name, at]) => (isEnd(name) ? [at] : [])));
    const stock = new Map(Object.entries(this.#definition.tokens ?? {}).map(([name, tokens]) => [this.#at(name), tokens.length]));
    return {
      net: { id: net, name: title ?? net, places: this.#places, transitions: this.#transitions },
      places: this.#index,
      entries: this.#entries,
      ends,
      stock,
      byData: this.#byData,
      takenByData: new Set(this.#arcs.flatMap(({ arc }) => (takes(arc) && isCountedByData(arc) ? [arc.place] : []))),
      never: this.#never,
      arrivals: new Map(
        Object.entries(this.#definition.places).flatMap(([name, { open: isOpen }]) =>
          isOpen ? [[this.#at(name), this.#arriving(name, 1)]] : [],
        ),
      ),
      fans: this.#fans(),
    };
  }

  #place(name: string): void {
    const { open, capacity } = this.#definition.places[name] ?? {};
    const wanted = this.#wanted.get(name) ?? [];
    // What is only read stays, so there may be as many as one firing reads.
    const least =
      wanted.length > 0 ? wanted : this.#arcs.flatMap(({ arc }) => (arc.place === name && arc.mode === "read" ? [this.#countOf(arc)] : []));
    if (open && wanted.length > 0) this.#entries.push(name);
    this.#index.set(name, this.#places.length);
    const stock = this.#definition.tokens?.[name]?.length ?? 0;
    // More than it holds is not let in.
    const arriving = open ? Math.min(Math.max(1, ...least), Math.max(0, (capacity ?? Number.POSITIVE_INFINITY) - stock)) : 0;
    this.#places.push({
      id: name,
      name,
      initial: stock + arriving,
      ...(capacity === undefined ? {} : { capacity: Math.max(capacity, stock) }),
    });
  }

  #hidden(id: string, initial: number): number {
    this.#places.push({ id, name: id, initial, hidden: true });
    return this.#places.length - 1;
  }

  #reader(name: string, one: Transition, arc: InputArc): void {
    const initial = this.#places[this.#at(arc.place)]?.initial ?? 0;
    const id = `${arc.place}--${name}`;
    const readers = this.#readers.get(arc.place) ?? new Map<string, Reader>();
    this.#readers.set(arc.place, readers);
    const reader = {
      unread: this.#hidden(`${id}--unread`, initial),
      read: this.#hidden(`${id}--read`, 0),
      chooses: arc.where !== undefined || one.guard !== undefined,
    };
    readers.set(name, reader);
    if (!reader.chooses) return;
    const passes = { consume: [{ place: reader.unread, weight: 1 }], produce: [{ place: reader.read, weight: 1 }] };
    this.#transitions.push(transition(`${id}--passed-over`, { hidden: true, ...passes }));
  }

  #transition(name: string, one: Transition): void {
    const inputs = this.#inputs(name, one);
    // What nothing feeds, like a schedule, fires once a case.
    if (inputs.consume.length === 0) inputs.consume.push({ place: this.#hidden(`${name}--once`, 1), weight: 1 });
    const never = neverFires(one, this.#definition);
    if (never !== null) {
      this.#never.set(name, never);
      // What only itself would fill.
      const place = this.#hidden(`${name}--never`, 0);
      inputs.consume.push({ place, weight: 1 });
      inputs.after.push({ place, weight: 1 });
    }
    const without = this.#withoutChosenResets(name, one, inputs);
    for (const outcome of outcomesOf(one)) {
      this.#outcome(name, outcome, inputs);
      if (without) this.#outcome(name, outcome, without);
    }
    for (const [at, arc] of one.in.entries()) {
      const late = arc.gather?.onIncomplete;
      if (!late) continue;
      for (const part of this.#partGroups(one, arc, at)) {
        this.#outcome(name, { how: "late", to: [late.to], limited: false }, this.#inputs(name, part));
      }
    }
  }

  /** What an incomplete group may be: what comes before it alone, or with some of its tokens. */
  #partGroups(one: Transition, arc: InputArc, at: number): Transition[] {
    const before = one.in.slice(0, at);
    const some = Array.from({ length: Math.min(MOST_PARTS, Math.max(1, this.#countOf(arc) - 1)) }, (_, less) => less + 1);
    const { gather: _, ...plain } = arc;
    return [...(at > 0 ? [before] : []), ...some.map((take) => [...before, { ...plain, take }])].map((arcs) => ({ ...one, in: arcs }));
  }

  /** A reset with a condition may find nothing that meets it. */
  #withoutChosenResets(name: string, one: Transition, { consume }: Inputs): Inputs | null {
    const left = one.in.filter((arc) => arc.mode !== "reset" || arc.where === undefined);
    return left.length === one.in.length ? null : { ...this.#inputs(name, { ...one, in: left }), consume };
  }

  /** What waits too long goes on, read or not yet read. */
  #deadline(place: string, to: string): void {
    const readers = [...(this.#readers.get(place)?.values() ?? [])];
    for (const hidden of readers.length === 0 ? [[]] : [readers.map(({ read }) => read), readers.map(({ unread }) => unread)]) {
      const consume = [this.#at(place), ...hidden].map((at) => ({ place: at, weight: 1 }));
      const name = `the deadline of ${place}`;
      const id = `${place}--late--${hidden.length > 0 ? hidden.join("-") : to}`;
      this.#transitions.push(transition(id, { name: `${name} to ${to}`, consume, produce: this.#arriving(to, 1) }));
    }
  }

  #inputs(name: string, one: Transition): Inputs {
    const parts: Inputs = { consume: [], read: [], inhibit: [], reset: [], after: [] };
    for (const arc of one.in) {
      const place = this.#at(arc.place);
      const weight = this.#countOf(arc);
      const readers = [...(this.#readers.get(arc.place)?.values() ?? [])];
      // Which of the tokens meet its condition is up to the data: then it forbids nothing for sure.
      if (arc.mode === "inhibit") parts.inhibit.push(...(arc.where === undefined ? [{ place, weight }] : []));
      else if (arc.mode === "reset") parts.reset.push(place, ...readers.flatMap(({ unread, read }) => [unread, read]));
      else if (arc.mode === "consume") {
        parts.consume.push({ place, weight }, ...readers.map(({ read }) => ({ place: read, weight })));
      } else {
        const reader = isBlackboard(one) ? this.#readers.get(arc.place)?.get(name) : undefined;
        if (!reader) parts.read.push({ place, weight });
        else {
          parts.consume.push({ place: reader.unread, weight });
          parts.after.push({ place: reader.read, weight });
        }
      }
    }
    return parts;
  }

  #outcome(name: string, outcome: Outcome, inputs: Inputs): void {
    const { after, ...arcs } = inputs;
    const produce = [...after, ...outcome.to.flatMap((to, at) => this.#arriving(to, outcome.weights?.[at] ?? 1))];
    const id = [name, outcome.how, ...outcome.to].join("--");
    let unique = id;
    for (let at = 2; this.#ids.has(unique); at += 1) unique = `${id}-${at}`;
    this.#ids.add(unique);
    this.#transitions.push(
      transition(unique, {
        name: wordsOf(name, outcome),
        of: name,
        how: outcome.how,
        ...arcs,
        produce,
        ...(outcome.limited ? { limited: true } : {}),
      }),
    );
  }

  #arriving(place: string, weight: number): PetriArc[] {
    const readers = [...(this.#readers.get(place)?.values() ?? [])];
    return [{ place: this.#at(place), weight }, ...readers.map(({ unread }) => ({ place: unread, weight }))];
  }

  #at(name: string): number {
    return this.#index.get(name) ?? -1;
  }

  /** How many tokens of its place a firing needs; one where the data says how many there are or are needed. */
  #countOf(arc: InputArc): number {
    if (arc.gather) return this.#byData.has(arc.place) ? 1 : (constantCount(arc.gather.count) ?? 1);
    return typeof arc.take === "number" ? arc.take : 1;
  }

  #fans(): Map<string, PetriArc[][]> {
    return new Map(
      Object.entries(this.#definition.transitions).flatMap(([name, { out }]) => {
        const fanned = out.flatMap(({ each, to, weight }) => (each === undefined ? [] : [this.#arriving(to, weight ?? 1)]));
        return fanned.length > 0 ? [[name, fanned]] : [];
      }),
    );
  }
}

/** A reader with nothing to consume fires once for each token; one with a schedule reads again at each of its times. */
function isBlackboard(one: Transition): boolean {
  return !one.schedule && !one.in.some((arc) => arc.mode === "consume");
}

function takes(arc: InputArc): boolean {
  return arc.mode === "consume" || arc.mode === "reset";
}

function wordsOf(name: string, { how, to }: Outcome): string {
  const where = to.length > 0 ? ` to ${[...new Set(to)].join(" and ")}` : "";
  if (how === "done") return `${name}${where}`;
  if (how === "late") return `${name}, its group incomplete,${where}`;
  return `${name} ${how === "failed" ? "fails" : "is refused"}${where}`;
}
