/** Results on stdout, messages on stderr. With `--json` stdout holds JSON and nothing else. */
import Table from "cli-table3";
import picocolors from "picocolors";
import type { Json } from "../contract/json.ts";
import { withoutControls, withoutSequences } from "../contract/terminal-text.ts";
import type { PetrelDoors } from "./doors.ts";
import { harmless } from "./harmless.ts";

export interface Output {
  readonly json: boolean;
  readonly paint: ReturnType<typeof picocolors.createColors>;
  /** The verb's one result: a JSON document, or what `human` makes of it. */
  result(value: Json, human: () => string): void;
  /** One of many results while they come: a line of JSON, or of text. */
  line(value: Json, human: () => string): void;
  /** A part of a line, without what could move the cursor or change the terminal. */
  piece(text: string): void;
  /** A JSON document whatever the form. */
  document(value: Json): void;
  /** A message on stderr. */
  say(text: string): void;
  table(head: string[], rows: string[][]): string;
}

export function createOutput(petrel: Pick<PetrelDoors, "stdout" | "stderr" | "env">, json: boolean): Output {
  const colour = petrel.stdout.isTTY === true && !petrel.env.NO_COLOR && petrel.env.TERM !== "dumb" && !json;
  const paint = picocolors.createColors(colour);
  const clean = colour ? harmless : withoutSequences;
  const print = (text: string) => petrel.stdout.write(text.endsWith("\n") ? text : `${text}\n`);
  return {
    json,
    paint,
    result: (value, human) => {
      const text = json ? JSON.stringify(value, null, 2) : clean(human());
      if (text !== "") print(text);
    },
    line: (value, human) => print(json ? JSON.stringify(value) : clean(human())),
    piece: (text) => {
      petrel.stdout.write(withoutControls(text));
    },
    document: (value) => print(JSON.stringify(value, null, 2)),
    say: (text) => {
      petrel.stderr.write(`${clean(text)}\n`);
    },
    table: (head, rows) => drawTable(head, rows, paint.bold),
  };
}

/** Columns held apart by blanks, without lines, so that it can be read and cut alike. */
function drawTable(head: string[], rows: string[][], bold: (text: string) => string): string {
  const none = ["top", "top-mid", "top-left", "top-right", "bottom", "bottom-mid", "bottom-left", "bottom-right"] as const;
  const inner = ["left", "left-mid", "mid", "mid-mid", "right", "right-mid"] as const;
  const chars = { ...Object.fromEntries([...none, ...inner].map((name) => [name, ""])), middle: "  " };
  const table = new Table({ head: head.map(bold), chars, style: { head: [], border: [], "padding-left": 0, "padding-right": 0 } });
  table.push(...rows);
  return table
    .toString()
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n");
}

/** "3 m 12 s": the two largest units. */
export function readableAge(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const units: [string, number][] = [
    ["d", 86_400],
    ["h", 3600],
    ["m", 60],
    ["s", 1],
  ];
  const from = units.findIndex(([, size]) => seconds >= size);
  if (from < 0) return "0 s";
  let left = seconds;
  const parts: string[] = [];
  for (const [name, size] of units.slice(from, from + 2)) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0) parts.push(`${count} ${name}`);
  }
  return parts.join(" ");
}

/** A JSON value on one line, cut to a width. */
export function oneLine(value: Json, width = 80): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const flat = text.replace(/\s+/g, " ");
  return flat.length > width ? `${flat.slice(0, width - 1)}…` : flat;
}
