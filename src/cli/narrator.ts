/** Tells a run in plain English: one sentence an event that matters, at a pace that can be read. */
import type { Clock } from "../contract/clock.ts";
import { delay } from "../contract/clock.ts";
import type { NetEvent } from "../contract/event.ts";
import type { Output } from "./output.ts";

export interface NarratorOptions {
  out: Output;
  clock: Clock;
  /** Milliseconds between two lines; 0 for none. */
  gapMs: number;
  /** Narrate nothing at all. */
  silent: boolean;
}

const TOLD = new Set<NetEvent["type"]>([
  "edited",
  "arrived",
  "refused",
  "fired",
  "failed",
  "lapsed",
  "gated",
  "decided",
  "expired",
  "stopped",
  "resumed",
  "paused",
  "denied",
  "intervened",
]);

export class Narrator {
  readonly #options: NarratorOptions;
  #queue: Promise<void> = Promise.resolve();
  #started: number;

  constructor(options: NarratorOptions) {
    this.#options = options;
    this.#started = options.clock.now();
  }

  event(event: NetEvent): void {
    if (!TOLD.has(event.type)) return;
    const { paint } = this.#options.out;
    const mark =
      event.status === "error" || event.status === "refused"
        ? paint.red("✗")
        : event.status === "waiting"
          ? paint.yellow("…")
          : paint.green("✓");
    this.#line(() => `${mark} ${event.summary}`);
  }

  /** A sentence that is no event: what is being waited for, what was killed. */
  remark(text: string): void {
    this.#line(() => `${this.#options.out.paint.cyan("•")} ${text}`);
  }

  /** Settles when everything was told. */
  finished(): Promise<void> {
    return this.#queue;
  }

  #line(text: () => string): void {
    const { out, clock, gapMs, silent } = this.#options;
    if (silent) return;
    this.#queue = this.#queue.then(async () => {
      const seconds = ((clock.now() - this.#started) / 1000).toFixed(0).padStart(3);
      out.say(`${out.paint.dim(`${seconds} s`)} ${text()}`);
      if (gapMs > 0) await delay(clock, gapMs);
    });
  }
}
