/** One piece at a time from who brings them to who stores them: `push` settles when the piece was taken, or nobody takes any more. */
export class Pieces implements AsyncIterable<Uint8Array> {
  #waiting: { bytes: Uint8Array; taken(): void } | null = null;
  #ended = false;
  #error: unknown = null;
  #wake: () => void = () => {};

  push(bytes: Uint8Array): Promise<void> {
    return new Promise((taken) => {
      if (this.#ended) return taken();
      this.#waiting = { bytes, taken };
      this.#wake();
    });
  }

  /** No further piece is taken. */
  get ended(): boolean {
    return this.#ended;
  }

  /** With an error the reader gets that instead of the end. */
  end(error: unknown = null): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    this.#waiting?.taken();
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      for (;;) {
        if (this.#error !== null) throw this.#error;
        const next = this.#waiting;
        this.#waiting = null;
        if (next) {
          next.taken();
          yield next.bytes;
        } else if (this.#ended) return;
        else await new Promise<void>((wake) => (this.#wake = wake));
      }
    } finally {
      this.end();
    }
  }
}
