/**
 * Files of a folder in which commands write, perhaps at this moment: what is looked at is what was opened, so that nothing put in its place
 * meanwhile leads elsewhere.
 */
import { closeSync, constants, fstatSync, openSync, readFileSync, readlinkSync, realpathSync } from "node:fs";
import { isWithin } from "../../sandbox.ts";

/** Its bytes; null where `path` is no plain file that lies in `root`, or has more than `most` bytes. A link that stays inside is followed. */
export function fileWithin(root: string, path: string, most: number): Buffer | null {
  let file: number;
  try {
    // Without waiting: a pipe that nobody writes to would hold the executor up.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return null;
  }
  try {
    const stat = fstatSync(file);
    if (!stat.isFile() || stat.size > most || !isWithin(placeOf(file, path), realpathSync(root))) return null;
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}

/** Where an open file lies; where there is no /proc there is no sandbox either, and its path has to do. */
function placeOf(file: number, path: string): string {
  return process.platform === "linux" ? readlinkSync(`/proc/self/fd/${file}`) : realpathSync(path);
}
