/** What an attempt has done so far, for a person who goes on by hand: its commits, and what is not committed yet as one more. */
import { rmSync } from "node:fs";
import { Terminal } from "../../../contract/errors.ts";
import type { Json } from "../../../contract/json.ts";
import type { HandContext, ToolHandler } from "../../hand.ts";
import { KEEP } from "../../keep-call.ts";
import { ownFile } from "../../own-files.ts";
import { addAll } from "./add-all.ts";
import { makeBundle } from "./bundle.ts";
import { stampEnvironment, stampedMessage } from "./commit.ts";
import { git, gitText } from "./git.ts";
import type { Checkout } from "./git-tools.ts";
import type { Mirror } from "./mirror.ts";
import { setBranch } from "./worktree.ts";

/**
 * {head, loose, commits, files, bundle}: `head` is the last commit of the attempt, `loose` one on top of it that holds what is not
 * committed, or null, in so many `files`; `bundle` is null where it would be too large. Null: nothing was changed. The work itself goes on untouched.
 */
export async function keepWork(context: HandContext, mirror: Mirror, { tree, base, start, stamp }: Checkout): Promise<Json> {
  const head = await gitText(context, ["rev-parse", "HEAD"], tree);
  const commits = Number(await gitText(context, ["rev-list", "--count", `${start}..${head}`], tree));
  const written = await writeLoose(context, tree);
  const files = (await gitText(context, ["diff", "--name-only", "-z", "--no-renames", head, written], tree))
    .split("\0")
    .filter(Boolean).length;
  if (files === 0 && head === start) return null;
  const { stdout } = await git(context, ["commit-tree", written, "-p", head], {
    cwd: tree,
    input: stampedMessage("What was not committed yet", stamp),
    env: stampEnvironment(stamp, commits + 1),
  });
  const loose = files === 0 ? null : stdout.trim();
  // An id besides: two may ask at once.
  const name = `kept/${context.order.firing}-${context.order.attempt}-${context.workshop.ids.next()}`;
  await setBranch(context, mirror, name, loose ?? head);
  try {
    return { head, loose, commits, files, bundle: await makeBundle(context, mirror, base, name, loose ?? head) };
  } finally {
    await git(context, ["update-ref", "-d", `refs/heads/${name}`], { cwd: mirror.dir, okCodes: [1, 128] });
  }
}

/** Of a hand that has its work done by a program, and takes no other calls. */
export function keepOnly(context: HandContext, mirror: Mirror, checkout: Checkout): ToolHandler {
  return async (name) => {
    if (name === KEEP) return await keepWork(context, mirror, checkout);
    throw new Terminal({ code: "unknown-tool", message: `this session has no tool ${name}` });
  };
}

/** The tree of all that is there and not ignored, written beside the index that whoever works here uses. */
async function writeLoose(context: HandContext, tree: string): Promise<string> {
  const index = ownFile(context, "index");
  const env = { GIT_INDEX_FILE: index };
  try {
    await git(context, ["read-tree", "HEAD"], { cwd: tree, env });
    // What goes while it is read, like a test's own files, is left out.
    await addAll(context, ["--ignore-errors"], { cwd: tree, env, okCodes: [1] });
    return (await git(context, ["write-tree"], { cwd: tree, env })).stdout.trim();
  } finally {
    rmSync(index, { force: true });
  }
}
