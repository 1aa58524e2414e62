/**
 * The stories of a line of events that grows: what has come since the last look, at either end, is added to them, and a story is worked out
 * when it is shown.
 */
import type { NetEvent } from "../contract/event.ts";
import { GrowingLine } from "./growing-line.ts";
import { type Story, StoryTally, storyKeyOf } from "./stories.ts";

export class StoryBook {
  readonly #line = new GrowingLine();
  #first = 0;
  /** In the order of their newest event: here newest last, */
  #newer = new Map<string, StoryTally>();
  /** and newest first those that were found by paging back. All of them are older. */
  #older = new Map<string, StoryTally>();
  #personas = new Set<string>();

  /** A line that goes on from the one before is read on; any other from its beginning. */
  read(events: readonly NetEvent[]): void {
    const { before, after, from } = this.#line.news(events);
    if (from === null || from > this.#first) {
      // Nothing can be taken out of a sum: what was cut away makes all of it new.
      this.#newer = new Map();
      this.#older = new Map();
      this.#personas = new Set();
      for (const event of events) this.#add(event);
    } else {
      for (let at = before.length - 1; at >= 0; at -= 1) this.#addBefore(before[at] as NetEvent);
      for (const event of after) this.#add(event);
    }
    this.#first = events[0]?.seq ?? 0;
  }

  get size(): number {
    return this.#newer.size + this.#older.size;
  }
  personas(): string[] {
    return [...this.#personas].sort();
  }

  /** At most so many, newest first. */
  newest(count: number): Story[] {
    const tallies = [...this.#newer.values()].slice(-count).reverse();
    for (const tally of this.#older.values()) {
      if (tallies.length >= count) break;
      tallies.push(tally);
    }
    return tallies.map((tally) => tally.story());
  }

  #add(event: NetEvent): void {
    if (event.persona) this.#personas.add(event.persona);
    const key = storyKeyOf(event);
    const known = this.#newer.get(key) ?? this.#older.get(key);
    known?.add(event);
    this.#older.delete(key);
    this.#newer.delete(key);
    this.#newer.set(key, known ?? new StoryTally(key, event));
  }

  #addBefore(event: NetEvent): void {
    if (event.persona) this.#personas.add(event.persona);
    const key = storyKeyOf(event);
    const known = this.#newer.get(key) ?? this.#older.get(key);
    if (known) known.addBefore(event);
    else this.#older.set(key, new StoryTally(key, event));
  }
}
