/** Worktrees: one for each attempt, on no branch, so that two attempts never stand on the same one. */
import { existsSync, realpathSync } from "node:fs";
import { join } from "node:path";
import type { HandContext } from "../../hand.ts";
import { removeTree } from "../../remove-tree.ts";
import { git, gitText } from "./git.ts";
import type { Mirror } from "./mirror.ts";

/** Returns the real path of a fresh worktree `name` in the work directory, standing at `commit`. */
export async function addWorktree(context: HandContext, mirror: Mirror, commit: string, name: string): Promise<string> {
  const { trees } = context.workshop;
  const path = join(context.workDir, name);
  // A command may have laid something there, like a link to elsewhere.
  await removeTree(path);
  await context.workshop.locks.hold(mirror.dir, async () => {
    await git(context, ["worktree", "prune"], { cwd: mirror.dir });
    await git(context, ["worktree", "add", "-q", "--detach", "--force", path, commit], { cwd: mirror.dir });
  });
  const tree = realpathSync(path);
  for (const former of trees.keys()) if (!existsSync(former)) trees.delete(former);
  trees.delete(tree);
  trees.set(tree, await gitText(context, ["rev-parse", "--absolute-git-dir"], tree));
  return tree;
}

/** The folder goes; the mirror's note of it goes with the next `prune`. */
export async function removeWorktree(path: string): Promise<void> {
  await removeTree(path);
}

/** Points a branch of the mirror at a commit. */
export async function setBranch(context: HandContext, mirror: Mirror, branch: string, commit: string): Promise<void> {
  await context.workshop.locks.hold(mirror.dir, () => git(context, ["update-ref", `refs/heads/${branch}`, commit], { cwd: mirror.dir }));
}
