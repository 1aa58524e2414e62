/** Content that comes in pieces and must be what was announced: it is known to be before the last piece is let through. */
import { createHash } from "node:crypto";
import { Terminal } from "../contract/errors.ts";

/** Throws Terminal `artifact-damaged` in place of the end. */
export async function* asAnnounced(
  about: { sha256: string; size: number },
  pieces: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const hash = createHash("sha256");
  let size = 0;
  for await (const piece of pieces) {
    size += piece.length;
    if (size > about.size) break;
    hash.update(piece);
    yield piece;
  }
  if (size === about.size && hash.digest("hex") === about.sha256) return;
  const message = `an artefact that was announced with ${about.size} bytes came as another`;
  throw new Terminal({ code: "artifact-damaged", message, hint: "it may have been written to while it was handed over: try again" });
}
