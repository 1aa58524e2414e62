/** What a verb is: its words and arguments, its help, and what it does. `program.ts` makes commander commands of these. */

import { usage } from "../client/usage.ts";
import type { Broker } from "../contract/broker.ts";
import type { PetrelDoors } from "./doors.ts";
import type { Output } from "./output.ts";
import { pasteable } from "./team/paste.ts";

export const EXIT = { ok: 0, failed: 1, usage: 2, runFailed: 3, waiting: 4, cancelled: 5, budget: 6 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export interface VerbOption {
  /** As commander reads them: "--limit <n>", "--yes", "--role <role...>". */
  flags: string;
  about: string;
  choices?: readonly string[];
}

export interface Verb {
  /** Words, then arguments as commander reads them: "gate approve <net> <gate>". */
  command: string;
  summary: string;
  /** More lines for its help. */
  details?: string;
  /** Commands that can be pasted, at least one. */
  examples: readonly string[];
  options?: readonly VerbOption[];
  /** Not in the list of `petrel --help`. */
  hidden?: boolean;
  run(call: VerbCall): Promise<ExitCode>;
}

/** One call of a verb, with its words already taken apart. */
export class VerbCall {
  readonly petrel: PetrelDoors;
  readonly out: Output;
  /** The state folder, absolute. */
  readonly dir: string;
  readonly logLevel: string;
  readonly #args: Record<string, string | undefined>;
  readonly #options: Record<string, unknown>;

  constructor(parts: {
    petrel: PetrelDoors;
    out: Output;
    dir: string;
    logLevel: string;
    args: Record<string, string | undefined>;
    options: Record<string, unknown>;
  }) {
    this.petrel = parts.petrel;
    this.out = parts.out;
    this.dir = parts.dir;
    this.logLevel = parts.logLevel;
    this.#args = parts.args;
    this.#options = parts.options;
  }

  get json(): boolean {
    return this.out.json;
  }

  /** A required argument, by the name in the verb's `command`. */
  arg(name: string): string {
    const value = this.#args[name];
    if (value === undefined) throw usage(`the argument ${name} is missing`);
    return value;
  }
  optionalArg(name: string): string | undefined {
    return this.#args[name];
  }

  /** Options go by their long flag without dashes, in camel case. */
  on(name: string): boolean {
    return this.#options[name] === true;
  }
  text(name: string): string | undefined {
    const value = this.#options[name];
    return typeof value === "string" ? value : undefined;
  }
  list(name: string): string[] {
    const value = this.#options[name];
    return Array.isArray(value) ? value.map(String) : typeof value === "string" ? [value] : [];
  }
  /** Errors: usage, when it is no whole number of at least `least`. */
  integer(name: string, least = 0): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const number = Number(value);
    if (!/^\d+$/.test(value) || !Number.isSafeInteger(number) || number < least) {
      throw usage(
        `--${kebab(name)} takes a whole number of at least ${least}, not "${value}"`,
        `like --${kebab(name)} ${Math.max(least, SENSIBLE[name] ?? 10)}`,
      );
    }
    return number;
  }

  /** A hint with its commands as they run from where the user stands. */
  pasteable(hint: string): string {
    return pasteable(this.petrel, this.dir, hint);
  }

  /** Connects to the running system for as long as the work takes. */
  async withBroker<T>(work: (broker: Broker) => Promise<T>, { repair = false }: { repair?: boolean } = {}): Promise<T> {
    const connection = await this.petrel.connect(this.dir, { logLevel: this.logLevel, repair });
    try {
      return await work(connection.broker);
    } finally {
      await connection.close();
    }
  }
}

/** What a hint proposes where ten would be an odd number to choose. */
const SENSIBLE: Record<string, number> = { lease: 30_000, drain: 5000, maxStore: 1000, slots: 4, states: 500_000, seconds: 30 };

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
