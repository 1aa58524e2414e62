/** Merges task branches one after another, with fixed dates: the same inputs give the same commits. */

import { capText } from "../../capped-output.ts";
import type { HandContext } from "../../hand.ts";
import { type Stamp, stampEnvironment, stampedMessage } from "./commit.ts";
import { git, gitText } from "./git.ts";

export interface TaskBranch {
  task: string;
  branch: string;
  head: string;
}
export interface Conflict {
  task: string;
  files: string[];
  /** The places in conflict, with git's marks. */
  text: string;
}
export interface Merged {
  head: string;
  merged: TaskBranch[];
  conflicts: Conflict[];
}

/** Resets the worktree to `start` and merges in the given order; a branch in conflict is left out. */
export async function mergeBranches(
  context: HandContext,
  tree: string,
  start: string,
  branches: TaskBranch[],
  message: string,
  stamp: Stamp,
): Promise<Merged> {
  await git(context, ["reset", "-q", "--hard", start], { cwd: tree });
  await git(context, ["clean", "-q", "-fd"], { cwd: tree });
  const merged: TaskBranch[] = [];
  const conflicts: Conflict[] = [];
  for (const [at, branch] of branches.entries()) {
    const isLast = at === branches.length - 1;
    const conflict = await mergeOne(context, tree, branch, isLast ? message : `Merge ${branch.branch}`, stamp, at);
    if (conflict) conflicts.push(conflict);
    else merged.push(branch);
  }
  return { head: await gitText(context, ["rev-parse", "HEAD"], tree), merged, conflicts };
}

export async function mergeOne(
  context: HandContext,
  tree: string,
  branch: TaskBranch,
  message: string,
  stamp: Stamp,
  nth: number,
): Promise<Conflict | null> {
  const args = [
    "merge",
    "-q",
    "--no-ff",
    "--no-verify",
    "--no-gpg-sign",
    "--cleanup=verbatim",
    "-m",
    stampedMessage(message, stamp),
    branch.head,
  ];
  const result = await git(context, args, { cwd: tree, env: stampEnvironment(stamp, nth), okCodes: [1] });
  if (result.exitCode === 0) return null;
  const files = (await gitText(context, ["diff", "--name-only", "-z", "--diff-filter=U"], tree)).split("\0").filter(Boolean);
  const { stdout } = await git(context, ["diff", "--no-color", "--no-ext-diff"], { cwd: tree });
  await git(context, ["merge", "--abort"], { cwd: tree, okCodes: [128] });
  return { task: branch.task, files, text: capText(stdout, 4000).text };
}
