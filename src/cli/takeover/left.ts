/** What the step that was ended had done so far, in the worktree of the person who goes on from it. */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import type { Broker } from "../../contract/broker.ts";
import { PetrelError } from "../../contract/errors.ts";
import type { Git } from "../team/git.ts";

const reference = z.looseObject({ $artifact: z.string() });
const kept = z.looseObject({
  head: z.string(),
  loose: z.string().nullable(),
  commits: z.number(),
  files: z.number(),
  bundle: reference,
});
/** The owner's answer to `takeover`. */
export const takenAnswer = z.looseObject({ left: z.union([kept, z.looseObject({ lost: z.string() })]).nullish() });
/** Null: nothing was under way, or it had changed nothing. `artifact` holds it as a git bundle. */
export type Left = { commits: number; files: number; artifact: string } | { lost: string; artifact: string | null } | null;

/** Commits as commits of the task's branch, the rest as changes that are not committed. What cannot be brought is told, since the task is held already. */
export async function bringLeft(
  broker: Pick<Broker, "artifacts">,
  git: Git,
  { folder, branch }: { folder: string; branch: string },
  { left = null }: z.output<typeof takenAnswer>,
): Promise<Left> {
  if (left === null) return null;
  if (!isKept(left)) return { lost: left.lost, artifact: null };
  const { head, loose, commits, files, bundle } = left;
  const artifact = bundle.$artifact;
  try {
    const bytes = await broker.artifacts.get(artifact);
    if (!bytes) return { lost: `the artefact ${artifact} is gone`, artifact: null };
    const file = join(folder, ".git", "left.bundle");
    writeFileSync(file, bytes);
    await git(folder, ["fetch", "-q", "--no-tags", file, "+refs/heads/*:refs/petrel/*"]);
    rmSync(file);
    await git(folder, ["checkout", "-q", "--no-track", "-B", branch, loose ?? head]);
    if (loose !== null) await git(folder, ["reset", "-q", "--mixed", head]);
    return { commits, files, artifact };
  } catch (error) {
    return { lost: error instanceof PetrelError ? error.message : String(error), artifact };
  }
}

function isKept(left: NonNullable<z.output<typeof takenAnswer>["left"]>): left is z.output<typeof kept> {
  return "head" in left;
}

/** For whoever never got the answer to a takeover: where the work lies that was handed over. */
export function leftHint(left: NonNullable<z.output<typeof takenAnswer>["left"]> | null): string {
  if (left === null || !isKept(left)) return "";
  return `; petrel artifact get ${left.bundle.$artifact} --out left.bundle fetches what the step had done that was ended for it`;
}

/** One line, or none. */
export function leftWords(left: Left, petrel: (command: string) => string): string[] {
  if (left === null) return [];
  if (!("lost" in left)) return [`  left:     by the step that was ended: ${amount(left)}; git log and git status show what`];
  const get = left.artifact === null ? "" : `; ${petrel(`petrel artifact get ${left.artifact} --out left.bundle`)} fetches it`;
  return [`  lost:     what the step that was ended had not handed on: ${left.lost}${get}`];
}

function amount({ commits, files }: { commits: number; files: number }): string {
  const parts = [
    ...(commits > 0 ? [commits === 1 ? "1 commit" : `${commits} commits`] : []),
    ...(files > 0 ? [files === 1 ? "1 changed file that is not committed" : `${files} changed files that are not committed`] : []),
  ];
  return parts.join(" and ");
}
