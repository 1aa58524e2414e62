/** Worktrees: one for each attempt, on no branch, so that two attempts never stand on the same one. */
import { realpathSync } from "node:fs";
import { join } from "node:path";
import type { HandContext } from "../../hand.ts";
import { removeTree } from "../../remove-tree.ts";
import { git } from "./git.ts";
import type { Mirror } from "./mirror.ts";

/** Returns the real path of a fresh worktree `name` in the work directory, standing at `commit`. */
export async function addWorktree(context: HandContext, mirror: Mirror, commit: string, name: string): Promise<string> {
  const path = join(context.workDir, name);
  await context.workshop.locks.hold(mirror.dir, async () => {
    await git(context, ["worktree", "prune"], { cwd: mirror.dir });
    await git(context, ["worktree", "add", "-q", "--detach", "--force", path, commit], { cwd: mirror.dir });
  });
  return realpathSync(path);
}

/** The folder goes; the mirror's note of it goes with the next `prune`. */
export async function removeWorktree(path: string): Promise<void> {
  await removeTree(path);
}

/** Points a branch of the mirror at a commit. */
export async function setBranch(context: HandContext, mirror: Mirror, branch: string, commit: string): Promise<void> {
  await context.workshop.locks.hold(mirror.dir, () => git(context, ["update-ref", `refs/heads/${branch}`, commit], { cwd: mirror.dir }));
}
