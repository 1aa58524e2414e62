/** Checkpoints of a net's whole state, in an object store: `<net>.<sequence>`. */
import type { CheckpointInfo, Checkpoints } from "../contract/broker.ts";
import { thinnedOut } from "./checkpoint-thinning.ts";
import type { Objects } from "./object-store.ts";

export class JetStreamCheckpoints implements Checkpoints {
  readonly #objects: Objects;

  constructor(objects: Objects) {
    this.#objects = objects;
  }

  async save(net: string, sequence: number, state: Uint8Array, kept = false): Promise<void> {
    const metadata: Record<string, string> = kept ? { kept: "true" } : {};
    await this.#objects.use((store) => store.putBlob({ name: objectName(net, sequence), metadata }, state));
    for (const each of thinnedOut(await this.list(net))) await this.remove(net, each);
  }

  async latest(net: string): Promise<{ sequence: number; state: Uint8Array } | null> {
    for (const { sequence } of await this.list(net)) {
      const state = await this.load(net, sequence);
      if (state) return { sequence, state };
    }
    return null;
  }

  async list(net: string): Promise<CheckpointInfo[]> {
    const prefix = `${net}.`;
    const own = (await this.#objects.list()).filter(({ name }) => name.startsWith(prefix));
    return own
      .map(({ name, size, metadata }) => ({ sequence: Number(name.slice(prefix.length)), bytes: size, kept: metadata?.kept === "true" }))
      .sort((a, b) => b.sequence - a.sequence);
  }

  /** The client checks the digest; a checkpoint that fails it counts as not there. */
  load(net: string, sequence: number): Promise<Uint8Array | null> {
    return this.#objects.use((store) => store.getBlob(objectName(net, sequence)).catch(() => null));
  }

  async remove(net: string, sequence: number): Promise<void> {
    await this.#objects.use((store) => store.delete(objectName(net, sequence)));
  }
}

const objectName = (net: string, sequence: number) => `${net}.${sequence}`;
