/**
 * Knowledge files that are bigger than a message of the broker: they come in parts, and lie in the artefact store once they are whole.
 * N1 Nothing is stored but what has the hash that was said. N2 Parts that nobody completes do not fill the memory.
 */

import * as z from "zod";
import type { Artifacts } from "../contract/broker.ts";
import { Terminal } from "../contract/errors.ts";
import { sha256 } from "../contract/hash.ts";
import type { Json } from "../contract/json.ts";
import { MOST_KNOWLEDGE_BYTES } from "../contract/knowledge-file.ts";

/** Of one file, in all. */
const PARTS_HELD = 64 * 1024 * 1024;

export const partBody = z.object({
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  part: z.int().min(0),
  parts: z.int().min(1).max(1000),
  /** base64 */
  content: z.string(),
});

export class KnowledgeParts {
  readonly #artifacts: Artifacts;
  /** The oldest first. */
  readonly #held = new Map<string, Map<number, Buffer>>();

  constructor(artifacts: Artifacts) {
    this.#artifacts = artifacts;
  }

  /** `{"artifact": id}` with the last part, null before. Errors: Terminal `knowledge-too-large`, `knowledge-damaged`. */
  async take({ sha256: hash, part, parts, content }: z.output<typeof partBody>): Promise<Json> {
    const held = this.#held.get(hash) ?? new Map<number, Buffer>();
    this.#held.set(hash, held);
    held.set(part, Buffer.from(content, "base64"));
    if (sizeOf(held) > MOST_KNOWLEDGE_BYTES) {
      this.#held.delete(hash);
      throw new Terminal({
        code: "knowledge-too-large",
        message: `a knowledge file may have ${MOST_KNOWLEDGE_BYTES / 1024 / 1024} MB at most`,
        hint: "split it into several files",
      });
    }
    this.#forgetOldest(hash);
    if (held.size < parts) return null;
    this.#held.delete(hash);
    const whole = Buffer.concat([...held].sort(([a], [b]) => a - b).map(([, bytes]) => bytes));
    if (sha256(whole) !== hash)
      throw new Terminal({ code: "knowledge-damaged", message: "a knowledge file did not come whole", hint: "apply it again" }); // N1
    return { artifact: (await this.#artifacts.put(whole, "text/plain")).$artifact };
  }

  /** N2. */
  #forgetOldest(but: string): void {
    let size = [...this.#held.values()].reduce((sum, held) => sum + sizeOf(held), 0);
    for (const [hash, held] of this.#held) {
      if (size <= PARTS_HELD) return;
      if (hash === but) continue;
      this.#held.delete(hash);
      size -= sizeOf(held);
    }
  }
}

function sizeOf(held: ReadonlyMap<number, Buffer>): number {
  return [...held.values()].reduce((sum, bytes) => sum + bytes.byteLength, 0);
}
