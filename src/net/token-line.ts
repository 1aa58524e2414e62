/**
 * Tokens of a place in order of arrival, as linked lists: taking one out of the middle of 100,000 costs what it costs in one of ten.
 * A token goes by a number, its **slot**, and what is known of it stands in columns, since an object for each link of each token
 * took more memory than the tokens.
 */
import type { Placed } from "./state.ts";

/** No slot: the end of a line. */
export const NONE = -1;
/** In `previous`: the slot is in no line of these links. */
const OUT = -2;
const LEAST = 8;
/** A table that has had more slots gives them back when it is empty. */
const KEPT = 1024;

/** What the index knows of the tokens of one place, by slot. */
export class SlotTable {
  readonly placed: (Placed | undefined)[] = [];
  /** Counts arrivals in the place: the order in which tokens are bound. */
  order = new Float64Array(0);
  /** `seq` of the event that brought it here; 0 for what a checkpoint held. */
  seq = new Float64Array(0);
  readonly #free: number[] = [];

  enter(placed: Placed, order: number, seq: number): number {
    const slot = this.#free.pop() ?? this.placed.length;
    if (slot >= this.order.length) {
      const size = grownFor(slot);
      this.order = copyOf(new Float64Array(size), this.order);
      this.seq = copyOf(new Float64Array(size), this.seq);
    }
    this.placed[slot] = placed;
    this.order[slot] = order;
    this.seq[slot] = seq;
    return slot;
  }

  /** True when the last one has left and the columns are given back. */
  leave(slot: number): boolean {
    this.placed[slot] = undefined;
    this.#free.push(slot);
    if (this.#free.length < this.placed.length || this.placed.length <= KEPT) return false;
    this.placed.length = 0;
    this.#free.length = 0;
    this.order = new Float64Array(0);
    this.seq = new Float64Array(0);
    return true;
  }
}

/** Who stands before and behind each slot: one pair of columns serves all lines of a list, since a token stands in one of them. */
export class Links {
  readonly table: SlotTable;
  previous = new Int32Array(0);
  next = new Int32Array(0);

  constructor(table: SlotTable) {
    this.table = table;
  }

  has(slot: number): boolean {
    return slot < this.previous.length && this.previous[slot] !== OUT;
  }
  set(slot: number, previous: number, next: number): void {
    if (slot >= this.previous.length) {
      const size = grownFor(slot);
      this.previous = copyOf(new Int32Array(size).fill(OUT), this.previous);
      this.next = copyOf(new Int32Array(size), this.next);
    }
    this.previous[slot] = previous;
    this.next[slot] = next;
  }
  unset(slot: number): void {
    this.previous[slot] = OUT;
  }
  clear(): void {
    this.previous = new Int32Array(0);
    this.next = new Int32Array(0);
  }
}

export class TokenLine {
  readonly #links: Links;
  /** Slot of the first, or `NONE`. */
  head = NONE;
  #tail = NONE;
  size = 0;

  /** Empty, or with the one slot that stands alone in these links. */
  constructor(links: Links, only = NONE) {
    this.#links = links;
    this.head = only;
    this.#tail = only;
    this.size = only === NONE ? 0 : 1;
  }

  next(slot: number): number {
    return this.#links.next[slot] as number;
  }
  placed(slot: number): Placed {
    return this.#links.table.placed[slot] as Placed;
  }
  order(slot: number): number {
    return this.#links.table.order[slot] as number;
  }
  seq(slot: number): number {
    return this.#links.table.seq[slot] as number;
  }

  /** Puts it where its arrival belongs: nearly always at the end. */
  insert(slot: number): void {
    const links = this.#links;
    let previous = this.#tail;
    const order = this.order(slot);
    // What was held and is free again is old: it is looked for from the front.
    if (previous !== NONE && this.order(previous) > order) {
      let next = this.head;
      while (next !== NONE && this.order(next) < order) next = this.next(next);
      previous = next === NONE ? NONE : (links.previous[next] as number);
    }
    const next = previous === NONE ? this.head : this.next(previous);
    links.set(slot, previous, next);
    if (next === NONE) this.#tail = slot;
    else links.previous[next] = slot;
    if (previous === NONE) this.head = slot;
    else links.next[previous] = slot;
    this.size += 1;
  }

  remove(slot: number): void {
    const links = this.#links;
    const previous = links.previous[slot] as number;
    const next = links.next[slot] as number;
    if (previous === NONE) this.head = next;
    else links.next[previous] = next;
    if (next === NONE) this.#tail = previous;
    else links.previous[next] = previous;
    links.unset(slot);
    this.size -= 1;
  }
}

function grownFor(slot: number): number {
  return Math.max(LEAST, Math.ceil((slot + 1) * 1.5));
}
function copyOf<T extends Int32Array | Float64Array>(target: T, source: T): T {
  target.set(source as never);
  return target;
}
