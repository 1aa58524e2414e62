/**
 * `code.push`: pushes a branch as it is, under a lease.
 * P1 It goes only while the origin's branch stands where the task saw it: a moved one is a result, and nothing is pushed.
 * P2 Commits of the origin are left out only where `replace` says so, and never on the origin's default branch, or one that people build on.
 * P3 One push for one firing: an origin that has the commit already is not asked again.
 */
import type { z } from "zod";
import { Refused } from "../../../contract/errors.ts";
import type { Json } from "../../../contract/json.ts";
import type { HandContext } from "../../hand.ts";
import { parseInput } from "../../hand-input.ts";
import { haveCommit } from "./bundle.ts";
import { pushInput } from "./cards.ts";
import { gitRemote } from "./git.ts";
import { holds, leasedPush } from "./leased-push.ts";
import { type Mirror, openMirror, originBranch, refreshMirror } from "./mirror.ts";

/** Branches on which others stand, whatever the origin calls its own. */
const COMMON = /^(main|master|trunk|develop|production|release([/-].*)?|stable([/-].*)?)$/i;

type Input = z.output<typeof pushInput>;

export async function codePush(context: HandContext): Promise<Json> {
  const input = parseInput(pushInput, context.order);
  const { repo, branch, head } = input;
  const lease = input.lease ?? null;
  context.checkPush({ repo, branch });
  const mirror = await openMirror(context, repo);
  await haveCommit(context, mirror, head, input.bundle);
  const stands = await originBranch(context, mirror, branch);
  if (stands === head) return answer(input, { stands: head, alreadyPushed: true }); // P3
  if (stands !== lease) return answer(input, { stands, reason: "moved" }); // P1
  const replaced = lease !== null && !(await holds(context, mirror, head, lease));
  if (replaced && !input.replace) return answer(input, { stands, reason: "replaces" });
  if (replaced) await refuseCommon(context, mirror, input); // P2
  await context.confirm();
  const arrived = async () => {
    await refreshMirror(context, mirror);
    return (await originBranch(context, mirror, branch)) === head;
  };
  if (await leasedPush(context, mirror, { repo, branch, head, lease, replace: replaced, arrived }))
    return answer(input, { stands: head, pushed: true, replaced });
  await refreshMirror(context, mirror);
  return answer(input, { stands: await originBranch(context, mirror, branch), reason: "moved" });
}

/** Throws Refused `branch-protected`. */
async function refuseCommon(context: HandContext, mirror: Mirror, { repo, branch }: Input): Promise<void> {
  const { stdout } = await gitRemote(context, ["ls-remote", "--symref", repo, "HEAD"], mirror.dir);
  const own = /^ref: refs\/heads\/(.+)\tHEAD$/m.exec(stdout)?.[1];
  if (branch !== own && !COMMON.test(branch)) return;
  throw new Refused({
    code: "branch-protected",
    message: `${branch} is a branch that others build on: its commits are not replaced`,
    hint: "push to a branch of the task's own, or merge with code.deliver",
  });
}

interface Outcome {
  stands: string | null;
  pushed?: boolean;
  alreadyPushed?: boolean;
  replaced?: boolean;
  reason?: "moved" | "replaces";
}

function answer({ branch, head, lease }: Input, outcome: Outcome): Json {
  const { stands, pushed = false, alreadyPushed = false, replaced = false, reason = null } = outcome;
  const at = stands === null ? "is gone from the origin" : `stands at ${stands.slice(0, 10)} on the origin`;
  const told = {
    moved: `Nothing was pushed: ${branch} ${at}, and the work saw ${lease ? `it at ${lease.slice(0, 10)}` : "no such branch"}.`,
    replaces: `Nothing was pushed: the commit does not follow ${branch} as it ${at}; with "replace" it may take its place.`,
    none: alreadyPushed
      ? `${branch} had ${head.slice(0, 10)} already.`
      : `${branch} is pushed at ${head.slice(0, 10)}${replaced ? ", in place of what it had" : ""}.`,
  };
  return { ok: pushed || alreadyPushed, branch, head, pushed, alreadyPushed, replaced, stands, reason, told: told[reason ?? "none"] };
}
