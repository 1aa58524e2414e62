/**
 * What a net means, written down as plainly as it goes and apart from the engine: places are lists, binding tries everything
 * in order. Made from docs/net-file.md and the design's words alone; slow, and meant to be read.
 */
import { type Condition, type Data, type ModelArc, type ModelNet, type ModelTransition, type Operator, RETRIES } from "./model.ts";

export interface RefToken {
  id: number;
  data: Data | "error";
}
/** Tokens by the name of their input, in the order of the arcs. */
type Bound = { arc: ModelArc; tokens: RefToken[] }[];

interface Open {
  transition: ModelTransition;
  bound: Bound;
  swept: { place: string; id: number }[];
  failures: number;
}

export class Reference {
  readonly net: ModelNet;
  places: Record<string, RefToken[]> = {};
  /** Tokens that open firings hold. */
  held = new Set<number>();
  /** Transition -> tokens that it has read, for those that only read. */
  seen: Record<string, Set<number>> = {};
  open: Open[] = [];
  #next = 1;

  constructor(net: ModelNet) {
    this.net = net;
    for (const { name } of net.places) this.places[name] = [];
    this.places["dead-letter"] = [];
    for (const { id } of net.transitions) this.seen[id] = new Set();
  }

  copy(): Reference {
    const copy = new Reference(this.net);
    copy.places = structuredClone(this.places);
    copy.held = new Set(this.held);
    copy.seen = structuredClone(this.seen);
    copy.open = structuredClone(this.open);
    copy.#next = this.#next;
    return copy;
  }

  put(place: string, data: Data): void {
    this.#lay(place, data);
  }
  /** Data by place, in order of arrival. */
  marking(): Record<string, (Data | "error")[]> {
    const full = Object.entries(this.places).filter(([, tokens]) => tokens.length > 0);
    return Object.fromEntries(full.map(([place, tokens]) => [place, tokens.map(({ data }) => data)]));
  }
  isEnabled(id: string): boolean {
    return this.#binding(this.#transition(id)) !== null;
  }

  /** Fires, or begins where somebody else does the work. False when it is not enabled. */
  fire(id: string): boolean {
    const transition = this.#transition(id);
    const bound = this.#binding(transition);
    if (!bound) return false;
    if (isReader(transition)) for (const { tokens } of bound) for (const token of tokens) this.seen[id]?.add(token.id);
    const swept = this.#swept(transition, bound);
    const firing = { transition, bound, swept, failures: 0 };
    if (transition.kind !== "command") this.#end(firing, resultOf(transition, bound));
    else {
      this.open.push(firing);
      for (const token of consumed(bound)) this.held.add(token.id);
      for (const { id: token } of swept) this.held.add(token);
    }
    return true;
  }

  /** The oldest open firing of the transition ends with this result. */
  finish(id: string, result: Data): void {
    const at = this.open.findIndex(({ transition }) => transition.id === id);
    const [firing] = this.open.splice(at, 1);
    if (firing) this.#end(firing, result);
  }

  /** An attempt of the oldest open firing fails: what may pass is tried again, and all that it holds stays held. */
  fail(id: string, mayPass: boolean): void {
    const firing = this.open.find(({ transition }) => transition.id === id);
    if (!firing) return;
    if (mayPass && firing.failures < RETRIES) {
      firing.failures += 1;
      return;
    }
    this.open.splice(this.open.indexOf(firing), 1);
    this.#end(firing, null);
  }

