/**
 * The state arranged for deciding: free tokens in order of arrival, tokens by the value of an expression, firings by transition.
 *
 * X1 It is derived from the state alone, in no checkpoint, and made anew where it is missing. X2 Only `fold.ts` keeps it up, as
 * only the fold changes a state (S1). X3 Every list keeps the order of arrival (S2). X4 A list by key holds all tokens whose
 * value may equal the key; who asks tests them again.
 */
import type { Json } from "../contract/json.ts";
import type { NetState, OpenFiring, Placed } from "./state.ts";
import { SlotTable, type TokenLine } from "./token-line.ts";
import { type Over, type TokenKey, TokenList } from "./token-list.ts";

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

/** The tokens of one place. */
export class PlaceIndex {
  readonly #place: string;
  readonly #slots = new Map<string, number>();
  readonly #table = new SlotTable();
  readonly #lists: TokenList[];
  #arrivals = 0;

  constructor(place: string, tokens: Iterable<Placed>) {
    this.#place = place;
    this.#lists = [new TokenList(place, this.#table, "free", null)];
    for (const placed of tokens) this.add(placed, 0);
  }

  /** All tokens, or those whose key may have this value (X4). Not to be kept: it is of this moment. */
  line(over: Over, key: TokenKey | null, value?: Json): TokenLine {
    return this.#list(over, key).line(value);
  }

  add(placed: Placed, seq: number): void {
    const { id } = placed.token;
    const known = this.#slots.get(id);
    const order = known === undefined ? this.#arrivals++ : (this.#table.order[known] as number);
    if (known !== undefined) this.remove(id);
    const slot = this.#table.enter(placed, order, seq);
    this.#slots.set(id, slot);
    for (const list of this.#lists) this.#enter(list, slot);
  }
  remove(id: string): void {
    const slot = this.#slots.get(id);
    if (slot === undefined) return;
    this.#slots.delete(id);
    for (const list of this.#lists) list.leave(slot);
    if (this.#table.leave(slot)) for (const list of this.#lists) list.clear();
  }
  /** Its reservation has begun or ended. */
  changed(id: string): void {
    const slot = this.#slots.get(id);
    if (slot === undefined) return;
    const isHeld = this.#table.placed[slot]?.reservedBy !== null;
    for (const list of this.#lists) {
      if (list.over !== "free") continue;
      if (isHeld) list.leave(slot);
      else if (!list.has(slot)) this.#enter(list, slot);
    }
  }

  #list(over: Over, key: TokenKey | null): TokenList {
    const known = this.#lists.find((list) => list.over === over && list.key?.text === key?.text);
    if (known) return known;
    const list = new TokenList(this.#place, this.#table, over, key);
    this.#lists.push(list);
    for (const slot of this.#slots.values()) this.#enter(list, slot);
    return list;
  }

  #enter(list: TokenList, slot: number): void {
    if (list.over === "free" && this.#table.placed[slot]?.reservedBy !== null) return;
    list.enter(slot);
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
