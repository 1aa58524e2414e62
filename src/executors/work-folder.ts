/** The folder in which one attempt works: HOME of its commands lies in it. */
import { existsSync, mkdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type AttemptName, attemptKey } from "./result-shelf.ts";

export class WorkFolder {
  readonly path: string;
  #cleared: Promise<void> | null = null;

  /** `dir`: the executor's. */
  constructor(dir: string, attempt: AttemptName) {
    this.path = join(dir, "work", attemptKey(attempt));
  }

  /** Empty, whatever was there. Throws what the file system does. */
  async layOut(): Promise<void> {
    if (existsSync(this.path)) await rm(this.path, { recursive: true, force: true });
    mkdirSync(this.path, { recursive: true });
  }

  /** Begins at the first call; settles when it is gone. What cannot be removed is left to the next start. */
  clear(): Promise<void> {
    this.#cleared ??= rm(this.path, { recursive: true, force: true }).catch(() => {});
    return this.#cleared;
  }
}
