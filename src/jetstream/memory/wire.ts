/** The wire between one client of the in-memory broker and the hub, with switches that break it. */

import { Cancelled, Retryable } from "../../contract/errors.ts";
import type { Serving } from "../../contract/serving.ts";

export class MemoryWire {
  #up = true;
  #closed = false;
  readonly #listeners = new Set<(state: "up" | "down") => void>();

  get up(): boolean {
    return this.#up;
  }

  onConnection(call: (state: "up" | "down") => void): Serving {
    this.#listeners.add(call);
    return { stop: async () => void this.#listeners.delete(call) };
  }

  set(up: boolean): void {
    if (this.#up === up || this.#closed) return;
    this.#up = up;
    for (const call of [...this.#listeners]) call(up ? "up" : "down");
  }

  close(): void {
    this.set(false);
    this.#closed = true;
  }

  /** Throws Retryable `wire-down` while the wire is broken. */
  check(): void {
    if (!this.#up) throw new Retryable({ code: "wire-down", message: "the broker is out of reach" });
  }

  whenUp(signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.reject(aborted(signal));
    if (this.#up) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        void listener.stop();
        reject(aborted(signal));
      };
      const listener = this.onConnection((state) => {
        if (state !== "up") return;
        void listener.stop();
        signal?.removeEventListener("abort", onAbort);
        resolve();
      });
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }
}

export const aborted = (signal?: AbortSignal) =>
  new Cancelled({ code: "aborted", message: "called off while waiting for the broker", cause: signal?.reason });
