/** What commands print while they print it: for eyes, stored nowhere. The result and its artefacts have the whole of it later. */
import type { Serving } from "./serving.ts";

/** As an executor tells it. A type, not an interface: it travels as JSON. */
export type Printed = {
  /** Of this attempt, from 1. */
  command: number;
  /** `command`: what was started, as words. */
  from: "command" | "stdout" | "stderr";
  /** Characters of this output before it, and with it. Where it begins after the end of the one before, something was left out. */
  at: number;
  end: number;
  text: string;
  /** Nothing more comes of this output. */
  last?: true;
};

/** As the owner of the net tells it: of an executor that holds the attempt, and without secrets. */
export type PrintedPiece = Printed & { net: string; transition: string; firing: string; attempt: number; executor: string };

/** What an attempt is named by. */
export interface PrintingAttempt {
  net: string;
  firing: string;
  attempt: number;
}

/** `printing.<net>.<transition>.<firing>`: core NATS; pieces may be lost. */
export interface LiveOutput {
  print(piece: PrintedPiece): void;
  /** `net` null: of all nets. */
  listen(net: string | null, take: (piece: PrintedPiece) => void): Serving;
}

/** Characters of one piece, at most. */
export const PIECE_CHARACTERS = 16 * 1024;

/** Null for what is no such thing: it comes from another process. */
export function printedIn(value: unknown): Printed | null {
  if (typeof value !== "object" || value === null) return null;
  const { command, from, at, end, text, last } = value as Partial<Printed>;
  const numbers = [command, at, end].every((each) => Number.isSafeInteger(each) && Number(each) >= 0);
  const isFrom = from === "command" || from === "stdout" || from === "stderr";
  if (!numbers || !isFrom || typeof text !== "string" || text.length > 2 * PIECE_CHARACTERS) return null;
  return { command: Number(command), from, at: Number(at), end: Number(end), text, ...(last === true ? { last } : {}) };
}

/** Told apart: outputs of one command are counted each by itself. */
export const outputKey = ({ net, firing, attempt, command, from }: PrintedPiece): string => [net, firing, attempt, command, from].join("/");
