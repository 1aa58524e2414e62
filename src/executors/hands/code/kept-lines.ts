/**
 * Whether the old lines of a test file still mean what they meant, after lines were added round them: none has come to stand in a
 * comment, in a text, or in another block. Pure, and no parser: what it cannot read it does not judge.
 */

interface Reading {
  /** Each line with what it stands in. */
  lines: string[];
  /** Whether the end is where an end belongs. */
  closed: boolean;
}

const BRACES = /\.([cm]?[jt]sx?|java|kt|cs|go|php|swift|c|cc|cpp|h)$/;
const TEMPLATES = /\.([cm]?[jt]sx?|go)$/;
const PYTHON = /\.py$/;
/** After these a slash begins a regular expression. */
const BEFORE_REGEX = /(^|[(,=:[!&|?{};+\-*%<>~^]|\b(return|typeof|case|in|of))\s*$/;

export function linesStillRun(path: string, before: string, after: string): boolean {
  const read = PYTHON.test(path) ? readPython : BRACES.test(path) ? (text: string) => readBraces(text, TEMPLATES.test(path)) : null;
  if (!read) return true;
  const [old, now] = [read(before), read(after)];
  if (!old.closed || !now.closed) return true;
  // The old lines, each in its old surroundings, are a subsequence of the new ones.
  let at = 0;
  for (const line of now.lines) if (line === old.lines[at]) at += 1;
  return at === old.lines.length;
}

function readPython(text: string): Reading {
  const lines: string[] = [];
  let open = "";
  for (const line of text.split("\n")) {
    if (line.trim() !== "") lines.push(`${open}:${line.trimEnd()}`);
    const code = open === "" ? line.replace(/#(?![^"']*["']{3}).*$/, "") : line;
    for (const [mark] of code.matchAll(/"""|'''/g)) open = open === "" ? mark : open === mark ? "" : open;
  }
  return { lines, closed: open === "" };
}

function readBraces(text: string, templates: boolean): Reading {
  const lines: string[] = [];
  /** What is open: brackets, "`" for a text of several lines, "${" for code in it, "*" for a comment. */
  const open: string[] = [];
  for (const line of text.split("\n")) {
    if (line.trim() !== "") lines.push(`${open.join("")}:${line.trimEnd()}`);
    readLine(line, open, templates);
  }
  return { lines, closed: open.length === 0 };
}

/** Moves `open` on over one line. */
function readLine(line: string, open: string[], templates: boolean): void {
  for (let at = 0; at < line.length; ) {
    const rest = line.slice(at);
    const top = open.at(-1);
    if (top === "*") {
      const end = rest.indexOf("*/");
      if (end < 0) return;
      open.pop();
      at += end + 2;
    } else if (top === "`") {
      if (rest.startsWith("`")) open.pop();
      else if (rest.startsWith("${")) open.push("${");
      at += rest.startsWith("${") || rest.startsWith("\\") ? 2 : 1;
    } else {
      const step = readCode(rest, line.slice(0, at), open, templates);
      if (step === 0) return;
      at += step;
    }
  }
}

/** How many characters of code were read; 0: the rest of the line is a comment. */
function readCode(rest: string, before: string, open: string[], templates: boolean): number {
  const [sign = ""] = rest;
  if (rest.startsWith("//")) return 0;
  if (rest.startsWith("/*")) {
    open.push("*");
    return 2;
  }
  if (sign === "`" && templates) open.push("`");
  else if (sign === '"' || sign === "'") return /^(["'])(?:\\.|(?!\1).)*\1?/.exec(rest)?.[0].length ?? 1;
  else if (sign === "/" && BEFORE_REGEX.test(before)) return /^\/(?:\\.|\[(?:\\.|[^\]\\])*\]|[^/\\[])+\//.exec(rest)?.[0].length ?? 1;
  else if ("([{".includes(sign)) open.push(sign);
  else if (")]}".includes(sign)) open.pop();
  return 1;
}
