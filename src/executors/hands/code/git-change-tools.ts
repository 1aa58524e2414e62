/** The tools git.branch, git.merge and git.push of one worktree. */
import { Refused, Retryable, Terminal } from "../../../contract/errors.ts";
import type { Json } from "../../../contract/json.ts";
import { gitBranch } from "../../../tools/builtin/git-branch.ts";
import { gitMerge } from "../../../tools/builtin/git-merge.ts";
import { gitPush } from "../../../tools/builtin/git-push.ts";
import type { HandContext } from "../../hand.ts";
import { git, gitText } from "./git.ts";
import type { Checkout } from "./git-tools.ts";
import { holds, leasedPush } from "./leased-push.ts";
import { mergeOne } from "./merge.ts";
import { findCommit, type Mirror, originBranch, refreshMirror } from "./mirror.ts";
import { SHA_PATTERN } from "./names.ts";
import { toolInput } from "./tool-input.ts";
import { setBranch } from "./worktree.ts";

export function gitChangeTools(
  context: HandContext,
  mirror: Mirror,
  checkout: Checkout,
  target: string,
): Record<string, (input: Json) => Promise<Json>> {
  return {
    "git.branch": async (input) => await branch(context, mirror, checkout, toolInput<{ name?: string }>(gitBranch, input).name),
    "git.merge": async (input) => await merge(context, mirror, checkout, toolInput<{ from: string; message?: string }>(gitMerge, input)),
    "git.push": async (input) => {
      toolInput(gitPush, input);
      return await push(context, mirror, checkout, target);
    },
  };
}

async function branch(context: HandContext, mirror: Mirror, checkout: Checkout, name: string | undefined): Promise<Json> {
  const { tree } = checkout;
  const lines = await gitText(
    context,
    ["for-each-ref", "--format=%(refname:short)%00%(objectname)", "refs/heads", "refs/remotes/origin"],
    tree,
  );
  const branches = lines
    .split("\n")
    .filter(Boolean)
    .map((line) => {
      const [ref = "", sha = ""] = line.split("\0");
      return { name: ref, sha };
    });
  if (name === undefined) return { current: checkout.branch, created: null, branches: branches.slice(0, 200) };
  if (branches.some((one) => one.name === name) || name === checkout.branch) {
    throw new Terminal({ code: "branch-exists", message: `there is a branch ${name}`, hint: "choose another name" });
  }
  const sha = await gitText(context, ["rev-parse", "HEAD"], tree);
  await git(context, ["check-ref-format", `refs/heads/${name}`], { cwd: tree });
  await setBranch(context, mirror, name, sha);
  return { current: checkout.branch, created: name, branches: [...branches, { name, sha }].slice(0, 200) };
}

async function merge(
  context: HandContext,
  mirror: Mirror,
  checkout: Checkout,
  { from, message }: { from: string; message?: string },
): Promise<Json> {
  const { tree, stamp, base } = checkout;
  await mustBeClean(context, tree);
  const head = await commitNamed(context, mirror, from);
  const nth = Number(await gitText(context, ["rev-list", "--count", `${base}..HEAD`], tree));
  const conflict = await mergeOne(context, tree, { task: from, branch: from, head }, message ?? `Merge ${from}`, stamp, nth);
  const sha = await gitText(context, ["rev-parse", "HEAD"], tree);
  return conflict ? { merged: false, sha, conflicts: conflict.files, text: conflict.text } : { merged: true, sha, conflicts: [], text: "" };
}

/** A branch made here, a branch of the origin, or a commit: never an option or an expression of git's. */
async function commitNamed(context: HandContext, mirror: Mirror, name: string): Promise<string> {
  const plain = name.replace(/^origin\//, "");
  if (/^[A-Za-z0-9][A-Za-z0-9._/-]*$/.test(plain) && !plain.includes("..")) {
    const found = await findCommit(context, mirror, plain);
    if (found) return found;
  }
  throw new Terminal({
    code: "no-such-commit",
    message: `the project has no branch or commit ${name}`,
    hint: "git.branch lists the branches",
  });
}

async function mustBeClean(context: HandContext, tree: string): Promise<void> {
  const left = await gitText(context, ["status", "--porcelain=v1", "--no-renames"], tree);
  if (left === "") return;
  throw new Terminal({ code: "uncommitted-changes", message: "there are changes that are not committed", hint: "git.commit first" });
}

/** Never by force, of what is committed, with the owner's word just before (E8). The same commits pushed twice are one push. */
async function push(context: HandContext, mirror: Mirror, checkout: Checkout, target: string): Promise<Json> {
  const { tree } = checkout;
  const { repo } = mirror;
  if (repo === null) {
    throw new Refused({
      code: "push-rejected",
      message: "the workspace has no repository that could be pushed to",
      hint: 'name one as "repo" of the workspace',
    });
  }
  await mustBeClean(context, tree);
  if (SHA_PATTERN.test(target)) {
    throw new Terminal({
      code: "push-rejected",
      message: "the work is for a commit, not for a branch of the origin",
      hint: "name a branch as `base` of the workspace",
    });
  }
  const sha = await gitText(context, ["rev-parse", "HEAD"], tree);
  await refreshMirror(context, mirror);
  const lease = await originBranch(context, mirror, target);
  if (lease !== null && (await holds(context, mirror, lease, sha))) return { branch: target, sha, pushed: false };
  await context.confirm();
  const arrived = async () => {
    await refreshMirror(context, mirror);
    return (await originBranch(context, mirror, target)) === sha;
  };
  if (await leasedPush(context, mirror, { repo, branch: target, head: sha, lease, arrived })) return { branch: target, sha, pushed: true };
  throw new Retryable({
    code: "push-rejected",
    message: `the branch ${target} of the origin has moved on`,
    hint: `git.merge origin/${target}, test again, and push`,
  });
}
