/** Checkpoints of a net's whole state. The last two are kept, so that a damaged one costs a longer replay and nothing else. */
import type { Checkpoints } from "../contract/broker.ts";
import type { Objects } from "./object-store.ts";

const KEPT = 2;

export class JetStreamCheckpoints implements Checkpoints {
  readonly #objects: Objects;

  constructor(objects: Objects) {
    this.#objects = objects;
  }

  async save(net: string, sequence: number, state: Uint8Array): Promise<void> {
    await this.#objects.use((store) => store.putBlob({ name: objectName(net, sequence) }, state));
    const old = (await this.#sequences(net)).slice(KEPT);
    for (const each of old) await this.#objects.use((store) => store.delete(objectName(net, each)));
  }

  async latest(net: string): Promise<{ sequence: number; state: Uint8Array } | null> {
    for (const sequence of await this.#sequences(net)) {
      // The client checks the digest; a checkpoint that fails it is passed over.
      const state = await this.#objects.use((store) => store.getBlob(objectName(net, sequence)).catch(() => null));
      if (state) return { sequence, state };
    }
    return null;
  }

  /** Newest first. */
  async #sequences(net: string): Promise<number[]> {
    const prefix = `${net}.`;
    const names = (await this.#objects.list()).map((info) => info.name).filter((name) => name.startsWith(prefix));
    return names.map((name) => Number(name.slice(prefix.length))).sort((a, b) => b - a);
  }
}

const objectName = (net: string, sequence: number) => `${net}.${sequence}`;
