/**
 * The whole of what a process prints, in a file, as soon as it is more than its head and tail.
 * K1 Memory stays bounded: what the disk has not taken yet makes the process wait.
 * K2 Past its limit nothing more is written, and everything is counted. A full disk ends the keeping and not the command.
 */
import { createWriteStream, type WriteStream } from "node:fs";
import type { Readable } from "node:stream";

export interface Kept {
  file: string;
  /** Bytes in the file. */
  bytes: number;
  /** Bytes that were printed. */
  total: number;
}

export class KeptOutput {
  readonly #file: string;
  readonly #from: number;
  readonly #limit: number;
  readonly #source: Readable;
  #waiting: Buffer[] = [];
  #stream: WriteStream | null = null;
  #failed = false;
  #bytes = 0;
  #total = 0;

  /** `from`: so many bytes are not worth a file. `limit`: so many are kept. */
  constructor(source: Readable, file: string, { from, limit }: { from: number; limit: number }) {
    this.#source = source;
    this.#file = file;
    this.#from = from;
    this.#limit = limit;
  }

  push(chunk: Buffer): void {
    this.#total += chunk.length;
    const part = chunk.subarray(0, Math.max(0, this.#limit - this.#bytes));
    if (part.length === 0 || this.#failed) return;
    this.#bytes += part.length;
    if (this.#total <= this.#from) this.#waiting.push(part);
    else this.#write(part);
  }

  /** `isWorth`: so it is, however short it is. Null when it was not worth a file, or nothing could be kept. */
  async end(isWorth = false): Promise<Kept | null> {
    const stream = this.#stream ?? (isWorth && this.#waiting.length > 0 ? this.#open() : null);
    if (stream) await new Promise<void>((done) => (stream.destroyed ? done() : stream.once("close", done).end()));
    return stream && !this.#failed ? { file: this.#file, bytes: this.#bytes, total: this.#total } : null;
  }

  #write(part: Buffer): void {
    const stream = this.#stream ?? this.#open();
    if (stream.write(part)) return;
    // K1
    this.#source.pause();
    stream.once("drain", () => this.#source.resume());
  }

  #open(): WriteStream {
    const stream = createWriteStream(this.#file, { mode: 0o600 });
    this.#stream = stream;
    // K2
    stream.once("error", () => {
      this.#failed = true;
      this.#source.resume();
    });
    for (const part of this.#waiting) stream.write(part);
    this.#waiting = [];
    return stream;
  }
}
