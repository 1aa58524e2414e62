/** JSON files that people write: parsed with positions, so that a problem names file, line and column. */
import { findNodeAtLocation, getLocation, type Node, type ParseError, parseTree, printParseErrorCode } from "jsonc-parser";
import type { z } from "zod";
import type { Json } from "./json.ts";
import { jsonTextFlaw } from "./json-text.ts";

/** One finding of a checker. `path` is the way to the place in the file, like `places.inbox.capacity`; line and column count from 1. */
export interface Problem {
  severity: "error" | "warning";
  code: string;
  message: string;
  hint: string;
  path: string;
  file: string;
  line: number;
  column: number;
}

export interface JsonFile {
  file: string;
  text: string;
  /** Undefined when the text is no JSON. */
  value: Json | undefined;
  root: Node | undefined;
}

type Path = readonly (string | number)[];

/** Comments and trailing commas are errors: the files name a JSON Schema, and other tools read them too. */
export function parseJsonFile(text: string, file: string): { source: JsonFile; problems: Problem[] } {
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { disallowComments: true, allowTrailingComma: false });
  const problems = errors.map(
    (error): Problem => ({
      severity: "error",
      code: "not-json",
      message: `${file} is no JSON: ${printParseErrorCode(error.error)
        .replace(/(?<=[a-z])(?=[A-Z])/g, " ")
        .toLowerCase()}`,
      hint: "Correct the file at this position.",
      path: getLocation(text, error.offset).path.join("."),
      file,
      ...position(text, error.offset),
    }),
  );
  if (!root && problems.length === 0) {
    const at = { path: "", file, line: 1, column: 1 };
    problems.push({ severity: "error", code: "not-json", message: `${file} is empty`, hint: "Write a JSON object.", ...at });
  }
  // Of two "flags" the last would hold, and the first be read.
  const flaw = problems.length === 0 ? jsonTextFlaw(text) : null;
  if (flaw) {
    const { code, reason, hint, line, column } = flaw;
    problems.push({
      severity: "error",
      code,
      message: reason,
      hint: `${hint[0]?.toUpperCase()}${hint.slice(1)}.`,
      path: "",
      file,
      line,
      column,
    });
  }
  const value = problems.length === 0 ? (JSON.parse(text) as Json) : undefined;
  return { source: { file, text, value, root }, problems };
}

/** A problem at a path of a parsed file; where the path leads nowhere, at its nearest parent. */
export function problemAt(source: JsonFile, path: Path, parts: Pick<Problem, "code" | "message" | "hint"> & { key?: boolean }): Problem {
  const { key, ...rest } = parts;
  return { severity: "error", ...rest, path: path.join("."), file: source.file, ...locate(source, path, key ?? false) };
}

const NO_SUCH_FIELD = "Remove it, or correct its spelling; the file's $schema lists the fields.";

/** The problems of a failed zod parse, one for each unknown key, each at its own position. `hint`: what to do about such a key. */
export function schemaProblems(
  source: JsonFile,
  error: z.ZodError,
  hint: (key: string, path: (string | number)[]) => string = () => NO_SUCH_FIELD,
): Problem[] {
  return error.issues.flatMap((issue) => {
    const path = issue.path.map((part) => (typeof part === "symbol" ? String(part) : part));
    if (issue.code !== "unrecognized_keys") {
      const where = path.length === 0 ? "the file" : path.join(".");
      return [problemAt(source, path, { code: "schema", message: `${where}: ${issue.message}`, hint: "See the file's $schema." })];
    }
    return issue.keys.map((key) =>
      problemAt(source, [...path, key], {
        code: "unknown-field",
        message: `unknown field "${key}"${path.length === 0 ? "" : ` in ${path.join(".")}`}`,
        hint: hint(key, path),
        key: true,
      }),
    );
  });
}

export function formatProblem(problem: Problem): string {
  return `${problem.file}:${problem.line}:${problem.column}: ${problem.message}. ${problem.hint}`;
}

function locate(source: JsonFile, path: Path, key: boolean): { line: number; column: number } {
  for (let length = path.length; source.root && length >= 0; length--) {
    const node = findNodeAtLocation(source.root, path.slice(0, length));
    if (!node) continue;
    const named = key && length === path.length && node.parent?.type === "property" ? node.parent : node;
    return position(source.text, named.offset);
  }
  return { line: 1, column: 1 };
}

function position(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  return { line: before.split("\n").length, column: offset - before.lastIndexOf("\n") };
}
