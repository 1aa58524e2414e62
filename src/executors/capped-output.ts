/** Of the line that says what was left out. */
const MARK_BYTES = 64;

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

  text(): string {
    return this.within(Number.POSITIVE_INFINITY).text;
  }

  /** `jsonBytes`: it has at most so many as JSON, in which short lines and signs of control take up to six times their bytes. */
  within(jsonBytes: number): { text: string; truncated: boolean } {
    if (this.#tailBytes > this.#half) this.#cut();
    const [head, tail] = [Buffer.concat(this.#head), Buffer.concat(this.#tail)];
    const dropped = this.#dropped;
    const whole = dropped === 0 ? Buffer.concat([head, tail]).toString("utf8") : joined(head, tail, dropped);
    if (jsonSize(whole) <= jsonBytes) return { text: whole, truncated: dropped > 0 };
    const all = dropped === 0 ? Buffer.concat([head, tail]) : null;
    const half = Math.max(0, Math.floor((jsonBytes - MARK_BYTES) / 2));
    const begin = fittingPart(all ?? head, half, (bytes, size) => bytes.subarray(0, size));
    const rest = all ? all.subarray(begin.length) : tail;
    const end = fittingPart(rest, half, (bytes, size) => bytes.subarray(bytes.length - size));
    return { text: joined(begin, end, dropped + head.length + tail.length - begin.length - end.length), truncated: true };
  }
}

function joined(head: Buffer, tail: Buffer, dropped: number): string {
  return `${head.toString("utf8")}\n... ${dropped} bytes left out ...\n${tail.toString("utf8")}`;
}

function jsonSize(text: string): number {
  return Buffer.byteLength(JSON.stringify(text));
}

/** The longest part, to some bytes, that has no more than so many as JSON. */
function fittingPart(bytes: Buffer, limit: number, part: (bytes: Buffer, size: number) => Buffer): Buffer {
  let [fits, over] = [0, bytes.length + 1];
  while (over - fits > 1) {
    const middle = Math.floor((fits + over) / 2);
    if (jsonSize(part(bytes, middle).toString("utf8")) <= limit) fits = middle;
    else over = middle;
  }
  return part(bytes, fits);
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
