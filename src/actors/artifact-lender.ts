/**
 * The masters' service for artefacts, the other way: an executor reads no store, the owner of the net gives it what its work needs.
 *
 * L1 Only to the executor that holds the claim of the open attempt, and only what its inputs name, asked anew at each piece.
 * L2 What is being read is held in memory whole, a few at a time, and forgotten when nobody asks any more.
 */
import type { Artifacts } from "../contract/broker.ts";
import type { Clock, Timer } from "../contract/clock.ts";
import type { ArtifactAsk, ArtifactGiven } from "../contract/envelope.ts";
import { errorData, Refused, Terminal } from "../contract/errors.ts";

/** A quarter of the broker's largest message. */
export const LENT_BYTES = 256 * 1024;
const AT_ONCE = 4;
const IDLE_MS = 15_000;

export interface LenderPorts {
  artifacts: Pick<Artifacts, "get">;
  clock: Clock;
  /** Whether this executor holds the open attempt, and its inputs name the artefact; null when the net is another master's. */
  mayRead(executor: string, ask: ArtifactAsk): Promise<boolean> | null;
}

interface Lent {
  content: Promise<Uint8Array | null>;
  idle: Timer;
}

export class ArtifactLender {
  readonly #ports: LenderPorts;
  /** The one that was asked for longest ago stands first. */
  readonly #lent = new Map<string, Lent>();

  constructor(ports: LenderPorts) {
    this.#ports = ports;
  }

  /** Null when the net is another master's. */
  async give(executor: string, ask: ArtifactAsk): Promise<ArtifactGiven | null> {
    const mayRead = this.#ports.mayRead(executor, ask);
    if (mayRead === null) return null;
    try {
      if (!(await mayRead))
        throw new Refused({ code: "artifact-not-yours", message: `the work of ${executor} names no artefact ${ask.artifact}` }); // L1
      const content = await this.#content(ask.artifact);
      const from = Number.isSafeInteger(ask.from) && ask.from > 0 ? ask.from : 0;
      return { state: "piece", bytes: content.subarray(from, from + LENT_BYTES), size: content.length };
    } catch (error) {
      return { state: "failed", error: errorData(error) };
    }
  }

  stop(): void {
    for (const id of [...this.#lent.keys()]) this.#forget(id);
  }

  async #content(id: string): Promise<Uint8Array> {
    const content = this.#lent.get(id)?.content ?? this.#ports.artifacts.get(id);
    this.#forget(id);
    this.#lent.set(id, { content, idle: this.#ports.clock.after(IDLE_MS, () => this.#forget(id)) });
    // L2
    for (const oldest of [...this.#lent.keys()].slice(0, -AT_ONCE)) this.#forget(oldest);
    const bytes = await content.catch((error: unknown) => {
      this.#forget(id);
      throw error;
    });
    if (bytes) return bytes;
    this.#forget(id);
    throw new Terminal({ code: "artifact-missing", message: `the artefact ${id} is gone`, hint: "restore the bucket petrel-artifacts" });
  }

  #forget(id: string): void {
    this.#lent.get(id)?.idle.cancel();
    this.#lent.delete(id);
  }
}
