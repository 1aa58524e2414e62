/** Positions in the output of linters and compilers, in the forms that they commonly have. */

import { isAbsolute, relative } from "node:path";
import { stripVTControlCharacters } from "node:util";
import type { Severity } from "./finding.ts";

export interface OutputProblem {
  file: string;
  line: number;
  severity: Severity;
  rule: string;
  message: string;
}

/** src/a.ts(3,5): error TS2322: Type ... */
const TSC = /^(.+?)\((\d+),\d+\): (error|warning) (TS\d+): (.*)$/;
/** src/a.ts:3:5 - error TS2322: Type ... */
const TSC_PRETTY = /^(.+?):(\d+):\d+ - (error|warning) (TS\d+): (.*)$/;
/** src/a.js:3:5 lint/suspicious/noDebugger  FIXABLE  ━━━ */
const BIOME = /^(\S.*?):(\d+):\d+ ((?:lint|assist|parse|format|suppressions)\S*)/;
/** src/a.js:3:5: message [Error/rule] of ESLint's unix form, gcc, ruff, flake8, shellcheck and many more */
const UNIX = /^(\S.*?):(\d+)(?::\d+)?: +(?:(error|warning|note|fatal error)(?: +|: +))?(.*)$/i;
/** A file's name alone on a line, and `  3:5  error  message  rule` below it */
const STYLISH_ROW = /^\s+(\d+):\d+\s+(error|warning)\s+(.*?)(?:\s{2,}(\S+))?$/;

/** `root`: folder that names are made relative to; what lies outside is left out. */
export function outputProblems(text: string, root: string, tool: string): OutputProblem[] {
  const problems: OutputProblem[] = [];
  let heading = "";
  const add = (file: string, line: string, said: string | undefined, rule: string, message: string) => {
    const name = isAbsolute(file) ? relative(root, file) : file.replace(/^\.\//, "");
    if (name === "" || name.startsWith("..") || isAbsolute(name)) return;
    problems.push({
      file: name,
      line: Number(line),
      severity: said?.toLowerCase() === "warning" ? "minor" : "major",
      rule,
      message: message.trim(),
    });
  };
  for (const raw of stripVTControlCharacters(text).split("\n")) {
    const row = raw.trimEnd();
    const tsc = TSC.exec(row) ?? TSC_PRETTY.exec(row);
    const biome = BIOME.exec(row);
    const unix = UNIX.exec(row);
    const stylish = heading === "" ? null : STYLISH_ROW.exec(row);
    if (tsc) add(tsc[1] ?? "", tsc[2] ?? "", tsc[3], `tsc/${tsc[4]}`, tsc[5] ?? "");
    else if (biome) add(biome[1] ?? "", biome[2] ?? "", "error", `biome/${biome[3]}`, messageBelow(text, row) || (biome[3] ?? ""));
    else if (stylish) add(heading, stylish[1] ?? "", stylish[2], `${tool}/${stylish[4] ?? "problem"}`, stylish[3] ?? "");
    else if (unix && looksLikeFile(unix[1] ?? "")) {
      const rule = /\[(?:\w+\/)?([^\]]+)\]$/.exec(unix[4] ?? "")?.[1];
      add(
        unix[1] ?? "",
        unix[2] ?? "",
        unix[3] ?? (/\[Warning\//.test(row) ? "warning" : "error"),
        `${tool}/${rule ?? "problem"}`,
        unix[4] ?? "",
      );
    } else if (row !== "" && !row.startsWith(" ")) heading = looksLikeFile(row) ? row : "";
  }
  return problems;
}

function looksLikeFile(text: string): boolean {
  return /^[^\s:][^:]*\.[A-Za-z0-9]{1,8}$/.test(text) && !/^https?$/.test(text);
}

/** biome says what is wrong some lines below the position. */
function messageBelow(text: string, row: string): string {
  const rest = stripVTControlCharacters(text).split(row)[1] ?? "";
  return /^\s*[×✖!iℹ]\s+(.+)$/m.exec(rest.slice(0, 600))?.[1] ?? "";
}
