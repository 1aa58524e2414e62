/** A difference in words. Long lists are cut; `--json` has them whole. */

import type { Cause, Difference, FiringSpan } from "../../client/history/difference.ts";
import type { PlacedId } from "../../contract/event.ts";
import { type Output, readableAge } from "../output.ts";

const MOST = 40;

export function differenceText(difference: Difference, out: Output): string {
  const { net, from, to, events, came, went, moved, began, ended, changed } = difference;
  const span = from.at !== null && to.at !== null ? `, ${readableAge(Date.parse(to.at) - Date.parse(from.at))}` : "";
  const head = `${net} between ${named(from)} and ${named(to)}: ${counted(events, "event")}${span}`;
  const sections = [
    section(
      "changed",
      changed.map(({ what, from: was, to: is }) => `the ${what}: ${short(was)} → ${short(is)}`),
    ),
    section(
      `${counted(came.length, "token")} came`,
      came.map((one) => `${at(one)}  ${cause(one.cause)}`),
    ),
    section(
      `${counted(moved.length, "token")} moved on`,
      moved.map(
        (one) =>
          `${at(one)} → ${one.to.map((next) => `${at(next)} by ${next.cause.transition ?? next.cause.by ?? "?"} (#${next.cause.seq})`).join(", ")}`,
      ),
    ),
    section(
      `${counted(went.length, "token")} went`,
      went.map((one) => `${at(one)}  ${cause(one.cause)}`),
    ),
    section(
      `${counted(began.length, "firing")} began`,
      began.map((one) => `${one.transition} ${one.firing}  ${spanWords(one)}`),
    ),
    section(
      `${counted(ended.filter(({ began: since }) => since === null).length, "firing")} that ran before ended`,
      ended.filter(({ began: since }) => since === null).map((one) => `${one.transition} ${one.firing}  ${spanWords(one)}`),
    ),
  ].filter((lines) => lines.length > 0);
  if (sections.length === 0) return `${out.paint.bold(head)}\n  nothing in the marking changed`;
  return [out.paint.bold(head), ...sections.flatMap((lines) => ["", ...lines])].join("\n");
}

function section(title: string, lines: string[]): string[] {
  if (lines.length === 0) return [];
  const more = lines.length > MOST ? [`  … and ${lines.length - MOST} more; --json has all`] : [];
  return [title, ...lines.slice(0, MOST).map((line) => `  ${line}`), ...more];
}

function cause({ type, seq, transition, by, summary }: Cause): string {
  const who = transition ?? by;
  return `${type}${who === null ? "" : ` (${who})`} #${seq}: ${summary}`;
}
function spanWords({ began, ended, how }: FiringSpan): string {
  if (ended === null) return `#${began}, under way`;
  return began === ended ? `#${ended}, ${how} at once` : `#${began ?? "…"} to #${ended}, ${how}`;
}
function at({ place, id }: PlacedId): string {
  return `${place} ${id}`;
}
function named({ seq, at: time }: { seq: number; at: string | null }): string {
  return time === null ? "the beginning" : `event ${seq} (${time.slice(0, 19)})`;
}
function short(value: string | null): string {
  return value === null ? "none" : value.slice(0, 12);
}
function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
