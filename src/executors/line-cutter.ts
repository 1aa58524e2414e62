/** Cuts what comes in pieces into lines, and holds no more of one that does not end than its limit. */
export class LineCutter {
  readonly #limit: number;
  #pieces: Buffer[] = [];
  #bytes = 0;
  #tooLong = false;

  /** In bytes, of one line. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** A line went beyond the limit; no line comes any more. */
  get tooLong(): boolean {
    return this.#tooLong;
  }

  /** The lines that end in this piece, without their ends. */
  cut(piece: Buffer): string[] {
    const lines: string[] = [];
    let from = 0;
    while (!this.#tooLong) {
      const end = piece.indexOf(10, from);
      this.#hold(piece.subarray(from, end < 0 ? piece.length : end));
      if (end < 0) break;
      if (!this.#tooLong) lines.push(this.rest());
      from = end + 1;
    }
    return lines;
  }

  /** What came since the last line end. */
  rest(): string {
    const text = Buffer.concat(this.#pieces).toString("utf8");
    this.#drop();
    return text.endsWith("\r") ? text.slice(0, -1) : text;
  }

  #hold(piece: Buffer): void {
    this.#bytes += piece.length;
    this.#pieces.push(piece);
    this.#tooLong = this.#bytes > this.#limit;
    if (this.#tooLong) this.#drop();
  }

  #drop(): void {
    this.#pieces = [];
    this.#bytes = 0;
  }
}
