/**
 * The executor's own git in a worktree: commands have written there, and one may be writing at this moment. What git looks at before it opens
 * it can be a link elsewhere by then. So where commands have a sandbox, git has one of its own around each call.
 * O1 Of homes, the state folder and other work nothing is there but the tree, git's own data of it and the mirror, and no network.
 * O2 Written are the tree, its index and objects: no settings, hooks or branches of the mirror, and nothing of other trees.
 */
import { dirname, join } from "node:path";
import type { Bench } from "./bench.ts";
import { USUAL_PATH } from "./clean-environment.ts";
import type { HandCard } from "./hand.ts";
import type { Command } from "./process-tree.ts";
import { enclosed, isEnclosed } from "./sandbox.ts";

/** `cwd`: a tree that the workshop has noted, or anything else, which has no sandbox. */
export type OwnGit = Pick<Command, "argv" | "cwd" | "env">;

export function ownGit(
  { policy, sandbox, workshop, hidden }: Bench,
  hand: HandCard,
  { argv, cwd, env }: OwnGit,
): OwnGit & Pick<Command, "enclosed"> {
  const data = workshop.trees.get(cwd);
  if (data === undefined || sandbox.kind === "none" || !isEnclosed(hand, sandbox, policy)) return { argv, cwd, env };
  // MIRROR/worktrees/NAME
  const mirror = dirname(dirname(data));
  const index = env.GIT_INDEX_FILE === undefined ? [] : [dirname(env.GIT_INDEX_FILE)];
  const inside = enclosed(sandbox.path, argv, {
    ...{ cwd, hidden, network: false, readable: [mirror], writable: [cwd, data, join(mirror, "objects"), ...index] },
    // What says where the settings are.
    kept: ["commondir", "gitdir"].map((name) => join(data, name)),
    ...(sandbox.sizes ? { roomMb: policy.limits.memoryMb } : {}),
    ...{ path: workshop.environment.PATH ?? USUAL_PATH, home: workshop.environment.HOME },
  });
  return { argv: inside, cwd, env, enclosed: true };
}