  #transition(id: string): ModelTransition {
    const found = this.net.transitions.find((each) => each.id === id);
    if (!found) throw new Error(`no transition ${id}`);
    return found;
  }

  #lay(place: string, data: Data | "error"): void {
    this.places[place]?.push({ id: this.#next++, data });
  }

  /** The first combination, arcs and tokens in order, that meets everything. */
  #binding(transition: ModelTransition): Bound | null {
    const arcs = transition.in.filter(({ mode }) => mode === "consume" || mode === "read");
    const search = (at: number, bound: Bound): Bound | null => {
      const arc = arcs[at];
      if (!arc) return this.#mayFire(transition, bound) ? bound : null;
      for (const tokens of this.#choices(transition, arc, bound)) {
        const found = search(at + 1, [...bound, { arc, tokens }]);
        if (found) return found;
      }
      return null;
    };
    return search(0, []);
  }

  #choices(transition: ModelTransition, arc: ModelArc, bound: Bound): RefToken[][] {
    const already = new Set(bound.flatMap(({ tokens }) => tokens.map(({ id }) => id)));
    const fitting = (this.places[arc.place] ?? []).filter(
      (token) =>
        !already.has(token.id) &&
        this.#isFree(transition, arc, token) &&
        holds(arc.where, token, bound) &&
        agrees(transition, token, bound),
    );
    const { order } = arc;
    if (order) fitting.sort((a, b) => (fieldOf(a, order.field) - fieldOf(b, order.field)) * (order.descending ? -1 : 1));
    if (arc.take === 1) return fitting.map((token) => [token]);
    if (arc.take === "all") return fitting.length > 0 ? [fitting] : [];
    return fitting.length >= arc.take ? [fitting.slice(0, arc.take)] : [];
  }

  /** Reading comes before consuming, and what only reads does so once for each token. */
  #isFree(transition: ModelTransition, arc: ModelArc, token: RefToken): boolean {
    if (arc.mode === "read") return !isReader(transition) || !this.seen[transition.id]?.has(token.id);
    if (this.held.has(token.id)) return false;
    return this.net.transitions.every((reader) => {
      if (!isReader(reader) || this.seen[reader.id]?.has(token.id)) return true;
      return !reader.in.some(({ place, mode, where }) => mode === "read" && place === arc.place && holds(where, token, []));
    });
  }

  #mayFire(transition: ModelTransition, bound: Bound): boolean {
    const [first] = bound[0]?.tokens ?? [];
    if (transition.guard && !(first && holds(transition.guard, first, bound))) return false;
    if (this.open.filter((each) => each.transition.id === transition.id).length >= (transition.concurrency ?? Infinity)) return false;
    for (const arc of transition.in) {
      if (arc.mode !== "inhibit") continue;
      const there = (this.places[arc.place] ?? []).filter((token) => holds(arc.where, token, bound)).length;
      if (there >= Number(arc.take)) return false;
    }
    return transition.out.every(({ to }) => this.#hasRoom(to, bound));
  }

  /** A place with a capacity is filled by arcs of one token here: that one must fit, beside what open firings may bring. */
  #hasRoom(place: string, bound: Bound): boolean {
    const capacity = this.net.places.find(({ name }) => name === place)?.capacity ?? null;
    if (capacity === null) return true;
    const leaving = bound.filter(({ arc }) => arc.place === place && arc.mode === "consume").flatMap(({ tokens }) => tokens).length;
    const coming = this.open.filter((each) => each.transition.out.some(({ to }) => to === place)).length;
    const after = (this.places[place]?.length ?? 0) + coming - leaving + 1;
    // What puts back no more than it takes makes the place no fuller.
    return after <= capacity || leaving >= 1;
  }

  /** A reset arc takes what is free and fits; none is no reason to wait. */
  #swept(transition: ModelTransition, bound: Bound): { place: string; id: number }[] {
    const already = new Set(bound.flatMap(({ tokens }) => tokens.map(({ id }) => id)));
    return transition.in.flatMap((arc) => {
      if (arc.mode !== "reset") return [];
      const there = (this.places[arc.place] ?? []).filter(
        (token) => !already.has(token.id) && !this.held.has(token.id) && holds(arc.where, token, bound),
      );
      return there.map(({ id }) => ({ place: arc.place, id }));
    });
  }

  /** Without a result the work has failed. */
  #end({ transition, bound, swept }: Open, result: Data | null): void {
    const gone = new Set([...consumed(bound).map(({ id }) => id), ...swept.map(({ id }) => id)]);
    for (const [place, tokens] of Object.entries(this.places)) this.places[place] = tokens.filter(({ id }) => !gone.has(id));
    for (const id of gone) this.held.delete(id);
    const made = result && routed(transition, result);
    if (made === null) this.#lay("dead-letter", "error");
    else for (const { to, data } of made) this.#lay(to, data);
  }
}

