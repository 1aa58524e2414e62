/**
 * What the commands of one attempt print, told while they print it.
 *
 * V1 It never slows a command down: what comes faster than it is told is left out, and where is said.
 * V2 Secrets of the attempt are taken out, also where a piece ends in the middle of one.
 * V3 When a command has ended, all that is told of it has been.
 */
import { StringDecoder } from "node:string_decoder";
import type { Clock, Timer } from "../contract/clock.ts";
import { FlowingText } from "../contract/flowing-text.ts";
import { PIECE_CHARACTERS, type Printed } from "../contract/printed.ts";
import type { SecretFilter } from "../contract/secret-forms.ts";

export interface LiveOutputPorts {
  clock: Clock;
  filter: SecretFilter;
  tell(piece: Printed): void;
}
export interface CommandOutput {
  hear(from: "stdout" | "stderr", chunk: Buffer): void;
  end(): void;
}

const PACE_MS = 200;

/** Gives what hears a command that begins; each has a number of its own. */
export function liveOutput(ports: LiveOutputPorts): (argv: readonly string[], shownAs?: (line: string) => string) => CommandOutput {
  let count = 0;
  return (argv, shownAs) => {
    const command = ++count;
    const words = ports.filter.strip(argv.map(shown).join(" ")).slice(0, PIECE_CHARACTERS);
    const tell = (piece: Omit<Printed, "command">) => ports.tell({ command, ...piece });
    tell({ from: "command", at: 0, end: words.length, text: words, last: true });
    const outputs = { stdout: new Output(ports, "stdout", tell, shownAs), stderr: new Output(ports, "stderr", tell) };
    return {
      hear: (from, chunk) => outputs[from].hear(chunk),
      end: () => {
        for (const output of Object.values(outputs)) output.end();
      },
    };
  };
}

class Output {
  readonly #clock: Clock;
  readonly #from: "stdout" | "stderr";
  readonly #tell: (piece: Omit<Printed, "command">) => void;
  readonly #decoder = new StringDecoder("utf8");
  readonly #text: FlowingText;
  /** Told next time; it begins at `#at`. */
  #waiting = "";
  #at = 0;
  /** Characters that have come. */
  #seen = 0;
  /** Whether something was left out behind what waits. */
  #missed = false;
  #timer: Timer | null = null;
  #told = false;
  readonly #shownAs: ((line: string) => string) | undefined;
  /** Of a line that is not whole yet, where lines are shown in other words. */
  #line = "";

  constructor(
    { clock, filter }: LiveOutputPorts,
    from: "stdout" | "stderr",
    tell: (piece: Omit<Printed, "command">) => void,
    shownAs?: (line: string) => string,
  ) {
    this.#clock = clock;
    this.#shownAs = shownAs;
    this.#from = from;
    this.#tell = tell;
    this.#text = new FlowingText(() => filter);
  }

  hear(chunk: Buffer): void {
    this.#take(this.#shown(this.#decoder.write(chunk)));
  }

  #shown(text: string): string {
    if (!this.#shownAs) return text;
    const lines = (this.#line + text).split("\n");
    // A line without an end is as it is.
    this.#line = (lines.at(-1) ?? "").slice(-PIECE_CHARACTERS);
    return lines
      .slice(0, -1)
      .map((line) => `${this.#shownAs?.(line)}\n`)
      .join("");
  }

  #take(text: string): void {
    const begin = this.#seen;
    this.#seen += text.length;
    this.#timer ??= this.#clock.after(PACE_MS, () => this.#flush());
    // V1. Of what comes in one pace, as much is told as one piece holds.
    if (this.#waiting.length >= PIECE_CHARACTERS) {
      this.#missed = true;
      return;
    }
    if (this.#missed) this.#at = begin + this.#text.gap();
    this.#missed = false;
    this.#waiting += this.#text.push(text);
  }

  end(): void {
    if (this.#line !== "") this.#take(this.#line);
    this.#timer?.cancel();
    if (!this.#missed) this.#waiting += this.#text.end();
    this.#flush();
    if (this.#told) this.#tell({ from: this.#from, at: this.#seen, end: this.#seen, text: "", last: true });
  }

  #flush(): void {
    this.#timer = null;
    const text = this.#waiting.slice(0, PIECE_CHARACTERS);
    this.#missed ||= text.length < this.#waiting.length;
    this.#waiting = "";
    if (text === "") return;
    const at = this.#at;
    this.#at = this.#missed ? Math.min(at + text.length, this.#seen) : this.#seen - this.#text.held;
    this.#told = true;
    this.#tell({ from: this.#from, at, end: this.#at, text });
  }
}

const shown = (word: string): string => (/^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
