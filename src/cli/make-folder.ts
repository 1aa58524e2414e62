/** Makes a folder with the ones above it, or says in a sentence why it cannot be. */
import { existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { Terminal } from "../contract/errors.ts";

/** Throws Terminal `folder-not-made`. One level at a time: Node's recursive form never ends where a file system takes no folders, like /proc. */
export function makeFolder(path: string, mode = 0o777): void {
  if (existsSync(path)) return;
  const above = dirname(path);
  if (above !== path) makeFolder(above);
  try {
    mkdirSync(path, { mode });
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? "";
    // Somebody else made it meanwhile.
    if (code === "EEXIST") return;
    throw new Terminal({
      code: "folder-not-made",
      message: `the folder ${path} cannot be made: ${WORDS[code] ?? code}`,
      hint: "name a folder that you may write to",
      where: path,
      cause,
    });
  }
}

const WORDS: Record<string, string> = {
  EACCES: "you have no right to write there",
  EPERM: "you have no right to write there",
  ENOENT: "there can be no folder in that place",
  ENOTDIR: "a file stands in its way",
  EROFS: "the file system is read-only",
  ENOSPC: "the disk is full",
};
