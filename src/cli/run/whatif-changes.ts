/** The values that differ, then and now, side by side and short: the whole of them is in `--json`. */
import type { Json } from "../../contract/json.ts";
import { differences } from "../../net/rule/agree.ts";
import { readPointer } from "../../net/rule/pointer.ts";
import { oneLine } from "../output.ts";
import type { Retold } from "./whatif.ts";

/** Firings that are shown, and places of each. */
const SHOWN = 5;
/** Characters of one value. */
const WIDTH = 60;
/** Characters before the first one that differs. */
const BEFORE = 15;

/** One line for each value, like `/owner: "ada" -> "zoe"`; nothing where no answers differ. */
export function changesText(retold: readonly Retold[], several: boolean): string[] {
  const differing = retold.filter(({ was, now, same }) => was.answered && now.error === undefined && !same);
  if (differing.length === 0) return [];
  const more = differing.length > SHOWN ? `, the first ${SHOWN} of ${differing.length} that differ` : "";
  return [`Answers then -> now${more} (--json has all, whole):`, ...differing.slice(0, SHOWN).flatMap((one) => firing(one, several)), ""];
}

function firing({ net, seq, transition, answers: { was, now } }: Retold, several: boolean): string[] {
  const head = `  event ${several ? `${net} ` : ""}${seq}, ${transition}:`;
  const paths = differences(was, now, SHOWN + 1);
  const lines = paths.slice(0, SHOWN).map((path) => change(path, readPointer(was, path), readPointer(now, path)));
  if (lines.length === 1) return [`${head} ${lines[0]}`];
  return [head, ...lines.map((line) => `    ${line}`), ...(paths.length > SHOWN ? ["    and in more"] : [])];
}

function change(path: string, was: Json | undefined, now: Json | undefined): string {
  const [left, right] = [textOf(was), textOf(now)];
  const from = firstDifference(left, right);
  const longest = Math.max(left.length, right.length);
  // Long values are cut where they begin to differ, for what they have in common tells nothing.
  const start = longest > WIDTH && from > BEFORE ? Math.min(from - BEFORE, longest - WIDTH) : 0;
  return `${path === "" ? "" : `${oneLine(path, WIDTH)}: `}${piece(left, start)} -> ${piece(right, start)}`;
}

const textOf = (value: Json | undefined): string => (value === undefined ? "nothing" : JSON.stringify(value));

function firstDifference(one: string, other: string): number {
  let from = 0;
  while (from < one.length && one[from] === other[from]) from += 1;
  return from;
}

function piece(text: string, from: number): string {
  const rest = text.slice(from);
  return `${from > 0 ? "…" : ""}${rest.length > WIDTH ? `${rest.slice(0, WIDTH - 1)}…` : rest}`;
}
