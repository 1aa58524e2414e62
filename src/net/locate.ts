/** JSON files that people write: strict JSON, with the line and column of every value, so that a problem can point at it. */
import { findNodeAtLocation, type Node, type ParseError, parseTree, printParseErrorCode } from "jsonc-parser";
import { Terminal } from "../contract/errors.ts";
import type { Json } from "../contract/json.ts";

export type JsonPath = readonly (string | number)[];

/** Both count from 1; columns in UTF-16 units, as editors count them. */
export interface Position {
  line: number;
  column: number;
}

export interface LocatedJson {
  file: string;
  value: Json;
  /** Where the value begins; with "key", where its name does. A path that leads nowhere gives its nearest parent. */
  locate(path: JsonPath, part?: "key" | "value"): Position;
}

/** What points at a place in a JSON value. `at: "key"` means the name, not the value. */
export interface Pointing {
  path: JsonPath;
  at?: "key" | "value";
}

const DEPTH_LIMIT = 100;

/**
 * Errors: Terminal `json-syntax` with `where` as file:line:column. Comments, trailing commas, a name that stands twice in
 * one object and nesting beyond 100 levels count as syntax errors, and so does the name `__proto__`. A byte order mark at the front is skipped.
 */
export function parseJsonFile(text: string, file: string): LocatedJson {
  const body = text.startsWith("\uFEFF") ? text.slice(1) : text;
  const starts = lineStarts(body);
  const fail = (offset: number, problem: string, hint: string): never => {
    const { line, column } = positionOf(starts, offset);
    const where = `${file}:${line}:${column}`;
    throw new Terminal({ code: "json-syntax", message: `${where} is no valid JSON: ${problem}`, hint, where });
  };
  const root = treeOf(body, fail);
  // jsonc-parser's own values would take a key `__proto__` for the prototype; JSON.parse does not.
  const value = parsed(body, fail);
  const locate = (path: JsonPath, part: "key" | "value" = "value"): Position => {
    for (let length = path.length; length > 0; length -= 1) {
      const node = findNodeAtLocation(root, path.slice(0, length));
      if (!node) continue;
      const named = part === "key" && length === path.length && node.parent?.type === "property" ? node.parent : node;
      return positionOf(starts, named.offset);
    }
    return positionOf(starts, root.offset);
  };
  return { file, value, locate };
}

/** The issues with file, line and column, in the order of the file. */
export function locateIssues<T extends Pointing>(issues: readonly T[], source: LocatedJson): (T & Position & { file: string })[] {
  const located = issues.map((issue) => ({ ...issue, file: source.file, ...source.locate(issue.path, issue.at) }));
  return located.sort((one, other) => one.line - other.line || one.column - other.column);
}

function parsed(text: string, fail: Fail): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    return fail(0, error instanceof Error ? error.message : String(error), "correct it so that any JSON reader takes it");
  }
}

type Fail = (offset: number, problem: string, hint: string) => never;

function treeOf(text: string, fail: Fail): Node {
  const errors: ParseError[] = [];
  let root: Node | undefined;
  try {
    root = parseTree(text, errors, { disallowComments: true, allowTrailingComma: false });
  } catch {
    fail(0, `it is nested deeper than ${DEPTH_LIMIT} levels`, "make it flatter");
  }
  const error = errors[0];
  if (error) {
    const [problem, hint] = SENTENCES[printParseErrorCode(error.error)] ?? ["a symbol does not fit here", "correct the file at this place"];
    fail(error.offset, text.trim() === "" ? "it is empty" : problem, text.trim() === "" ? "write a JSON object" : hint);
  }
  if (!root) return fail(0, "it is empty", "write a JSON object");
  refuseTwins(root, fail);
  return root;
}

/** JSON lets the last of two equal names win without a word: the first would be a place or transition that vanishes. */
function refuseTwins(root: Node, fail: Fail): void {
  const open: [Node, number][] = [[root, 0]];
  for (let next = open.pop(); next; next = open.pop()) {
    const [node, depth] = next;
    if (depth > DEPTH_LIMIT) fail(node.offset, `it is nested deeper than ${DEPTH_LIMIT} levels`, "make it flatter");
    const names = new Set<string>();
    for (const child of node.children ?? []) {
      const [key, value] = child.type === "property" ? (child.children ?? []) : [undefined, child];
      if (key && names.has(key.value))
        fail(key.offset, `the name "${key.value}" stands twice in one object`, "rename or remove one of the two");
      // Readers of JSON take it for an object's prototype: it would vanish.
      if (key?.value === "__proto__") fail(key.offset, `"__proto__" can be no name`, "give it another name");
      if (key) names.add(key.value);
      if (value) open.push([value, depth + 1]);
    }
  }
}

const SENTENCES: Record<string, [problem: string, hint: string]> = {
  InvalidSymbol: ["this is no JSON value", "names and texts stand in double quotes"],
  CommaExpected: ["a comma is missing before this", "write a comma between two members"],
  ColonExpected: ["a colon is missing before this", 'write "name": value'],
  PropertyNameExpected: ["a name in double quotes is missing here", "remove a comma too many, or quote the name"],
  ValueExpected: ["a value is missing here", "remove a comma too many, or write the value"],
  CloseBraceExpected: ["an object is not closed", "write } at its end"],
  CloseBracketExpected: ["an array is not closed", "write ] at its end"],
  EndOfFileExpected: ["there is more text after the end", "remove what follows the closing brace"],
  InvalidCommentToken: ["JSON has no comments", 'use the fields "title" and "description"'],
  UnexpectedEndOfComment: ["JSON has no comments", 'use the fields "title" and "description"'],
  UnexpectedEndOfString: ["a text is not closed", 'write " at its end; a line break inside is \\n'],
  InvalidEscapeCharacter: ["an escape in a text is unknown", "write \\\\ for a backslash"],
  InvalidUnicode: ["a \\u escape needs four hex digits", "write it as \\u00e4"],
  InvalidCharacter: ["a text holds a control character", "write it as an escape, like \\t"],
  InvalidNumberFormat: ["a number is written wrongly", "write it like -1.5e3, without leading zeros"],
  UnexpectedEndOfNumber: ["a number is written wrongly", "write it like -1.5e3"],
};

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}

function positionOf(starts: number[], offset: number): Position {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
}
