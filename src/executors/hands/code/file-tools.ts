/** The tools fs.*: files of one worktree. Answers hold no absolute path and no time, and are in one order on every machine. */
import { existsSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { Terminal } from "../../../contract/errors.ts";
import { isJsonObject, type Json } from "../../../contract/json.ts";
import { fsDelete } from "../../../tools/builtin/fs-delete.ts";
import { fsList } from "../../../tools/builtin/fs-list.ts";
import { fsMove } from "../../../tools/builtin/fs-move.ts";
import { fsPatch } from "../../../tools/builtin/fs-patch.ts";
import { fsRead } from "../../../tools/builtin/fs-read.ts";
import { fsWrite } from "../../../tools/builtin/fs-write.ts";
import { capText } from "../../capped-output.ts";
import { confine, outside } from "./confine.ts";
import { fileWithin, LedAway, makeFolder, throughFolder, withFolder, writeWithin } from "./file-within.ts";
import { FILE_LIMIT } from "./plain-file.ts";
import { toolInput } from "./tool-input.ts";

const LIST_LIMIT = 1000;
/** Bytes, on the file systems in use. */
const LONGEST_NAME = 255;
const SKIPPED = new Set([".git", "node_modules", "__pycache__"]);

/** The tools by name; `root` is the real path of the worktree. */
export function fileTools(root: string): Record<string, (input: Json) => Json> {
  const tools = toolsOf(root);
  return Object.fromEntries(Object.entries(tools).map(([name, tool]) => [name, (input: Json) => whereItIs(tool, input)]));
}

/** What commands do to the folders meanwhile is no bug of ours: a link that was put in the place of one has no tool go elsewhere. */
function whereItIs(tool: (input: Json) => Json, input: Json): Json {
  try {
    return tool(input);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (!(error instanceof LedAway) && !["ELOOP", "ENOENT", "ENOTDIR", "ENXIO"].includes(code ?? "")) throw error;
    const named = isJsonObject(input) ? (input.path ?? input.to) : null;
    throw outside(String(named ?? "."));
  }
}

function toolsOf(root: string): Record<string, (input: Json) => Json> {
  return {
    "fs.read": (input) => read(root, toolInput(fsRead, input)),
    "fs.list": (input) => list(root, toolInput(fsList, input)),
    "fs.write": (input) => write(root, toolInput(fsWrite, input)),
    "fs.patch": (input) => patch(root, toolInput(fsPatch, input)),
    "fs.move": (input) => move(root, toolInput(fsMove, input)),
    "fs.delete": (input) => remove(root, toolInput(fsDelete, input)),
  };
}

function read(root: string, input: { path: string; from: number; lines: number }): Json {
  const all = textOf(root, input.path).split("\n");
  const chosen = all.slice(input.from - 1, input.from - 1 + input.lines);
  const { text, truncated } = capText(chosen.join("\n"), fsRead.limits.bytes);
  return { path: input.path, text, lines: all.length, truncated: truncated || input.from > 1 || chosen.length < all.length };
}

function list(root: string, input: { path: string; depth: number }): Json {
  const start = folder(root, input.path);
  const entries: string[] = [];
  for (const path of walk(root, start, input.depth)) {
    if (entries.length === LIST_LIMIT) return { entries, truncated: true };
    entries.push(relative(root, path.at) + (path.isFolder ? "/" : ""));
  }
  return { entries, truncated: false };
}

function write(root: string, input: { path: string; text: string }): Json {
  const path = confine(root, input.path, true);
  mustHaveRoom(root, path, input.path);
  const there = statSync(path, { throwIfNoEntry: false });
  const created = there === undefined;
  if (there?.isDirectory()) throw new Terminal({ code: "is-folder", message: `${input.path} is a folder` });
  // A pipe that nobody reads would hold the executor up.
  if (there && !there.isFile()) throw notAFile(input.path);
  makeFolder(root, dirname(path));
  writeWithin(root, path, input.text);
  return { path: input.path, bytes: Buffer.byteLength(input.text), created };
}

function patch(root: string, input: { path: string; find: string; replace: string; all: boolean }): Json {
  const path = confine(root, input.path, true);
  const parts = textOf(root, input.path).split(input.find);
  const found = parts.length - 1;
  if (found === 0) {
    throw new Terminal({
      code: "text-not-found",
      message: `the text to find does not stand in ${input.path}`,
      hint: "read the file again; white space counts",
    });
  }
  if (found > 1 && !input.all) {
    throw new Terminal({
      code: "text-not-unique",
      message: `the text to find stands ${found} times in ${input.path}`,
      hint: "give more of its surroundings, or set all",
    });
  }
  writeWithin(root, path, parts.join(input.replace));
  return { path: input.path, replaced: found };
}

function move(root: string, input: { from: string; to: string }): Json {
  const [from, to] = [confine(root, input.from, true), confine(root, input.to, true)];
  if (!existsSync(from)) throw missing(input.from);
  if (statSync(from).isDirectory())
    throw new Terminal({ code: "is-folder", message: `${input.from} is a folder`, hint: "move its files one by one" });
  if (existsSync(to)) throw new Terminal({ code: "file-exists", message: `there is a ${input.to} already`, hint: "choose another path" });
  mustHaveRoom(root, to, input.to);
  makeFolder(root, dirname(to));
  throughFolder(root, from, (one) => throughFolder(root, to, (other) => renameSync(one, other)));
  return { from: input.from, to: input.to };
}

function remove(root: string, input: { path: string }): Json {
  const path = confine(root, input.path, true);
  if (!existsSync(path)) throw missing(input.path);
  if (statSync(path).isDirectory())
    throw new Terminal({ code: "is-folder", message: `${input.path} is a folder`, hint: "delete its files one by one" });
  throughFolder(root, path, (place) => rmSync(place));
  return { path: input.path, deleted: true };
}

function textOf(root: string, path: string): string {
  const real = confine(root, path, false);
  if (!existsSync(real)) throw missing(path);
  const stat = statSync(real);
  // A pipe or a device would hold the executor up.
  if (!stat.isFile()) throw notAFile(path);
  if (stat.size > FILE_LIMIT)
    throw new Terminal({ code: "file-too-large", message: `${path} has ${stat.size} bytes, more than ${FILE_LIMIT}` });
  const content = fileWithin(root, real, FILE_LIMIT);
  if (content === null) throw outside(path);
  if (content.includes(0)) throw new Terminal({ code: "binary-file", message: `${path} holds no text` });
  return content.toString("utf8");
}

function folder(root: string, path: string): string {
  const real = confine(root, path, false);
  if (!existsSync(real)) throw missing(path);
  return real;
}

/** Files and folders below, sorted; symbolic links are not followed and not shown. */
function* walk(root: string, start: string, depth: number): Generator<{ at: string; isFolder: boolean }> {
  if (!statSync(start).isDirectory()) {
    yield { at: start, isFolder: false };
    return;
  }
  const found = withFolder(root, start, (place) => readdirSync(place, { withFileTypes: true }));
  const entries = found.sort((one, other) => (one.name < other.name ? -1 : 1));
  for (const entry of entries) {
    if (SKIPPED.has(entry.name) || !(entry.isFile() || entry.isDirectory())) continue;
    const at = join(start, entry.name);
    yield { at, isFolder: entry.isDirectory() };
    if (entry.isDirectory() && depth > 1) yield* walk(root, at, depth - 1);
  }
}

/** The folders on the way to a new file can be there. Names are as long as file systems take them. */
function mustHaveRoom(root: string, path: string, told: string): void {
  const parts = relative(root, path).split(sep);
  if (parts.some((part) => Buffer.byteLength(part) > LONGEST_NAME))
    throw new Terminal({ code: "name-too-long", message: `a name in ${told.slice(0, 80)} has more than ${LONGEST_NAME} bytes` });
  let at = root;
  for (const part of parts.slice(0, -1)) {
    at = join(at, part);
    const there = statSync(at, { throwIfNoEntry: false });
    if (!there) return;
    if (!there.isDirectory())
      throw new Terminal({ code: "not-a-folder", message: `${relative(root, at)} is a file, and nothing lies below a file` });
  }
}

function notAFile(path: string): Terminal {
  return new Terminal({ code: "not-a-file", message: `${path} is not a file`, hint: "fs.list shows what is in a folder" });
}

function missing(path: string): Terminal {
  return new Terminal({ code: "no-such-file", message: `there is no ${path} in the project`, hint: "fs.list shows what there is" });
}
