/**
 * Hands an artefact to the owner of the net. The executor's account may write no store, so the owner does it.
 * U1 An owner that changes, an answer that is lost and a broker that is away fail nothing: it is begun again until the attempt ends.
 */
import type { ExecutorLine } from "../contract/broker.ts";
import { type Clock, delay } from "../contract/clock.ts";
import type { ArtifactAnswer, ArtifactPiece } from "../contract/envelope.ts";
import { errorFromData, PetrelError } from "../contract/errors.ts";
import type { IdSource } from "../contract/ids.ts";
import type { ArtifactRef } from "../contract/token.ts";
import { fileBytes, type LaidDown } from "./artifact-content.ts";

/** A quarter of the broker's largest message. */
const PIECE_BYTES = 256 * 1024;
const AGAIN_MS = 500;
const LONGEST_PAUSE_MS = 5000;

export interface UploadParts {
  line: ExecutorLine;
  executor: string;
  clock: Clock;
  ids: IdSource;
  signal: AbortSignal;
}

/** Errors: Terminal `artifact-too-large`, Refused `artifact-not-yours`, and the signal's reason. */
export async function handOver(
  parts: UploadParts,
  about: { net: string; firing: string; attempt: number; type: string },
  content: LaidDown,
): Promise<ArtifactRef> {
  for (let tries = 0; ; tries += 1) {
    parts.signal.throwIfAborted();
    try {
      return await handOverOnce(parts, about, content);
    } catch (error) {
      if (!(error instanceof PetrelError) || error.outlook !== "retryable") throw error;
      const pause = Math.max(error.retryAfterMs ?? 0, Math.min(LONGEST_PAUSE_MS, AGAIN_MS * 2 ** Math.min(tries, 5)));
      await delay(parts.clock, pause, parts.signal); // U1
    }
  }
}

async function handOverOnce(
  { line, executor, ids, signal }: UploadParts,
  { net, firing, attempt, type }: { net: string; firing: string; attempt: number; type: string },
  { file, sha256, size }: LaidDown,
): Promise<ArtifactRef> {
  const whole = { net, firing, attempt, upload: ids.next(), sha256, size, type };
  let at = 0;
  const send = async (bytes: Uint8Array): Promise<ArtifactRef | null> => {
    signal.throwIfAborted();
    const piece: ArtifactPiece = { ...whole, piece: at, bytes };
    at += 1;
    const answer: ArtifactAnswer = await line.sendArtifact(executor, piece);
    if (answer.state === "failed") throw errorFromData(answer.error);
    return answer.state === "stored" ? answer.ref : null;
  };
  let waiting: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of fileBytes(file)) {
    waiting.push(part);
    bytes += part.length;
    if (bytes < PIECE_BYTES) continue;
    const stored = await send(Buffer.concat(waiting));
    if (stored) return stored;
    [waiting, bytes] = [[], 0];
  }
  const stored = at === 0 || bytes > 0 ? await send(Buffer.concat(waiting)) : null;
  if (stored) return stored;
  // The file became shorter meanwhile: the owner waits for a rest that will not come.
  throw errorFromData({
    outlook: "terminal",
    code: "artifact-damaged",
    message: "a file was written to while it was handed over as an artefact",
  });
}
