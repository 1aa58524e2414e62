/**
 * Takes secrets out of a text that comes in pieces.
 * W1 No piece that is given out ends within a secret: what may be the beginning of one waits for what comes next.
 * W2 After a gap, so much is passed over as a secret could still reach into: its end alone could not be told.
 */
import type { SecretFilter } from "./secret-forms.ts";

export class FlowingText {
  readonly #filter: () => SecretFilter | null;
  #held = "";
  #skip = 0;

  constructor(filter: () => SecretFilter | null) {
    this.#filter = filter;
  }

  /** Characters that wait. */
  get held(): number {
    return this.#held.length;
  }

  /** What may be told now. */
  push(text: string): string {
    const passed = Math.min(this.#skip, text.length);
    this.#skip -= passed;
    const filter = this.#filter();
    const all = this.#held + text.slice(passed);
    if (!filter) {
      this.#held = "";
      return all;
    }
    const end = filter.safeEnd(all);
    this.#held = all.slice(end);
    return filter.strip(all.slice(0, end));
  }

  /** What waited, when nothing comes any more. */
  end(): string {
    const rest = this.#held;
    this.#held = "";
    return this.#filter()?.strip(rest) ?? rest;
  }

  /** W2. Gives how many characters of what comes will be passed over. */
  gap(): number {
    this.#held = "";
    this.#skip = Math.max(0, (this.#filter()?.longest ?? 0) - 1);
    return this.#skip;
  }
}
