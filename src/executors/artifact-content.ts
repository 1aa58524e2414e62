/**
 * What a hand gives as an artefact, laid down whole in the attempt's folder: it can be handed over again from its beginning.
 * C1 Secrets of the attempt are taken out first, whatever kind of bytes it is, also where a piece ends in the middle of one.
 * C2 Memory stays bounded whatever comes.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { type SecretFilter, secretForms } from "../contract/secret-forms.ts";

/** Bytes, text, or a stream of bytes like a file's. */
export type ArtifactSource = Uint8Array | string | AsyncIterable<Uint8Array>;

export interface LaidDown {
  file: string;
  sha256: string;
  /** Bytes. */
  size: number;
}

const PIECE = 64 * 1024;

/** Writes the source into `file`. Errors: those of the disk, like ENOSPC. */
export async function layDown(
  source: ArtifactSource,
  file: string,
  secrets: Readonly<Record<string, string>>,
  filter: SecretFilter,
): Promise<LaidDown> {
  const handle = await open(file, "w", 0o600);
  const hash = createHash("sha256");
  let size = 0;
  try {
    for await (const piece of withoutSecrets(piecesOf(source), secrets, filter)) {
      hash.update(piece);
      size += piece.length;
      await handle.write(piece);
    }
  } finally {
    await handle.close();
  }
  return { file, sha256: hash.digest("hex"), size };
}

/** Of a file as it lies there. */
export function fileBytes(file: string): AsyncIterable<Uint8Array> {
  return createReadStream(file, { highWaterMark: PIECE });
}

async function* piecesOf(source: ArtifactSource): AsyncGenerator<Uint8Array> {
  if (typeof source === "string" || source instanceof Uint8Array) yield Buffer.from(source);
  else yield* source;
}

/** C1. The end of each piece waits for the next one as far as a secret could reach over it. */
async function* withoutSecrets(
  pieces: AsyncIterable<Uint8Array>,
  secrets: Readonly<Record<string, string>>,
  filter: SecretFilter,
): AsyncGenerator<Uint8Array> {
  const longest = Math.max(0, ...Object.values(secrets).flatMap((value) => secretForms(value).map((form) => Buffer.byteLength(form))));
  if (longest === 0) return yield* pieces;
  let held: Buffer = Buffer.alloc(0);
  for await (const piece of pieces) {
    const clean = filter.stripBytes(Buffer.concat([held, piece]));
    const ready = Math.max(0, clean.length - longest + 1);
    if (ready > 0) yield clean.subarray(0, ready);
    held = clean.subarray(ready);
  }
  if (held.length > 0) yield held;
}
