/** When an attempt asked models and called tools: what traces are made of. Pure but for the clock that is given. */
import type { JsonObject } from "../contract/json.ts";
import type { Progress } from "../personas/turn.ts";

/** One model call or tool call. Times are ms since the epoch. */
export interface TimedCall {
  call: "model" | "tool";
  name: string;
  from: number;
  to: number;
  ok: boolean;
  provider?: string;
  inputTokens?: number;
  outputTokens?: number;
  /** Inside `inputTokens`. */
  cacheReadTokens?: number;
  cacheWriteTokens?: number;
  /** The model's id of a tool call. */
  id?: string;
  /** Code of the error, where it failed. */
  error?: string;
}
/** A loop of hundreds of turns tells of its first calls only: an event stays small. */
const MOST = 100;

export class TurnTimeline {
  readonly calls: TimedCall[] = [];
  readonly #tools: { name: string; from: number }[] = [];
  #asked: number | null = null;

  take(progress: Progress, now: number): void {
    if (progress.kind === "asking") this.#asked = now;
    else if (progress.kind === "answered") {
      const { provider, name, inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens } = progress.use;
      this.#add({
        ...{ call: "model", name, from: this.#asked ?? now, to: now, ok: true, provider, inputTokens, outputTokens },
        ...(cacheReadTokens === undefined ? {} : { cacheReadTokens }),
        ...(cacheWriteTokens === undefined ? {} : { cacheWriteTokens }),
      });
      this.#asked = null;
    } else if (progress.kind === "unanswered") {
      // Which model it was is not known: the tier may have gone through several.
      this.#add({ call: "model", name: "", from: this.#asked ?? now, to: now, ok: false, error: progress.code });
      this.#asked = null;
    } else if (progress.kind === "tool") this.#tools.push({ name: progress.tool, from: now });
    else if (progress.kind === "tool-done") {
      const at = this.#tools.findIndex(({ name }) => name === progress.tool);
      const [begun] = at < 0 ? [] : this.#tools.splice(at, 1);
      this.#add({
        ...{ call: "tool", name: progress.tool, from: begun?.from ?? now, to: now, ok: progress.ok },
        ...(progress.call ? { id: progress.call } : {}),
        ...(progress.code === undefined ? {} : { error: progress.code }),
      });
    }
  }

  /** For the event that ends the attempt; nothing where nothing was called. */
  get attributes(): JsonObject {
    return this.calls.length === 0 ? {} : { timeline: this.calls as unknown as JsonObject[] };
  }

  #add(call: TimedCall): void {
    if (this.calls.length < MOST) this.calls.push(call);
  }
}
