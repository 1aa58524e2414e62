/**
 * Files of the tree under review, as text. The tests of the change have run in it, so what stands under a usual name may be a pipe, a
 * device, or a link to what lies outside of their sandbox: none of these is read.
 */
import { realpathSync } from "node:fs";
import { isAbsolute, join, relative } from "node:path";
import { FILE_LIMIT, plainFile } from "../code/plain-file.ts";

/** What tools write about a run, like a tracefile, may be larger than source. */
export const NOTE_LIMIT = 64 * 1024 * 1024;

/** `file`: its path in the tree. Null where there is no such plain file in it. */
export function ownText(tree: string, file: string, most = FILE_LIMIT): string | null {
  try {
    const real = realpathSync(join(tree, file));
    const inside = relative(realpathSync(tree), real);
    if (inside.startsWith("..") || isAbsolute(inside)) return null;
    return plainFile(real, most)?.toString("utf8") ?? null;
  } catch {
    return null;
  }
}
