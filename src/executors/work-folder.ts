/** The folder in which one attempt works: HOME of its commands lies in it. */
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { errorData } from "../contract/errors.ts";
import type { Logger } from "../contract/logger.ts";
import { removeTree } from "./remove-tree.ts";
import { type AttemptName, attemptKey } from "./result-shelf.ts";

export class WorkFolder {
  readonly path: string;
  readonly #logger: Logger;
  #cleared: Promise<void> | null = null;

  /** `dir`: the executor's. */
  constructor(dir: string, attempt: AttemptName, logger: Logger) {
    this.path = join(dir, "work", attemptKey(attempt));
    this.#logger = logger;
  }

  /** Empty, whatever was there. Throws what the file system does. */
  async layOut(): Promise<void> {
    if (existsSync(this.path)) await removeTree(this.path);
    mkdirSync(this.path, { recursive: true });
  }

  /** Begins at the first call; settles when it is gone. What cannot be removed is left to the next start. */
  clear(): Promise<void> {
    this.#cleared ??= removeTree(this.path).catch((error: unknown) => leftBehind(this.#logger, this.path, error));
    return this.#cleared;
  }
}

export function leftBehind(logger: Logger, folder: string, cause: unknown): void {
  const error = errorData(cause);
  logger.warn(
    { folder, error: { ...error, message: error.message.slice(0, 300) } },
    "what work left behind could not be removed; the next start tries again",
  );
}
