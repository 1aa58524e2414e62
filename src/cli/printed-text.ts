/** What commands print while they print it, between the lines of events: each line begins with the transition. */
import { stripVTControlCharacters } from "node:util";
import type { PrintedPiece } from "../contract/printed.ts";
import { outputKey } from "../contract/printed.ts";
import type { Output } from "./output.ts";

export class PrintedText {
  readonly #out: Output;
  /** The output whose line is not ended, and where each was when last heard. */
  #open: string | null = null;
  readonly #ends = new Map<string, number>();

  constructor(out: Output) {
    this.#out = out;
  }

  take(piece: PrintedPiece): void {
    if (this.#out.json) {
      this.#out.line({ printed: { ...piece } }, () => "");
      return;
    }
    const key = outputKey(piece);
    const missed = piece.at - (this.#ends.get(key) ?? piece.at);
    this.#ends.set(key, piece.end);
    if (piece.last) this.#ends.delete(key);
    if (piece.text === "" && missed <= 0) return;
    if (key !== this.#open) this.endLine();
    const text = piece.from === "command" ? `$ ${piece.text}\n` : piece.text;
    this.#write(key, piece.transition, missed > 0 ? `... ${missed} characters left out ...\n${text}` : text);
  }

  endLine(): void {
    if (this.#open !== null) this.#out.piece("\n");
    this.#open = null;
  }

  #write(key: string, transition: string, text: string): void {
    // What a terminal would write over, like a bar of progress, becomes lines.
    for (const line of text.replaceAll(/\r\n?/g, "\n").split(/(?<=\n)/)) {
      if (this.#open === null) this.#out.piece(`${transition} | `);
      // Without the colours that it asks a terminal for.
      this.#out.piece(stripVTControlCharacters(line));
      this.#open = line.endsWith("\n") ? null : key;
    }
  }
}
