/** Output of a process within a limit: its beginning and its end are kept, what lies between is counted. */
export class CappedOutput {
  readonly #half: number;
  readonly #head: Buffer[] = [];
  #headBytes = 0;
  #tail: Buffer[] = [];
  #tailBytes = 0;
  #dropped = 0;

  constructor(limit: number) {
    this.#half = Math.max(1, Math.floor(limit / 2));
  }

  push(chunk: Buffer): void {
    const room = this.#half - this.#headBytes;
    const toHead = chunk.subarray(0, Math.max(0, room));
    if (toHead.length > 0) {
      this.#head.push(toHead);
      this.#headBytes += toHead.length;
    }
    const rest = chunk.subarray(toHead.length);
    if (rest.length === 0) return;
    this.#tail.push(rest);
    this.#tailBytes += rest.length;
    // Cut only when twice over, so that a flood of small chunks is not copied each time.
    if (this.#tailBytes > 2 * this.#half) this.#cut();
  }

  #cut(): void {
    const all = Buffer.concat(this.#tail);
    const kept = all.subarray(Math.max(0, all.length - this.#half));
    this.#dropped += all.length - kept.length;
    this.#tail = [Buffer.from(kept)];
    this.#tailBytes = kept.length;
  }

  get truncated(): boolean {
    return this.#dropped > 0 || this.#tailBytes > this.#half;
  }

  text(): string {
    if (this.#tailBytes > this.#half) this.#cut();
    const head = Buffer.concat(this.#head);
    const tail = Buffer.concat(this.#tail);
    if (this.#dropped === 0) return Buffer.concat([head, tail]).toString("utf8");
    return `${head.toString("utf8")}\n... ${this.#dropped} bytes left out ...\n${tail.toString("utf8")}`;
  }
}

/** Text cut to a number of bytes, with a mark where it was cut. */
export function capText(text: string, bytes: number): { text: string; truncated: boolean } {
  const buffer = Buffer.from(text, "utf8");
  if (buffer.length <= bytes) return { text, truncated: false };
  // A character cut in half decodes to U+FFFD, which is dropped.
  const head = buffer
    .subarray(0, bytes)
    .toString("utf8")
    .replace(/\uFFFD+$/, "");
  return { text: `${head}\n... ${buffer.length - Buffer.byteLength(head)} bytes left out ...\n`, truncated: true };
}
