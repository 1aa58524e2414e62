/** A stream of the in-memory broker: numbered messages, of which some may be gone, and readers that wait for more. */
import type { MemoryWire } from "./wire.ts";

export interface MemoryMessage<T> {
  seq: number;
  subject: string;
  value: T;
}

export class MemoryStream<T> {
  readonly created: string;
  last = 0;
  readonly #messages = new Map<number, MemoryMessage<T>>();
  readonly #waiting = new Set<() => void>();

  constructor(created: string) {
    this.created = created;
  }

  add(subject: string, value: T): number {
    const seq = ++this.last;
    this.#messages.set(seq, { seq, subject, value });
    this.#wake();
    return seq;
  }
  /** One more than `last` when nothing is left. */
  get first(): number {
    return this.#messages.keys().next().value ?? this.last + 1;
  }
  get(seq: number): MemoryMessage<T> | undefined {
    return this.#messages.get(seq);
  }
  all(): MemoryMessage<T>[] {
    return [...this.#messages.values()];
  }
  remove(seq: number): void {
    this.#messages.delete(seq);
  }
  removeWhere(which: (message: MemoryMessage<T>) => boolean): void {
    for (const message of this.all()) if (which(message)) this.remove(message.seq);
  }
  /** Takes out the oldest, for work queues. */
  shift(): MemoryMessage<T> | undefined {
    const first = this.#messages.values().next().value;
    if (first) this.remove(first.seq);
    return first;
  }

  /** The messages after `after`, for ever; nothing passes while the wire is down. */
  async *tail(after: number, wire: MemoryWire, signal: AbortSignal): AsyncGenerator<MemoryMessage<T>> {
    let next = after + 1;
    while (!signal.aborted) {
      if (wire.up && next <= this.last) {
        const message = this.#messages.get(next++);
        if (message) yield message;
      } else await this.changed(wire, signal);
    }
  }

  /** Settles at the next message, change of the wire, or abort. */
  changed(wire: MemoryWire, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#waiting.delete(done);
        signal.removeEventListener("abort", done);
        void listener.stop();
        resolve();
      };
      const listener = wire.onConnection(done);
      this.#waiting.add(done);
      signal.addEventListener("abort", done, { once: true });
      if (signal.aborted) done();
    });
  }

  #wake(): void {
    for (const call of [...this.#waiting]) call();
  }
}
