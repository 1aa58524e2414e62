/** The console log of a build: on disk up to a limit, its end in memory for the token. */
import { appendFileSync, statSync } from "node:fs";

const LOG_LIMIT = 64 * 1024 * 1024;
const TAIL_BYTES = 4 * 1024;

export class KeptLog {
  readonly path: string;
  #size = 0;
  #tail = Buffer.alloc(0);

  constructor(path: string) {
    this.path = path;
    appendFileSync(path, "");
  }

  push(bytes: Uint8Array): void {
    const room = Math.max(0, LOG_LIMIT - this.#size);
    this.#size += bytes.length;
    if (room > 0) appendFileSync(this.path, bytes.subarray(0, room));
    this.#tail = Buffer.concat([this.#tail, bytes.subarray(Math.max(0, bytes.length - TAIL_BYTES))]).subarray(-TAIL_BYTES);
  }

  /** Whether the whole log was longer than what is kept. */
  get truncated(): boolean {
    return this.#size > LOG_LIMIT;
  }

  get bytes(): number {
    return statSync(this.path).size;
  }

  /** From a line's beginning where there is one. */
  tail(): string {
    const text = this.#tail.toString("utf8");
    if (this.#size <= TAIL_BYTES) return text;
    return text.slice(text.indexOf("\n") + 1);
  }
}
