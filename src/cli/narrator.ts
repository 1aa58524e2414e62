/** Tells a run in plain English: one sentence an event that matters, at a pace that can be read. */
import type { Clock } from "../contract/clock.ts";
import { delay } from "../contract/clock.ts";
import type { NetEvent } from "../contract/event.ts";
import { isJsonObject, type JsonObject } from "../contract/json.ts";
import { oneSentence } from "./harmless.ts";
import type { Output } from "./output.ts";

export interface NarratorOptions {
  /** Commands in a sentence as they run from where the user stands. */
  pasteable?: (text: string) => string;
  out: Output;
  clock: Clock;
  /** Leaves a line standing for as long as it takes to read; false prints as fast as it happens. */
  readable: boolean;
  /** Narrate nothing at all. */
  silent: boolean;
}

const TOLD = new Set<NetEvent["type"]>([
  "edited",
  "arrived",
  "refused",
  "fired",
  "sent",
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

/** About 250 words a minute, after a glance. */
const PAUSE_MS = 500;
const MS_A_LETTER = 14;

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
    const mark = isRework(event)
      ? paint.yellow("↻")
      : isFruitless(event) || event.status === "error" || event.status === "refused"
        ? paint.red("✗")
        : event.status === "waiting"
          ? paint.yellow("…")
          : paint.green("✓");
    this.#line(() => `${mark} ${oneSentence(this.#options.pasteable?.(event.summary) ?? event.summary)}`);
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
    const { out, clock, readable, silent } = this.#options;
    if (silent) return;
    this.#queue = this.#queue.then(async () => {
      const seconds = ((clock.now() - this.#started) / 1000).toFixed(0).padStart(3);
      const line = text();
      out.say(`${out.paint.dim(`${seconds} s`)} ${line}`);
      if (readable) await delay(clock, PAUSE_MS + MS_A_LETTER * line.length);
    });
  }
}

/** The firing is over, and what it was for is not there: an agent that committed nothing, or a hand-over to a person. */
function isFruitless(event: NetEvent): boolean {
  return (event.produced ?? []).some(({ place, token }) => {
    if (event.type === "fired" && place === "escalations") return true;
    const { said, work } = isJsonObject(token.data) ? token.data : {};
    if (!isJsonObject(said ?? null) || place !== "changes") return false;
    return (
      (said as JsonObject).status !== "done" || (isJsonObject(work ?? null) && (work as JsonObject).head === (work as JsonObject).start)
    );
  });
}

/** Work that goes back carries a raised counter. */
function isRework(event: NetEvent): boolean {
  return (event.produced ?? []).some(({ place, token }) => place === "tasks" && isJsonObject(token.data) && Number(token.data.attempt) > 1);
}
