/** A counted number of places; who waits is served in order. */
export class Slots {
  #left: number;
  #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#left = count;
  }

  /** Takes a slot, waiting for one. Rejects with the signal's reason. */
  async take(signal: AbortSignal): Promise<void> {
    while (this.#left === 0) await this.wait(signal);
    signal.throwIfAborted();
    this.#left -= 1;
  }

  free(): void {
    this.#left += 1;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  /** Waits until there is a free slot, without taking it. */
  async wait(signal: AbortSignal): Promise<void> {
    while (this.#left === 0) {
      signal.throwIfAborted();
      await new Promise<void>((resolve, reject) => {
        const onAbort = () => reject(signal.reason);
        signal.addEventListener("abort", onAbort, { once: true });
        this.#waiting.push(() => {
          signal.removeEventListener("abort", onAbort);
          resolve();
        });
      });
    }
  }
}
