/** The events of a growing line that are wanted: what has come at either end is looked at, and nothing a second time. */
import type { NetEvent } from "../contract/event.ts";
import { firstFrom, GrowingLine } from "./growing-line.ts";

export class EventSieve {
  readonly #line = new GrowingLine();
  readonly #wanted: (event: NetEvent) => boolean;
  #kept: readonly NetEvent[] = [];

  constructor(wanted: (event: NetEvent) => boolean) {
    this.#wanted = wanted;
  }

  /** The same array as before where nothing of what came or went is wanted. */
  read(events: readonly NetEvent[]): readonly NetEvent[] {
    const { before, after, from } = this.#line.news(events);
    const gone = from === null ? this.#kept.length : firstFrom(this.#kept, from);
    const [earlier, later] = [before.filter(this.#wanted), after.filter(this.#wanted)];
    if (gone > 0 || earlier.length > 0 || later.length > 0) this.#kept = [...earlier, ...this.#kept.slice(gone), ...later];
    return this.#kept;
  }
}
