/** What a test run covered: from the tracefile that the project's own coverage run writes, else from V8's notes of the processes. */
import { existsSync, readdirSync, realpathSync } from "node:fs";
import { isAbsolute, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { addRun, type LineRecord, readLcov, unrunRecord, type V8Script } from "./line-coverage.ts";
import { NOTE_LIMIT, ownText } from "./own-text.ts";

const SOURCE = /\.[cm]?[jt]sx?$/;
const LCOV_PLACES = ["coverage/lcov.info", "lcov.info", "coverage.lcov"];

export interface Coverage {
  from: "lcov" | "v8";
  /** By path in the project. Files that nobody can say anything of are absent. */
  files: Map<string, LineRecord>;
}

/** `notes`: the folder of NODE_V8_COVERAGE. `sources`: files that matter, whether or not a test loads them. Null when nothing was noted. */
export function coverageOf(tree: string, notes: string, sources: readonly string[]): Coverage | null {
  for (const place of LCOV_PLACES) {
    const lcov = ownText(tree, place, NOTE_LIMIT);
    if (lcov !== null) return { from: "lcov", files: byProjectPath(readLcov(lcov), tree) };
  }
  if (!existsSync(notes)) return null;
  const written = readdirSync(notes).filter((name) => name.endsWith(".json"));
  return written.length === 0 ? null : { from: "v8", files: fromNotes(tree, notes, written, sources) };
}

function fromNotes(tree: string, notes: string, written: readonly string[], sources: readonly string[]): Map<string, LineRecord> {
  const texts = new Map(
    sources.flatMap((file) => {
      const text = SOURCE.test(file) ? ownText(tree, file) : null;
      return text === null ? [] : [[file, text] as const];
    }),
  );
  const records = new Map([...texts].map(([file, text]) => [file, unrunRecord(text)]));
  for (const name of written) {
    const note = read(notes, name);
    for (const script of note?.result ?? []) {
      const file = projectPath(script.url, tree);
      const text = file === null ? undefined : texts.get(file);
      const record = file === null ? undefined : records.get(file);
      if (file === null || text === undefined || !record) continue;
      // What ran was made of this file by a compiler: its offsets say nothing about the file's own lines.
      if (note?.["source-map-cache"]?.[script.url]?.data) records.delete(file);
      else addRun(record, text, script);
    }
  }
  return records;
}

interface Note {
  result: V8Script[];
  "source-map-cache"?: Record<string, { data?: unknown } | undefined>;
}

function read(notes: string, name: string): Note | null {
  try {
    return JSON.parse(ownText(notes, name, NOTE_LIMIT) ?? "") as Note;
  } catch {
    // A process that was ended while it wrote.
    return null;
  }
}

function projectPath(url: string, tree: string): string | null {
  if (!url.startsWith("file:")) return null;
  return within(fileURLToPath(url), tree);
}

function within(path: string, tree: string): string | null {
  const inside = relative(realpathSync(tree), path);
  return inside === "" || inside.startsWith("..") || isAbsolute(inside) || inside.includes("node_modules") ? null : inside;
}

function byProjectPath(files: Map<string, LineRecord>, tree: string): Map<string, LineRecord> {
  const named = new Map<string, LineRecord>();
  for (const [path, record] of files) {
    const file = isAbsolute(path) ? within(path, tree) : path.replace(/^\.\//, "");
    if (file !== null) named.set(file, record);
  }
  return named;
}
