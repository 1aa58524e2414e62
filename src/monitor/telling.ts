/** Tells those who listen that a store has changed; what comes at once is told together. */
const TELL_MS = 50;

export class Telling {
  /** Says that something changed, where the same array grows. */
  version = 0;
  readonly #listeners = new Set<() => void>();
  #timer: ReturnType<typeof setTimeout> | null = null;

  readonly subscribe = (call: () => void): (() => void) => {
    this.#listeners.add(call);
    return () => this.#listeners.delete(call);
  };

  soon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.version += 1;
      for (const call of this.#listeners) call();
    }, TELL_MS);
  }

  stop(): void {
    if (this.#timer) clearTimeout(this.#timer);
  }
}
