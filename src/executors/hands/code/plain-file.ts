/** Files that the work itself may have made: a pipe or a device under a usual name must not hold the executor up. */
import { readFileSync, statSync } from "node:fs";

/** Larger files are no source. */
export const FILE_LIMIT = 4 * 1024 * 1024;

/** Its bytes; null where there is no plain file of a usual size. */
export function plainFile(path: string, most = FILE_LIMIT): Buffer | null {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat?.isFile() && stat.size <= most ? readFileSync(path) : null;
}
