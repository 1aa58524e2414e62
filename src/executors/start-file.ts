/** Which start of an executor had a folder, and whether it was told to end: the next one says so to the masters. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const ENDING = "ending";

const pathIn = (dir: string) => join(dir, "start");

/** Remembers this start in the folder, and gives the one before it; null where there was none. */
export function startBefore(dir: string, start: string): { after: string | null; wasEnding: boolean } {
  let words: string[] = [];
  try {
    words = readFileSync(pathIn(dir), "utf8").trim().split(" ");
  } catch {
    // The first one.
  }
  // On a full disk, which is told by what looks at it, the masters wait for silence.
  write(dir, start);
  return { after: words[0] || null, wasEnding: words[1] === ENDING };
}

/** Who is told to end has not died of its work, also where nobody is left to take it back. On a full disk it counts as a death. */
export function noteEnding(dir: string, start: string): void {
  write(dir, `${start} ${ENDING}`);
}

function write(dir: string, words: string): void {
  try {
    writeFileSync(pathIn(dir), `${words}\n`);
  } catch {
    // See above.
  }
}
