/** Where a persona file's knowledge lies: in its folder, or by a link outside of it, which is no way to hand a file to a model. */
import { existsSync, realpathSync } from "node:fs";
import { join, sep } from "node:path";

/** Of a folder: whether a path relative to it leads to a file, and stays inside. */
export function knowledgeIn(folder: string): (path: string) => boolean | "outside" {
  return (path) => {
    const file = join(folder, path);
    if (!existsSync(file)) return false;
    const real = realpathSync(file);
    return real.startsWith(realpathSync(folder) + sep) ? true : "outside";
  };
}