/** What a result becomes, or null where a part of it finds no way. The parts of an array are results of their own. */
function routed({ out, route }: ModelTransition, result: Data): { to: string; data: Data }[] | null {
  const made: { to: string; data: Data }[] = [];
  const open = new Map<string, Set<number>>();
  let whole = false;
  for (const [at, arc] of out.entries()) {
    if (whole && route === "first") break;
    const meets = holds(arc.when, { id: 0, data: result }, []);
    // A condition that names the element is asked of each of them; any other opens or closes the way for all.
    if (!meets && arc.pick === null) continue;
    const earlier = out.slice(0, at).filter(({ each }) => each === arc.each);
    const lay = (data: Data) => {
      for (let n = 0; n < arc.weight; n++) made.push({ to: arc.to, data });
    };
    if (arc.each === null) {
      if ((arc.otherwise || route === "first") && made.length > 0) continue;
      whole = true;
      lay(result);
      continue;
    }
    if (arc.otherwise && earlier.length === 0 && made.length > 0) continue;
    const elements = arc.each === "parts" ? result.parts : [result.k, result.v];
    const left = open.get(arc.each) ?? new Set(elements.keys());
    open.set(arc.each, left);
    for (const [index, v] of elements.entries()) {
      if ((arc.otherwise || route === "first") && !left.has(index)) continue;
      if (arc.pick && !(meets && compare(v, arc.pick.operator, arc.pick.against))) continue;
      left.delete(index);
      lay({ k: result.k, v, parts: [] });
    }
  }
  const lost = [...open.values()].some((left) => left.size > 0) || (open.size === 0 && out.length > 0);
  return lost && !whole ? null : made;
}

/** Has read arcs and consumes nothing. */
function isReader(transition: ModelTransition): boolean {
  return transition.in.some(({ mode }) => mode === "read") && !transition.in.some(({ mode }) => mode === "consume");
}
function consumed(bound: Bound): RefToken[] {
  return bound.filter(({ arc }) => arc.mode === "consume").flatMap(({ tokens }) => tokens);
}
function fieldOf({ data }: RefToken, field: "k" | "v"): number {
  return data === "error" ? Number.NaN : data[field];
}
function agrees({ correlate }: ModelTransition, token: RefToken, bound: Bound): boolean {
  const first = consumed(bound)[0];
  return correlate === null || first === undefined || fieldOf(first, correlate) === fieldOf(token, correlate);
}
function holds(where: Condition | null, token: RefToken, bound: Bound): boolean {
  if (!where) return true;
  const { against } = where;
  const other = typeof against === "number" ? against : bound.find(({ arc }) => arc.as === against.input)?.tokens[0];
  if (other === undefined) return false;
  const [a, b] = [
    fieldOf(token, where.field),
    typeof other === "number" || typeof against === "number" ? Number(other) : fieldOf(other, against.field),
  ];
  return compare(a, where.operator, b);
}
function compare(a: number, operator: Operator, b: number): boolean {
  return operator === "==" ? a === b : operator === "!=" ? a !== b : operator === "<" ? a < b : a >= b;
}
/** A `pass` hands on its first input, a `map` adds one to its `v`, or counts where there are many. */
function resultOf(transition: ModelTransition, bound: Bound): Data {
  const tokens = bound[0]?.tokens ?? [];
  if (bound[0]?.arc.take !== 1) return { k: tokens.length, v: 0, parts: [] };
  const one = tokens[0]?.data as Data;
  return transition.kind === "map" ? { ...one, v: one.v + 1 } : one;
}
