/**
 * Files of a folder in which commands write, perhaps at this moment: a path that was looked at may lead elsewhere by the time it is used.
 * W1 What is looked at is what was opened, and what is used is that. A link that stays in the folder is followed, but for a file's own name
 *    where something is written.
 * W2 Where there is no /proc there is no sandbox either, and the paths have to do.
 */
import { closeSync, constants, fstatSync, mkdirSync, openSync, readFileSync, readlinkSync, realpathSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, sep } from "node:path";
import { isWithin } from "../../sandbox.ts";

const { O_RDONLY, O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW, O_NONBLOCK, O_DIRECTORY } = constants;
const hasHandles = process.platform === "linux";

/** Its bytes; null where `path` is no plain file that lies in `root`, or has more than `most` bytes. */
export function fileWithin(root: string, path: string, most: number): Buffer | null {
  let file: number;
  try {
    // Without waiting: a pipe that nobody writes to would hold the executor up.
    file = openSync(path, O_RDONLY | O_NONBLOCK);
  } catch {
    return null;
  }
  try {
    const stat = fstatSync(file);
    return stat.isFile() && stat.size <= most && isWithin(placeOf(file, path), realpathSync(root)) ? readFileSync(file) : null;
  } finally {
    closeSync(file);
  }
}

/** Calls with a path by which what `path` names in its folder is reached, whatever is put in that folder's place. Throws `LedAway`, and what the file system does. */
export function throughFolder<Value>(root: string, path: string, call: (path: string) => Value): Value {
  return withFolder(root, dirname(path), (folder) => call(join(folder, basename(path))));
}

/** As `throughFolder`, for a folder itself. */
export function withFolder<Value>(root: string, path: string, call: (path: string) => Value): Value {
  const folder = openSync(path, O_RDONLY | O_DIRECTORY);
  try {
    if (!isWithin(placeOf(folder, path), realpathSync(root))) throw new LedAway();
    return call(hasHandles ? `/proc/self/fd/${folder}` : path);
  } finally {
    closeSync(folder);
  }
}

/** Makes the folder `path` of `root`, and those above it, one by one. Throws as `throughFolder`. */
export function makeFolder(root: string, path: string): void {
  let at = root;
  for (const part of relative(root, path).split(sep).filter(Boolean)) {
    at = join(at, part);
    throughFolder(root, at, (folder) => {
      try {
        mkdirSync(folder);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      }
    });
  }
}

/** Writes a plain file, never through a link of its name. Throws as `throughFolder`. */
export function writeWithin(root: string, path: string, text: string): void {
  throughFolder(root, path, (place) => {
    const file = openSync(place, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK, 0o666);
    try {
      writeFileSync(file, text);
    } finally {
      closeSync(file);
    }
  });
}

/** A folder that was in `root` lies elsewhere by now. */
export class LedAway extends Error {}

function placeOf(handle: number, path: string): string {
  return hasHandles ? readlinkSync(`/proc/self/fd/${handle}`) : realpathSync(path);
}
