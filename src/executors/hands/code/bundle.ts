/** A branch as bytes that travel in a token, so that an executor with another mirror can take the work over. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Terminal } from "../../../contract/errors.ts";
import type { HandContext } from "../../hand.ts";
import { git } from "./git.ts";
import { findCommit, type Mirror } from "./mirror.ts";

/** Characters of base64 that a token may carry. */
export const BUNDLE_LIMIT = 48 * 1024;

/** base64 of a git bundle of `base..branch`, or null when there is nothing in it or it is too large. */
export async function makeBundle(context: HandContext, mirror: Mirror, base: string, branch: string, head: string): Promise<string | null> {
  if (base === head) return null;
  const file = join(context.workDir, `${context.workshop.ids.next()}.bundle`);
  try {
    // One thread: the pack's bytes then depend on nothing but the commits.
    await git(context, ["-c", "pack.threads=1", "bundle", "create", "-q", file, `^${base}`, `refs/heads/${branch}`], { cwd: mirror.dir });
    const text = readFileSync(file).toString("base64");
    return text.length < BUNDLE_LIMIT ? text : null;
  } finally {
    rmSync(file, { force: true });
  }
}

/** Makes sure that the mirror has the commit, from the bundle if need be. Throws Terminal `commit-missing` or `bundle-bad`. */
export async function haveCommit(context: HandContext, mirror: Mirror, commit: string, bundle: string | null | undefined): Promise<string> {
  const found = await findCommit(context, mirror, commit);
  if (found) return found;
  if (bundle) await takeBundle(context, mirror, bundle);
  const taken = await findCommit(context, mirror, commit);
  if (taken) return taken;
  throw new Terminal({
    code: "commit-missing",
    message: `this executor does not have ${commit}, and no bundle that holds it came with the order`,
    hint: "the change was too large for a bundle: let the executor that made it do this step, or do the task again",
  });
}

async function takeBundle(context: HandContext, mirror: Mirror, bundle: string): Promise<void> {
  const id = context.workshop.ids.next();
  const file = join(context.workDir, `${id}.bundle`);
  writeFileSync(file, Buffer.from(bundle, "base64"));
  try {
    await context.workshop.locks.hold(mirror.dir, () =>
      git(context, ["fetch", "-q", "--no-tags", "--no-auto-gc", file, `+refs/heads/*:refs/petrel/${id}/*`], { cwd: mirror.dir }),
    );
  } catch (cause) {
    throw new Terminal({ code: "bundle-bad", message: "the bundle that came with the order cannot be taken in", cause });
  } finally {
    rmSync(file, { force: true });
  }
}
