/**
 * A push under a lease: it goes only while the origin's branch stands where the work saw it.
 * L1 The lease is a commit, or null for a branch that is not there: never what was last fetched, which the fetches of other tasks move.
 * L2 What would leave commits of the origin out is no push of its own accord: whoever may replace them says so, and looks first.
 */
import { Refused, Retryable } from "../../../contract/errors.ts";
import type { HandContext } from "../../hand.ts";
import { git, gitRemote, originError, words } from "./git.ts";
import type { Mirror } from "./mirror.ts";

/** Why an origin could not write, and may be able to later. */
const PASSING =
  /internal server error|unpack(er)? (error|failed)|unable to (migrate|write|create)|no space|tempor|time-?d? ?out|unavailable/i;
const MOVED = /\[rejected\]|cannot lock ref|fetch first|non-fast-forward|stale info|reference already exists|incorrect old value/i;

export interface LeasedPush {
  repo: string;
  branch: string;
  head: string;
  /** The commit at which the origin's branch was seen; null: it had none. */
  lease: string | null;
  /** Commits of the origin's branch may be left out. */
  replace?: boolean;
  /** Asked when no answer came: did the push arrive all the same? */
  arrived(): Promise<boolean>;
}

/** False when the origin moved. Throws Refused `push-refused`, Retryable `origin-unreachable`, `push-failed`, Terminal as `originError`. */
export async function leasedPush(context: HandContext, mirror: Mirror, push: LeasedPush): Promise<boolean> {
  const { repo, branch, head, lease } = push;
  context.checkPush({ repo, branch });
  if (lease !== null && push.replace !== true && !(await holds(context, mirror, head, lease))) return false; // L2
  const reference = `refs/heads/${branch}`;
  const args = ["push", "--porcelain", `--force-with-lease=${reference}:${lease ?? ""}`, repo, `${head}:${reference}`];
  const result = await gitRemote(context, args, mirror.dir);
  if (result.exitCode === 0) return true;
  // Git's own reason stands at the end of the reference's line; what a hook prints may say anything.
  const [, reason = ""] = /^!\t.*\[remote rejected\] \((.*)\)$/m.exec(result.stdout) ?? [];
  if (PASSING.test(reason)) {
    throw new Retryable({
      code: "push-failed",
      message: `the origin could not take the push to ${branch}: ${words(result)}`,
      hint: "it will be tried again",
    });
  }
  const said = `${result.stdout}\n${result.stderr}`;
  if (MOVED.test(said)) return false;
  if (/\[remote rejected\]|declined|protected branch|pre-receive/i.test(said)) {
    throw new Refused({
      code: "push-refused",
      message: `the origin refuses the push to ${branch}: ${words(result)}`,
      hint: "push to another branch (of `petrel run` with --push-to), or change the origin's rules",
    });
  }
  if (await push.arrived()) return true;
  throw originError(repo, result);
}

/** Is the second commit among those of the first? What the mirror does not have is not. */
export async function holds(context: HandContext, mirror: Mirror, head: string, commit: string): Promise<boolean> {
  const result = await git(context, ["merge-base", "--is-ancestor", commit, head], { cwd: mirror.dir, okCodes: [1, 128] });
  return result.exitCode === 0;
}
