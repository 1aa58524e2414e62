/** Removes what a command has left, whatever it made of it. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";

/**
 * `folder`: by its absolute path; it need not be there. Nothing in it runs any more. Node's own way stops at a folder that may not be
 * written, like those of Go's module cache where the executor is not root, and at a path that is longer than the system takes;
 * the system's programs go down folder by folder. Errors: those of Node's own way, where something is left all the same.
 */
export async function removeTree(folder: string): Promise<void> {
  try {
    await rm(folder, { recursive: true, force: true });
  } catch (error) {
    await ended("chmod", ["-R", "u+rwX", folder]);
    await ended("rm", ["-rf", folder]);
    if (existsSync(folder)) throw error;
  }
}

/** Whatever came of it, and where there is no such program. */
function ended(program: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve) => execFile(program, args, { timeout: 0 }, () => resolve()));
}
