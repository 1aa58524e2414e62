/**
 * The state arranged for deciding: free tokens in order of arrival, tokens by the value of an expression, firings by transition.
 *
 * X1 It is derived from the state alone, in no checkpoint, and made anew where it is missing. X2 Only `fold.ts` keeps it up, as
 * only the fold changes a state (S1). X3 Every list keeps the order of arrival (S2). X4 A list by key holds all tokens whose
 * value may equal the key; who asks tests them again.
 */
import type { Json } from "../contract/json.ts";
import type { Token } from "../contract/token.ts";
import type { NetState, OpenFiring, Placed } from "./state.ts";
import { type Slot, TokenLine } from "./token-line.ts";

/** What tokens of a place are told apart by. */
export interface TokenKey {
  /** Two keys of the same text are the same key. */
  text: string;
  of(token: Token, place: string): Json | undefined;
}

/** Consume arcs look at free tokens only, read arcs at held ones too. */
export type Over = "free" | "all";

const indexes = new WeakMap<NetState, MarkingIndex>();

/** The index of a state, made at the first call. */
export function markingIndex(state: NetState): MarkingIndex {
  let index = indexes.get(state);
  if (!index) {
    index = new MarkingIndex(state);
    indexes.set(state, index);
  }
  return index;
}
/** For the fold: the index if anybody has asked for one. */
export function existingIndex(state: NetState): MarkingIndex | undefined {
  return indexes.get(state);
}

/** One text for values that count as equal: missing as null. Objects and arrays share one, whatever they hold (X4). */
export function keyText(value: Json | undefined): string {
  if (typeof value === "string") return `"${value}`;
  return typeof value === "object" && value !== null ? "{" : String(value ?? null);
}

interface TokenList {
  over: Over;
  key: TokenKey | null;
  lines: Map<string, TokenLine>;
}
const EVERYTHING = "";
const NOTHING = new TokenLine();

/** The tokens of one place. */
export class PlaceIndex {
  readonly #place: string;
  readonly #slots = new Map<string, Slot>();
  readonly #lists: TokenList[] = [{ over: "free", key: null, lines: new Map() }];
  #arrivals = 0;

  constructor(place: string, tokens: Iterable<Placed>) {
    this.#place = place;
    for (const placed of tokens) this.add(placed, 0);
  }

  /** All tokens, or those whose key may have this value (X4). Not to be kept: it is of this moment. */
  line(over: Over, key: TokenKey | null, value?: Json): TokenLine {
    return this.#list(over, key).lines.get(key === null ? EVERYTHING : keyText(value)) ?? NOTHING;
  }
  /** Every group of tokens with the same key, in no order. */
  groups(over: Over, key: TokenKey): Iterable<TokenLine> {
    return this.#list(over, key).lines.values();
  }

  add(placed: Placed, seq: number): void {
    const before = this.#slots.get(placed.token.id);
    this.remove(placed.token.id);
    const slot: Slot = { placed, order: before?.order ?? this.#arrivals++, seq, nodes: new Array<null>(this.#lists.length).fill(null) };
    this.#slots.set(placed.token.id, slot);
    for (let at = 0; at < this.#lists.length; at += 1) this.#enter(slot, at);
  }
  remove(id: string): void {
    const slot = this.#slots.get(id);
    if (!slot) return;
    this.#slots.delete(id);
    for (let at = 0; at < this.#lists.length; at += 1) this.#leave(slot, at);
  }
  /** Its reservation has begun or ended. */
  changed(id: string): void {
    const slot = this.#slots.get(id);
    if (!slot) return;
    for (let at = 0; at < this.#lists.length; at += 1) {
      if (this.#lists[at]?.over !== "free") continue;
      if (slot.placed.reservedBy !== null) this.#leave(slot, at);
      else if (!slot.nodes[at]) this.#enter(slot, at);
    }
  }

  #list(over: Over, key: TokenKey | null): TokenList {
    const known = this.#lists.find((list) => list.over === over && list.key?.text === key?.text);
    if (known) return known;
    const list: TokenList = { over, key, lines: new Map() };
    const at = this.#lists.push(list) - 1;
    for (const slot of this.#slots.values()) this.#enter(slot, at);
    return list;
  }

  #enter(slot: Slot, at: number): void {
    const list = this.#lists[at] as TokenList;
    slot.nodes[at] = null;
    if (list.over === "free" && slot.placed.reservedBy !== null) return;
    const text = list.key === null ? EVERYTHING : keyText(list.key.of(slot.placed.token, this.#place));
    let line = list.lines.get(text);
    if (!line) {
      line = new TokenLine(text);
      list.lines.set(text, line);
    }
    slot.nodes[at] = line.insert(slot);
  }

  #leave(slot: Slot, at: number): void {
    const node = slot.nodes[at];
    if (!node) return;
    slot.nodes[at] = null;
    node.line.remove(node);
    if (node.line.size === 0) this.#lists[at]?.lines.delete(node.line.key);
  }
}

/** The open firings of one transition. */
export interface FiringsOf {
  open: Set<OpenFiring>;
  /** Those that wait for people, or have passed and wait for their turn. */
  gated: Set<OpenFiring>;
  passed: Set<OpenFiring>;
  /** Questions about its rule: they are in no other list, since they hold nothing up. */
  asking: Set<OpenFiring>;
}
const NO_FIRINGS: FiringsOf = { open: new Set(), gated: new Set(), passed: new Set(), asking: new Set() };

export class MarkingIndex {
  /** What is held in memory alone: token ids, and `<transition> <token>` against reading twice (B8). */
  readonly held = new Set<string>();

  readonly #state: NetState;
  readonly #places = new Map<string, PlaceIndex>();
  readonly #firings = new Map<string, FiringsOf>();
  /** Firings for which time alone will bring something about: a retry, a gate's end. */
  readonly timed = new Set<OpenFiring>();

  constructor(state: NetState) {
    this.#state = state;
    for (const firing of state.firings.values()) this.firing(firing);
  }

  place(place: string): PlaceIndex {
    let index = this.#places.get(place);
    if (!index) {
      index = new PlaceIndex(place, this.#state.places.get(place)?.values() ?? []);
      this.#places.set(place, index);
    }
    return index;
  }
  /** For the fold: a place that nobody has looked at needs no upkeep. */
  known(place: string): PlaceIndex | undefined {
    return this.#places.get(place);
  }

  firingsOf(transition: string): Readonly<FiringsOf> {
    return this.#firings.get(transition) ?? NO_FIRINGS;
  }

  /** It has opened or changed. */
  firing(firing: OpenFiring): void {
    let own = this.#firings.get(firing.transition);
    if (!own) {
      own = { open: new Set(), gated: new Set(), passed: new Set(), asking: new Set() };
      this.#firings.set(firing.transition, own);
    }
    const { gate } = firing;
    put(own.open, firing, gate === null);
    const asks = gate?.crystal !== undefined;
    put(own.asking, firing, asks);
    put(own.gated, firing, gate !== null && !asks);
    put(own.passed, firing, gate?.passed === true && !asks);
    put(
      this.timed,
      firing,
      gate === null ? firing.notBefore !== null || typeof firing.deadline === "number" : !gate.passed && gate.expiresAt !== null,
    );
  }
  closed(firing: OpenFiring): void {
    const own = this.#firings.get(firing.transition);
    own?.open.delete(firing);
    own?.gated.delete(firing);
    own?.passed.delete(firing);
    own?.asking.delete(firing);
    this.timed.delete(firing);
  }
}

function put<T>(set: Set<T>, item: T, belongs: boolean): void {
  if (belongs) set.add(item);
  else set.delete(item);
}
