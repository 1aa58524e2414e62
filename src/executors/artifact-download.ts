/**
 * Fetches an artefact from the owner of the net into a file, piece by piece: the executor's account may read no store.
 * D1 What arrives is what was named, by its hash, or it is not there at all.
 * D2 An owner that changes and a broker that is away fail nothing: it goes on from where it was until the attempt ends.
 */
import { createHash } from "node:crypto";
import { open, rm } from "node:fs/promises";
import type { ExecutorLine } from "../contract/broker.ts";
import { type Clock, delay } from "../contract/clock.ts";
import type { ArtifactAsk, ArtifactGiven } from "../contract/envelope.ts";
import { errorFromData, PetrelError, Terminal } from "../contract/errors.ts";

const AGAIN_MS = 500;
const LONGEST_PAUSE_MS = 5000;

export interface DownloadParts {
  line: Pick<ExecutorLine, "askArtifact">;
  executor: string;
  clock: Clock;
  signal: AbortSignal;
}

/** Errors: Terminal `artifact-missing`, `artifact-damaged`; Refused `artifact-not-yours`; those of the disk; and the signal's reason. */
export async function fetchArtifact(
  parts: DownloadParts,
  about: Pick<ArtifactAsk, "net" | "firing" | "attempt">,
  ref: { $artifact: string; sha256: string },
  file: string,
): Promise<void> {
  const handle = await open(file, "w", 0o600);
  const hash = createHash("sha256");
  let whole = false;
  try {
    for (let from = 0; ; ) {
      const { bytes, size } = await askUntilHeard(parts, { ...about, artifact: ref.$artifact, from });
      hash.update(bytes);
      await handle.write(bytes);
      from += bytes.length;
      if (from >= size || bytes.length === 0) break;
    }
    whole = hash.digest("hex") === ref.sha256; // D1
  } finally {
    await handle.close();
    if (!whole) await rm(file, { force: true });
  }
  if (!whole) throw new Terminal({ code: "artifact-damaged", message: `what came of the artefact ${ref.$artifact} is not what it names` });
}

/** D2 */
async function askUntilHeard(
  { line, executor, clock, signal }: DownloadParts,
  ask: ArtifactAsk,
): Promise<ArtifactGiven & { state: "piece" }> {
  for (let tries = 0; ; tries += 1) {
    signal.throwIfAborted();
    try {
      const given = await line.askArtifact(executor, ask);
      if (given.state === "piece") return given;
      throw errorFromData(given.error);
    } catch (error) {
      if (!(error instanceof PetrelError) || error.outlook !== "retryable") throw error;
      await delay(clock, Math.min(LONGEST_PAUSE_MS, AGAIN_MS * 2 ** Math.min(tries, 5)), signal);
    }
  }
}
