/** The tools git.* of one worktree. */
import type { Json } from "../../../contract/json.ts";
import { gitCommit } from "../../../tools/builtin/git-commit.ts";
import { gitDiff } from "../../../tools/builtin/git-diff.ts";
import { gitLog } from "../../../tools/builtin/git-log.ts";
import { gitStatus } from "../../../tools/builtin/git-status.ts";
import { capText } from "../../capped-output.ts";
import type { HandContext } from "../../hand.ts";
import { addAll } from "./add-all.ts";
import { commitAll, type Stamp } from "./commit.ts";
import { confine } from "./confine.ts";
import { git, gitText } from "./git.ts";
import { toolInput } from "./tool-input.ts";

export interface Checkout {
  tree: string;
  branch: string;
  base: string;
  /** Where this attempt began: base, or the branch's earlier head. */
  start: string;
  /** Where the origin's branch of this name stood when the work began; null: there was none. */
  seen: string | null;
  stamp: Stamp;
}

export function gitTools(context: HandContext, checkout: Checkout): Record<string, (input: Json) => Promise<Json>> {
  return {
    "git.status": async (input) => {
      toolInput(gitStatus, input);
      return await status(context, checkout);
    },
    "git.diff": async (input) => await diff(context, checkout, toolInput(gitDiff, input)),
    "git.log": async (input) => await log(context, checkout, toolInput<{ limit: number }>(gitLog, input).limit),
    "git.commit": async (input) => {
      const { message } = toolInput<{ message: string }>(gitCommit, input);
      const nth = Number(await gitText(context, ["rev-list", "--count", `${checkout.base}..HEAD`], checkout.tree));
      return await commitAll(context, checkout.tree, message, checkout.stamp, nth);
    },
  };
}

async function status(context: HandContext, checkout: Checkout): Promise<Json> {
  const { stdout } = await git(context, ["status", "--porcelain=v1", "-z", "--no-renames", "-uall"], { cwd: checkout.tree });
  const files = stdout
    .split("\0")
    .filter(Boolean)
    .map((line) => ({ path: line.slice(3), status: line.slice(0, 2) }))
    .slice(0, 500);
  return { branch: checkout.branch, clean: files.length === 0, files };
}

async function diff(context: HandContext, checkout: Checkout, input: { since: "commit" | "base"; path?: string }): Promise<Json> {
  if (input.path !== undefined) confine(checkout.tree, input.path, false);
  // New files count as well: intent-to-add makes them visible to diff, and changes no content.
  await addAll(context, ["--intent-to-add"], { cwd: checkout.tree });
  const from = input.since === "base" ? checkout.base : "HEAD";
  const paths = input.path === undefined ? [] : [`:(literal)${input.path}`];
  const { stdout } = await git(context, ["diff", "--no-color", "--no-ext-diff", "--no-textconv", from, "--", ...paths], {
    cwd: checkout.tree,
  });
  const { text, truncated } = capText(stdout, gitDiff.limits.bytes);
  return { diff: text, truncated };
}

async function log(context: HandContext, checkout: Checkout, limit: number): Promise<Json> {
  const text = await gitText(context, ["log", `-${limit}`, "--format=%H%x00%s%x00%an%x00%cI"], checkout.tree);
  const commits = text.split("\n").map((line) => {
    const [sha = "", subject = "", author = "", at = ""] = line.split("\0");
    return { sha, subject, author, at };
  });
  return { commits };
}
