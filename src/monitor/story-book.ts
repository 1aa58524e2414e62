/**
 * The stories of a line of events that grows: what has come since the last look is added, and a story is worked out when it is shown.
 * With 100,000 events at hand, to go over all of them for each that comes would hold the page up.
 */
import type { NetEvent } from "../contract/event.ts";
import { type Story, storyKeyOf, storyOf } from "./stories.ts";

interface Entry {
  events: NetEvent[];
  story: Story | null;
}

export class StoryBook {
  /** In the order of their newest event, newest last. */
  #entries = new Map<string, Entry>();
  #personas = new Set<string>();
  #read = 0;
  #first = 0;
  #last = 0;

  /** A line that goes on from the one before is read on; any other from its beginning. */
  read(events: readonly NetEvent[]): void {
    const goesOn = this.#read > 0 && events[0]?.seq === this.#first && events[this.#read - 1]?.seq === this.#last;
    if (!goesOn) {
      this.#entries = new Map();
      this.#personas = new Set();
      this.#read = 0;
    }
    for (let at = this.#read; at < events.length; at += 1) this.#add(events[at] as NetEvent);
    this.#read = events.length;
    this.#first = events[0]?.seq ?? 0;
    this.#last = events.at(-1)?.seq ?? 0;
  }

  get size(): number {
    return this.#entries.size;
  }
  personas(): string[] {
    return [...this.#personas].sort();
  }

  /** At most so many, newest first. */
  newest(count: number): Story[] {
    return [...this.#entries]
      .slice(-count)
      .reverse()
      .map(([key, entry]) => {
        entry.story ??= storyOf(key, entry.events);
        return entry.story;
      });
  }

  #add(event: NetEvent): void {
    if (event.persona) this.#personas.add(event.persona);
    const key = storyKeyOf(event);
    const entry = this.#entries.get(key) ?? { events: [], story: null };
    entry.events.push(event);
    entry.story = null;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
  }
}
