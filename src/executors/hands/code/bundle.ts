/** A branch as bytes that travel with a token, so that an executor with another mirror can take the work over. */
import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import * as z from "zod";
import { Terminal } from "../../../contract/errors.ts";
import type { HandContext } from "../../hand.ts";
import { ownFile } from "../../own-files.ts";
import { git } from "./git.ts";
import { findCommit, type Mirror } from "./mirror.ts";

/** Characters of base64 that travel in the message itself. What is larger travels as an artefact. */
export const BUNDLE_LIMIT = 48 * 1024;
/** Bytes of a bundle; a change that is larger stays with the executor that made it. */
const LARGEST_BUNDLE = 64 * 1024 * 1024;
const BUNDLE_TYPE = "application/x-git-bundle";

/** As an order or a result carries one: base64 text, or what the masters keep for whoever needs it. */
export const carriedBundle = z.union([
  z.string(),
  z.object({ $artifact: z.string(), sha256: z.string(), size: z.number(), type: z.string(), name: z.string().optional() }),
]);
export type Bundle = z.output<typeof carriedBundle>;

/** A git bundle of `base..branch`, or null when there is nothing in it or it is too large. Errors: the attempt's end. */
export async function makeBundle(context: HandContext, mirror: Mirror, base: string, branch: string, head: string): Promise<Bundle | null> {
  if (base === head) return null;
  const file = ownFile(context, "bundle");
  try {
    // One thread: the pack's bytes then depend on nothing but the commits.
    await git(context, ["-c", "pack.threads=1", "bundle", "create", "-q", file, `^${base}`, `refs/heads/${branch}`], { cwd: mirror.dir });
    const { size } = statSync(file);
    if (size > LARGEST_BUNDLE) return null;
    if (size * (4 / 3) < BUNDLE_LIMIT - 4) return readFileSync(file).toString("base64");
    return await context.artifact({ file }, { name: `${branch.replaceAll("/", "-")}.bundle`, mediaType: BUNDLE_TYPE });
  } finally {
    rmSync(file, { force: true });
  }
}

/** Makes sure that the mirror has the commit, from the bundle if need be. Throws Terminal `commit-missing` or `bundle-bad`. */
export async function haveCommit(context: HandContext, mirror: Mirror, commit: string, bundle: Bundle | null | undefined): Promise<string> {
  const found = await findCommit(context, mirror, commit);
  if (found) return found;
  if (bundle) await takeBundle(context, mirror, bundle);
  const taken = await findCommit(context, mirror, commit);
  if (taken) return taken;
  throw new Terminal({
    code: "commit-missing",
    message: `this executor does not have ${commit}, and no bundle that holds it came with the order`,
    hint: "the change was larger than the 64 MiB of a bundle: let the executor that made it do this step, or do the task again",
  });
}

async function takeBundle(context: HandContext, mirror: Mirror, bundle: Bundle): Promise<void> {
  const id = context.workshop.ids.next();
  const file = typeof bundle === "string" ? ownFile(context, "bundle") : await context.fetchArtifact(bundle);
  if (typeof bundle === "string") writeFileSync(file, Buffer.from(bundle, "base64"));
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
