/** Tokens in order of arrival, as a linked list: taking one out of the middle of 100,000 costs what it costs in one of ten. */
import type { Placed } from "./state.ts";

/** A token at rest as the index knows it. */
export interface Slot {
  placed: Placed;
  /** Counts arrivals in the place: the order in which tokens are bound. */
  readonly order: number;
  /** `seq` of the event that brought it here; 0 for what a checkpoint held. */
  readonly seq: number;
  /** Where it stands in each list of its place; null in those that it is not in. */
  readonly nodes: (LineNode | null)[];
}

export interface LineNode {
  readonly slot: Slot;
  readonly line: TokenLine;
  previous: LineNode | null;
  next: LineNode | null;
}

export class TokenLine {
  /** What its tokens have in common. */
  readonly key: string;
  head: LineNode | null = null;
  #tail: LineNode | null = null;
  size = 0;

  constructor(key = "") {
    this.key = key;
  }

  /** Puts it where its arrival belongs: nearly always at the end. */
  insert(slot: Slot): LineNode {
    let previous = this.#tail;
    // What was held and is free again is old: it is looked for from the front.
    if (previous !== null && previous.slot.order > slot.order) {
      let next = this.head;
      while (next !== null && next.slot.order < slot.order) next = next.next;
      previous = next?.previous ?? null;
    }
    const node: LineNode = { slot, line: this, previous, next: previous === null ? this.head : previous.next };
    if (node.next === null) this.#tail = node;
    else node.next.previous = node;
    if (previous === null) this.head = node;
    else previous.next = node;
    this.size += 1;
    return node;
  }

  remove(node: LineNode): void {
    if (node.previous === null) this.head = node.next;
    else node.previous.next = node.next;
    if (node.next === null) this.#tail = node.previous;
    else node.next.previous = node.previous;
    this.size -= 1;
  }
}
