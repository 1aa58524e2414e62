/**
 * What commands print, on its way from executors to all who look.
 *
 * O1 Only of the executor that holds the claim of the open attempt, asked anew at each piece.
 * O2 Without secrets, also where a piece ends in the middle of one: every secret that the masters know, as in the log.
 * O3 Nothing is stored. The end of each output is remembered while its attempt is open, for who begins to look then.
 */
import { FlowingText } from "../contract/flowing-text.ts";
import { type LiveOutput, outputKey, type Printed, type PrintedPiece, type PrintingAttempt } from "../contract/printed.ts";
import type { SecretFilter } from "../contract/secret-forms.ts";

export interface OutputDeskPorts {
  output: LiveOutput;
  secretFilter(): SecretFilter | null;
  /** The open firing of which this executor has the claim of this attempt. */
  held(executor: string, about: PrintingAttempt): { transition: string } | null;
}

interface Attempt {
  executor: string;
  about: PrintingAttempt;
  pieces: PrintedPiece[];
  characters: number;
  flows: Map<string, { text: FlowingText; end: number }>;
}

/** Characters that are remembered of one attempt. */
const REMEMBERED = 16 * 1024;
/** Outputs of one attempt that are told apart; an executor could name any number. */
const FLOWS = 1000;

export class OutputDesk {
  readonly #ports: OutputDeskPorts;
  readonly #attempts = new Map<string, Attempt>();

  constructor(ports: OutputDeskPorts) {
    this.#ports = ports;
  }

  take(executor: string, about: PrintingAttempt, printed: Printed): void {
    const firing = this.#ports.held(executor, about);
    if (!firing) return; // O1
    const attempt = this.#attempt(executor, about);
    const piece = { ...printed, ...about, transition: firing.transition, executor };
    const clean = this.#clean(attempt, piece);
    if (clean.text === "" && clean.last !== true) return;
    this.#ports.output.print(clean);
    if (clean.text === "") return;
    attempt.pieces.push(clean);
    attempt.characters += clean.text.length;
    while (attempt.characters > REMEMBERED && attempt.pieces.length > 1) attempt.characters -= attempt.pieces.shift()?.text.length ?? 0;
  }

  /** O3. Of one net, in the order in which it came. */
  of(net: string): PrintedPiece[] {
    this.#forget();
    return [...this.#attempts.values()].filter(({ about }) => about.net === net).flatMap(({ pieces }) => pieces);
  }

  #attempt(executor: string, about: PrintingAttempt): Attempt {
    const key = `${about.net}/${about.firing}/${about.attempt}`;
    const known = this.#attempts.get(key);
    if (known?.executor === executor) return known;
    this.#forget();
    const attempt: Attempt = { executor, about, pieces: [], characters: 0, flows: new Map() };
    this.#attempts.set(key, attempt);
    return attempt;
  }

  /** O2 */
  #clean({ flows }: Attempt, piece: PrintedPiece): PrintedPiece {
    const key = outputKey(piece);
    if (!flows.has(key) && flows.size >= FLOWS) flows.clear();
    const flow = flows.get(key) ?? { text: new FlowingText(() => this.#ports.secretFilter()), end: piece.at };
    flows.set(key, flow);
    const { last, ...rest } = piece;
    const before = flow.end - flow.text.held;
    const isGap = piece.at !== flow.end;
    flow.end = piece.end;
    const passed = isGap ? Math.min(flow.text.gap(), piece.text.length) : 0;
    const text = flow.text.push(piece.text) + (last ? flow.text.end() : "");
    if (last) flows.delete(key);
    const at = isGap ? piece.at + passed : before;
    return { ...rest, at, end: Math.max(at, piece.end - flow.text.held), text, ...(last ? { last } : {}) };
  }

  #forget(): void {
    for (const [key, { executor, about }] of this.#attempts) {
      if (!this.#ports.held(executor, about)) this.#attempts.delete(key);
    }
  }
}
