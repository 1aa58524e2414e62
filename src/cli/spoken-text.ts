/** What models say while they say it, between the lines of events: a line begins with the persona and goes on as pieces come. */
import type { SaidPiece } from "../contract/broker.ts";
import type { Output } from "./output.ts";

export class SpokenText {
  readonly #out: Output;
  #speaker: string | null = null;

  constructor(out: Output) {
    this.#out = out;
  }

  take(piece: SaidPiece): void {
    if (this.#out.json) {
      this.#out.line({ said: { ...piece } }, () => "");
      return;
    }
    const speaker = `${piece.persona} ${piece.firing}`;
    if (speaker !== this.#speaker) {
      this.endLine();
      this.#out.piece(`${piece.persona} says: `);
    }
    this.#speaker = speaker;
    this.#out.piece(piece.text);
  }

  endLine(): void {
    if (this.#speaker !== null) this.#out.piece("\n");
    this.#speaker = null;
  }
}
