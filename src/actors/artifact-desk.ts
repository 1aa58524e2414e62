/**
 * The masters' service for artefacts: an executor writes no store, it hands what it has made to the owner of the net, piece by piece.
 *
 * D1 Only from the executor that holds the claim of the open attempt, asked anew at each piece.
 * D2 At any time one or two pieces of an upload are in memory: a piece is answered when the store has taken it.
 * D3 What is not what was announced, or is not finished in time, leaves nothing behind.
 * D4 A piece that comes again, because its answer was lost, counts once and gets the same answer.
 */
import type { Artifacts } from "../contract/broker.ts";
import type { Clock, Timer } from "../contract/clock.ts";
import type { ArtifactAnswer, ArtifactPiece } from "../contract/envelope.ts";
import { errorData, Refused, Retryable, Terminal } from "../contract/errors.ts";
import { Pieces } from "./artifact-pieces.ts";

/** Bytes of one artefact. */
export const ARTIFACT_LIMIT = 1024 * 1024 * 1024;
const AT_ONCE = 8;
/** An upload of which nothing is heard so long is given up. */
const SILENT_MS = 60_000;

export interface ArtifactDeskPorts {
  artifacts: Artifacts;
  clock: Clock;
  /** Whether this executor holds the open attempt; null when the net is another master's. */
  holds(executor: string, about: { net: string; firing: string; attempt: number }): boolean | null;
}

interface Upload {
  executor: string;
  pieces: Pieces;
  received: number;
  /** Number of the newest piece, and its answer. */
  at: number;
  answer: Promise<ArtifactAnswer>;
  stored: Promise<ArtifactAnswer>;
  silence: Timer;
}

export class ArtifactDesk {
  readonly #ports: ArtifactDeskPorts;
  readonly #uploads = new Map<string, Upload>();

  constructor(ports: ArtifactDeskPorts) {
    this.#ports = ports;
  }

  /** Null when the net is another master's. */
  async take(executor: string, piece: ArtifactPiece): Promise<ArtifactAnswer | null> {
    const holds = this.#ports.holds(executor, piece);
    if (holds === null) return null;
    const key = `${executor}/${piece.upload}`;
    try {
      if (!holds)
        throw new Refused({ code: "artifact-not-yours", message: `${executor} does not hold the attempt that it brings this for` }); // D1
      const upload = this.#uploads.get(key) ?? this.#begin(key, executor, piece);
      if (piece.piece === upload.at) return await upload.answer; // D4
      if (piece.piece !== upload.at + 1)
        throw new Retryable({ code: "piece-missing", message: "pieces of this artefact came out of order" });
      upload.at = piece.piece;
      upload.silence.cancel();
      upload.silence = this.#silence(key);
      upload.answer = this.#store(key, upload, piece);
      return await upload.answer;
    } catch (error) {
      this.#drop(key, error);
      return { state: "failed", error: errorData(error) };
    }
  }

  /** Gives up what is under way. */
  stop(): void {
    for (const key of [...this.#uploads.keys()]) this.#drop(key, new Retryable({ code: "master-stops", message: "this master stops" }));
  }

  #begin(key: string, executor: string, { sha256, size, type, piece }: ArtifactPiece): Upload {
    if (piece !== 0) throw new Retryable({ code: "upload-unknown", message: "this artefact was begun with another master" });
    if (!/^[0-9a-f]{64}$/.test(sha256) || !Number.isSafeInteger(size) || size < 0 || typeof type !== "string" || type.length > 200)
      throw new Terminal({ code: "artifact-unsound", message: "an artefact is announced with its hash, its size and its media type" });
    if (size > ARTIFACT_LIMIT) {
      const message = `an artefact of ${size} bytes is larger than the ${ARTIFACT_LIMIT} that are kept of one`;
      throw new Terminal({ code: "artifact-too-large", message, hint: "keep a part of it, or put it where large files belong" });
    }
    if ([...this.#uploads.values()].filter((one) => one.executor === executor && !one.pieces.ended).length >= AT_ONCE)
      throw new Retryable({ code: "artifacts-busy", message: `${executor} hands over ${AT_ONCE} artefacts already`, retryAfterMs: 500 });
    const pieces = new Pieces();
    const stored = this.#ports.artifacts
      .putStream({ sha256, size, type }, pieces)
      .then((ref): ArtifactAnswer => ({ state: "stored", ref }))
      .catch((error: unknown): ArtifactAnswer => ({ state: "failed", error: errorData(error) }))
      .finally(() => pieces.end());
    const upload = { executor, pieces, received: 0, at: -1, answer: stored, stored, silence: this.#silence(key) };
    this.#uploads.set(key, upload);
    return upload;
  }

  async #store(key: string, upload: Upload, { bytes, size }: ArtifactPiece): Promise<ArtifactAnswer> {
    upload.received += bytes.length;
    const whole = upload.received >= size;
    if (bytes.length > 0) await upload.pieces.push(bytes); // D2
    if (whole) upload.pieces.end();
    // The store may have it already, or have failed: then no further piece is wanted.
    const over = whole || upload.pieces.ended;
    const answer: ArtifactAnswer = over ? await upload.stored : { state: "more" };
    if (answer.state === "failed") this.#drop(key, null);
    return answer;
  }

  /** D3. A finished one is kept so long for an answer that was lost. */
  #silence(key: string): Timer {
    return this.#ports.clock.after(SILENT_MS, () =>
      this.#drop(key, new Retryable({ code: "upload-silent", message: "nothing more came of this artefact" })),
    );
  }

  #drop(key: string, error: unknown): void {
    const upload = this.#uploads.get(key);
    if (!upload) return;
    this.#uploads.delete(key);
    upload.silence.cancel();
    upload.pieces.end(error);
  }
}
