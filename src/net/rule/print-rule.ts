/** A rule as people read it, one line a thing: the guard, then the answer. */
import type { Answer, Slot } from "./answer.ts";
import type { Change } from "./change.ts";
import { printPointer } from "./pointer.ts";
import { printCondition, printValue } from "./print-condition.ts";
import { printProgram } from "./print-program.ts";
import type { Rule } from "./rule.ts";
import { printTerm } from "./term.ts";

/** Rows of a table that are printed; the rest is counted. */
const MOST_ROWS = 12;

export function printRule({ guard, answer, program }: Rule): string[] {
  const domain = guard.length === 0 ? ["for every input"] : ["only where", ...guard.map((one) => `  ${printCondition(one)}`)];
  if (program) return [...domain, "make these calls", ...indented(printProgram(program, printAnswer))];
  return [...domain, "answer", ...printAnswer(answer).map((line) => `  ${line}`)];
}

const indented = (lines: string[]): string[] => lines.map((line) => `  ${line}`);

export function printAnswer(answer: Answer): string[] {
  switch (answer.kind) {
    case "constant":
      return [printValue(answer.value)];
    case "absent":
      return ["(left out)"];
    case "decline":
      return [`ask the model (${answer.reason})`];
    case "copy":
      return [printSlot(answer)];
    case "text":
      return [answer.parts.map(printPart).join(" + ")];
    case "extract":
      return [
        `${printChanges(answer.change)}out of ${printPointer(answer.path)} by ${answer.patterns.join("  or else  ")}${answer.form === undefined ? "" : `, of the form ${answer.form}`}`,
      ];
    case "table":
      return printTable(answer);
    case "cases":
      return printCases(answer);
    case "split":
      return [`if ${printCondition(answer.if)}`, ...indented(printAnswer(answer.yes)), "else", ...indented(printAnswer(answer.no))];
    case "object":
      return Object.entries(answer.fields).flatMap(([name, field]) => headed(`${name}:`, printAnswer(field)));
    case "list":
      return answer.items.flatMap((item) => headed("-", printAnswer(item)));
  }
}

/** On the line of its name when it is one line, below it otherwise. */
function headed(head: string, lines: string[]): string[] {
  return lines.length === 1 ? [`${head} ${lines[0]}`] : [head, ...indented(lines)];
}

function printPart(part: string | Slot | Answer): string {
  if (typeof part === "string") return printValue(part);
  return "kind" in part ? `(${printAnswer(part).join(" ")})` : printSlot(part);
}

function printSlot({ path, change }: Slot): string {
  return `${printChanges(change)}${printPointer(path)}`;
}

/** Inner first, as in `upper(trim(name))`, but read from left to right: `name, trimmed` would need a word for each. */
function printChanges(changes: Change[] | undefined): string {
  if (!changes || changes.length === 0) return "";
  return `${changes.map(printChange).join(", then ")} of `;
}

function printChange(change: Change): string {
  const { do: name, ...rest } = change;
  const values = Object.values(rest).map((value) => JSON.stringify(value));
  return values.length === 0 ? name : `${name}(${values.join(", ")})`;
}

function printTable({ keys, rows }: Answer & { kind: "table" }): string[] {
  const head = `by ${keys.map(printTerm).join(", ")}:`;
  const shown = rows
    .slice(0, MOST_ROWS)
    .map(({ when, give, seen }) => `${when.map(printValue).join(", ")} -> ${printValue(give)}${times(seen)}`);
  const more = rows.length > MOST_ROWS ? [`and ${rows.length - MOST_ROWS} more rows`] : [];
  return [head, ...indented([...shown, ...more])];
}

function printCases({ cases, else: rest }: Answer & { kind: "cases" }): string[] {
  const lines = cases.flatMap(({ if: conditions, give, seen }) => {
    const when = conditions.length === 0 ? "always" : conditions.map(printCondition).join(" and ");
    return headed(`if ${when}${times(seen)}:`, printAnswer(give));
  });
  return [...lines, ...headed("else:", rest ? printAnswer(rest) : ["ask the model"])];
}

const times = (seen: number | undefined): string => (seen === undefined ? "" : ` (seen ${seen} times)`);
