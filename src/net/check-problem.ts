/** What a checker finds, and how it is shown. */
import { type JsonPath, type LocatedJson, locateIssues, type Pointing } from "./locate.ts";

export type Severity = "error" | "warning";

/** A problem with its place in the value, before the file is known. */
export interface Finding extends Pointing {
  severity: Severity;
  code: string;
  /** One plain sentence that names the element. A syntax error adds the text and a caret on further lines. */
  message: string;
  hint?: string;
}

/** `path` is joined with dots, like `transitions.review.in.0.where`; line and column count from 1. */
export interface Problem {
  severity: Severity;
  code: string;
  message: string;
  hint?: string;
  path: string;
  file?: string;
  line?: number;
  column?: number;
}

export function problemOf({ severity, code, message, hint, path }: Finding): Problem {
  return { severity, code, message, ...(hint === undefined ? {} : { hint }), path: path.join(".") };
}

/** The findings as problems of a file, in its order. */
export function problemsIn(findings: readonly Finding[], source: LocatedJson): Problem[] {
  return locateIssues(findings, source).map((found) => ({ ...problemOf(found), file: found.file, line: found.line, column: found.column }));
}

/** `nets/a.json:3:5: error: message (code)`, further lines of the message, and the hint on a line of its own. */
export function formatProblem(problem: Problem): string {
  const { severity, code, message, hint, path, file, line, column } = problem;
  const place = file === undefined ? path : `${file}:${line ?? 1}:${column ?? 1}`;
  const [first = "", ...rest] = message.split("\n");
  const lines = [`${place === "" ? "" : `${place}: `}${severity}: ${first} (${code})`, ...rest];
  return (hint === undefined ? lines : [...lines, `  hint: ${hint}`]).join("\n");
}

export function finding(severity: Severity, code: string, path: JsonPath, message: string, hint?: string, at?: "key"): Finding {
  return { severity, code, path, message, ...(hint === undefined ? {} : { hint }), ...(at === undefined ? {} : { at }) };
}

export function failure(code: string, path: JsonPath, message: string, hint?: string, at?: "key"): Finding {
  return finding("error", code, path, message, hint, at);
}

export function warning(code: string, path: JsonPath, message: string, hint?: string, at?: "key"): Finding {
  return finding("warning", code, path, message, hint, at);
}

/** What a path means to its reader: `transition "review", input 1, "where"`. */
export function elementOf(path: JsonPath): string {
  const [group, name, ...rest] = path;
  if (group === "transitions" && name !== undefined) return [`transition "${name}"`, ...partsOf(rest)].join(", ");
  if (group === "places" && name !== undefined) return [`place "${name}"`, ...partsOf(rest)].join(", ");
  if (group === "tokens" && name !== undefined && typeof rest[0] === "number") return `initial token ${rest[0] + 1} of place "${name}"`;
  return path.length === 0 ? "the net" : `"${path.join(".")}"`;
}

function partsOf(path: JsonPath): string[] {
  const [field, index, ...rest] = path;
  if (field === undefined) return [];
  if ((field === "in" || field === "out") && typeof index === "number") {
    return [`${field === "in" ? "input" : "output"} ${index + 1}`, ...(rest.length > 0 ? [`"${rest.join(".")}"`] : [])];
  }
  return [`"${path.join(".")}"`];
}
