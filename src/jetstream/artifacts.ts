/** Artefacts: bytes under the hash of their content. */
import type { ArtifactInfo, Artifacts } from "../contract/broker.ts";
import type { Clock } from "../contract/clock.ts";
import { sha256 } from "../contract/hash.ts";
import type { ArtifactRef } from "../contract/token.ts";
import { asAnnounced } from "./announced.ts";
import type { Objects } from "./object-store.ts";

const FRESH_MS = 3_600_000;

export class JetStreamArtifacts implements Artifacts {
  readonly #objects: Objects;
  readonly #clock: Clock;

  constructor(objects: Objects, clock: Clock) {
    this.#objects = objects;
    this.#clock = clock;
  }

  async put(content: Uint8Array, type: string): Promise<ArtifactRef> {
    const id = sha256(content);
    await this.#objects.use(async (store) => {
      const known = await store.info(id);
      if (!this.#isFresh(known)) await store.putBlob({ name: id, metadata: { type } }, content);
    });
    return { $artifact: id, sha256: id, size: content.length, type };
  }

  async putStream(about: { sha256: string; size: number; type: string }, pieces: AsyncIterable<Uint8Array>): Promise<ArtifactRef> {
    const { sha256: id, size, type } = about;
    await this.#objects.use(async (store) => {
      const known = await store.info(id);
      if (this.#isFresh(known)) return;
      await store.put({ name: id, metadata: { type } }, ReadableStream.from(asAnnounced(about, pieces)));
    });
    return { $artifact: id, sha256: id, size, type };
  }

  /** An object appears whole or not at all, so what is known by its hash need not be sent again. An old one is sent again
   * all the same: it is about to be named anew, and a sweep goes by the time. */
  #isFresh(known: { deleted: boolean; mtime: string } | null): boolean {
    return known !== null && !known.deleted && this.#clock.now() - Date.parse(known.mtime) < FRESH_MS;
  }

  async get(id: string): Promise<Uint8Array | null> {
    return await this.#objects.use(async (store) => {
      const known = await store.info(id);
      if (known === null || known.deleted) return null;
      // The client gives null for an object without a single chunk.
      return known.size === 0 ? new Uint8Array() : await store.getBlob(id);
    });
  }

  async list(): Promise<ArtifactInfo[]> {
    return (await this.#objects.list()).map(({ name, size, mtime, metadata }) => ({
      ...{ id: name, size, at: Date.parse(mtime) },
      type: metadata?.type ?? "",
    }));
  }

  async remove(id: string): Promise<void> {
    await this.#objects.use((store) => store.delete(id));
  }
}
