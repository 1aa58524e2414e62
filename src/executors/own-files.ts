/** Files that the executor lays down in the work directory for itself, while commands may run there: they can read them, and put nothing in their place. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { HandContext } from "./hand.ts";

/** Their folder in the work directory. */
export const OWN_FILES = "own";

/** A new name in it, by its whole path. */
export function ownFile(
  { workDir, workshop }: { workDir: string; workshop: Pick<HandContext["workshop"], "ids"> },
  ending: string,
): string {
  const folder = join(workDir, OWN_FILES);
  mkdirSync(folder, { recursive: true });
  return join(folder, `${workshop.ids.next()}.${ending}`);
}
