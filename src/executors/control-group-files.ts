/** Where the kernel's control groups lie for this process, and the few calls that are made there. */
import { closeSync, constants, mkdirSync, openSync, readdirSync, readFileSync, rmdirSync, writeSync } from "node:fs";
import { join, posix } from "node:path";

/** The calls on the file system of control groups; each throws what `node:fs` does. */
export interface GroupFiles {
  list(dir: string): string[];
  make(dir: string): void;
  /** Only a group without processes can be removed. */
  remove(dir: string): void;
  read(file: string): string;
  write(file: string, text: string): void;
}

export const kernelFiles: GroupFiles = {
  list: (dir) => readdirSync(dir),
  make: (dir) => mkdirSync(dir),
  remove: (dir) => rmdirSync(dir),
  read: (file) => readFileSync(file, "utf8"),
  // No O_CREAT: what is not there is not to be made. Some cannot be read.
  write: (file, text) => {
    const opened = openSync(file, constants.O_WRONLY | constants.O_TRUNC);
    try {
      writeSync(opened, text);
    } finally {
      closeSync(opened);
    }
  },
};

/** `version` 1: a hierarchy with the pids controller; 2: the unified one. `base`: folder of the process's own group in it. */
export interface GroupPlace {
  version: 1 | 2;
  base: string;
}

export function ownPlace(files: GroupFiles): GroupPlace | { why: string } {
  if (process.platform !== "linux") return { why: `they are for Linux, and this is ${process.platform}` };
  try {
    return placeIn(files.read("/proc/self/cgroup"), files.read("/proc/self/mountinfo"));
  } catch (error) {
    return { why: error instanceof Error ? error.message : String(error) };
  }
}

/** `own`: text of /proc/self/cgroup, `mounts`: of /proc/self/mountinfo. */
export function placeIn(own: string, mounts: string): GroupPlace | { why: string } {
  for (const version of [1, 2] as const) {
    const path = own.split("\n").flatMap((line) => pathIn(line, version))[0];
    if (path === undefined) continue;
    const base = mounts.split("\n").flatMap((line) => baseIn(line, version, path))[0];
    if (base !== undefined) return { version, base };
  }
  return { why: "no hierarchy of control groups with the pids controller is mounted" };
}

/** A line is `ID:CONTROLLERS:PATH`; of the unified hierarchy `0::PATH`. */
function pathIn(line: string, version: 1 | 2): string[] {
  const [, id, controllers = "", path = ""] = /^(\d+):([^:]*):(\/.*)$/.exec(line) ?? [];
  const isIt = version === 1 ? controllers.split(",").includes("pids") : id === "0" && controllers === "";
  return isIt ? [path] : [];
}

/** A line is `ID PARENT DEVICE ROOT WHERE OPTIONS [MORE...] - TYPE SOURCE SUPER-OPTIONS`. In a container ROOT may be the group itself. */
function baseIn(line: string, version: 1 | 2, path: string): string[] {
  const [mount = "", system = ""] = line.split(" - ");
  const [type, , options = ""] = system.split(" ");
  if (type !== (version === 1 ? "cgroup" : "cgroup2") || (version === 1 && !options.split(",").includes("pids"))) return [];
  const [root = "/", where = ""] = mount.split(" ").slice(3, 5).map(unescaped);
  const below = posix.relative(root, path);
  return below.startsWith("..") ? [] : [join(where, below)];
}

function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
