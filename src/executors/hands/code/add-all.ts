/** Takes all changes of a worktree into the index, and looks into no repository inside it (G1). */
import { lstatSync } from "node:fs";
import { join } from "node:path";
import type { HandContext } from "../../hand.ts";
import { type GitOptions, git } from "./git.ts";

/** The mode of one in an index. */
const SUBMODULE = "160000";

/**
 * `git add -A`, with `how` besides. That alone would start a git in each submodule that has become a repository, with that one's own
 * settings: they stay in the index as they stand there, and go where their folder is gone. Throws what `git` does.
 */
export async function addAll(
  context: HandContext,
  how: readonly string[],
  { cwd, ...options }: Pick<GitOptions, "cwd" | "env" | "okCodes">,
): Promise<void> {
  const { stdout } = await git(context, ["ls-files", "--stage", "-z"], { cwd, outputBytes: 64 * 1024 * 1024, ...options });
  const lines = stdout.split("\0").filter((line) => line.startsWith(`${SUBMODULE} `));
  const submodules = [...new Set(lines.map((line) => line.slice(line.indexOf("\t") + 1)))];
  const gone = submodules.filter((path) => lstatSync(join(cwd, path), { throwIfNoEntry: false }) === undefined);
  if (gone.length > 0) await git(context, ["update-index", "--force-remove", "--", ...gone], { cwd, ...options });
  const beside = submodules.map((path) => `:(exclude,literal)${path}`);
  await git(context, ["add", "-A", ...how, ...(beside.length === 0 ? [] : ["--", ".", ...beside])], { cwd, ...options });
}
