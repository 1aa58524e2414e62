/** Files that the user names on the command line. */
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { Terminal } from "../contract/errors.ts";
import type { ReadFile } from "../net/subnet-files.ts";
import type { FileProblem } from "./doors.ts";
import { makeFolder } from "./make-folder.ts";

/** The text of a file, relative to where the user stands: UTF-8, or UTF-16 that begins with a byte order mark. Errors: Terminal `file-unreadable`. */
export function readText(cwd: string, file: string): string {
  try {
    return textOf(readFileSync(resolve(cwd, file)));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const why =
      code === "ENOENT" ? "does not exist" : code === "EISDIR" ? "is a folder" : code === "EACCES" ? "may not be read" : String(error);
    throw new Terminal({
      code: "file-unreadable",
      message: `${file} ${why}`,
      where: file,
      hint: "check the path; it is taken from the current folder",
    });
  }
}

function textOf(bytes: Buffer): string {
  const mark = bytes.length > 1 ? bytes.readUInt16BE(0) : 0;
  const utf16 = mark === 0xfffe ? "utf-16le" : mark === 0xfeff ? "utf-16be" : null;
  return utf16 === null ? bytes.toString("utf8") : new TextDecoder(utf16).decode(bytes);
}

/** Files that another one names, by their paths from its folder. */
export function readBeside(cwd: string): ReadFile {
  return (path, from) => {
    const file = join(dirname(from), path);
    try {
      return { file, text: readFileSync(resolve(cwd, file), "utf8") };
    } catch {
      return null;
    }
  };
}

/** Writes a new file and its folders. Errors: Terminal `file-exists`, `file-unwritable`. */
export function writeNew(cwd: string, file: string, content: string): void {
  const path = resolve(cwd, file);
  try {
    makeFolder(dirname(path));
    writeFileSync(path, content, { flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") {
      throw new Terminal({
        code: "file-exists",
        message: `${file} exists already`,
        where: file,
        hint: "take another name, or move the file away",
      });
    }
    throw new Terminal({ code: "file-unwritable", message: `${file} could not be written: ${(error as Error).message}`, where: file });
  }
}

/** All problems of a checked file in one error: the first names the place, each has its own line. Warnings stand behind, and are not counted. */
export function fileProblems(file: string, problems: readonly FileProblem[]): Terminal {
  const errors = problems.filter(({ severity }) => severity !== "warning");
  const warnings = problems.filter(({ severity }) => severity === "warning");
  const lines = [...errors.map((one) => `  ${described(one)}`), ...warnings.map((one) => `  warning: ${described(one)}`)];
  const [first] = errors;
  return new Terminal({
    code: "file-invalid",
    message: `${file} has ${errors.length === 1 ? "a problem" : `${errors.length} problems`}\n${lines.join("\n")}`,
    ...(first ? { where: position(first) } : {}),
    hint: `correct the file; its "$schema" lists the fields`,
  });
}

/** "file:line:column: what is wrong. What to do." */
export function described(problem: FileProblem): string {
  return `${position(problem)}: ${problem.message}${problem.hint ? `. ${problem.hint}` : ""}`;
}

function position(problem: FileProblem): string {
  return `${problem.file ?? "file"}:${problem.line ?? 1}:${problem.column ?? 1}`;
}
