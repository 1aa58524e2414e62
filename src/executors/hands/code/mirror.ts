/**
 * A local copy of each origin, from which worktrees are made.
 * M1 A mirror is whole or absent: made beside and renamed.
 * M2 What changes its references is done by one at a time.
 * M3 `refs/remotes/origin/*` is what the origin had when last asked; `refs/heads/*` are branches made here.
 */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Retryable, Terminal } from "../../../contract/errors.ts";
import { sha256 } from "../../../contract/hash.ts";
import type { HandContext } from "../../hand.ts";
import { type Stamp, stampEnvironment } from "./commit.ts";
import { git, gitRemote, gitText, originError } from "./git.ts";
import { SHA_PATTERN } from "./names.ts";

export interface Mirror {
  /** Null: no origin stands behind it. */
  repo: string | null;
  dir: string;
}
type OriginMirror = Mirror & { repo: string };

const NO_PUSH = "no-push://petrel";

/** Makes or updates the mirror of an origin. Throws Terminal `repo-not-found` where it never was, Retryable `origin-unreachable`. */
export async function openMirror(context: HandContext, repo: string): Promise<Mirror> {
  const dir = join(context.workshop.dir, "mirrors", `${sha256(repo).slice(0, 16)}.git`);
  const mirror: OriginMirror = { repo, dir };
  await context.workshop.locks.hold(dir, async () => {
    if (!existsSync(dir)) await makeMirror(context, mirror);
    const wasThere = existsSync(join(dir, "FETCH_HEAD"));
    try {
      await fetchOrigin(context, mirror);
    } catch (error) {
      throw wasThere ? mayComeBack(error) : error;
    }
  });
  return mirror;
}

/** What was there once is more likely away than gone: a disk that is not mounted, a host that moves. */
function mayComeBack(error: unknown): unknown {
  if (!(error instanceof Terminal) || error.code !== "repo-not-found") return error;
  return new Retryable({ code: "origin-unreachable", message: `${error.message} any more`, hint: "it will be tried again", cause: error });
}

async function makeMirror(context: HandContext, mirror: OriginMirror): Promise<void> {
  const beside = `${mirror.dir}.new`;
  rmSync(beside, { recursive: true, force: true });
  await makeBare(context, beside, {
    "remote.origin.url": mirror.repo,
    // Code that runs in a worktree finds no way to push; the one that may names the address itself.
    "remote.origin.pushurl": NO_PUSH,
    "remote.origin.fetch": "+refs/heads/*:refs/remotes/origin/*",
  });
  renameSync(beside, mirror.dir);
}

async function makeBare(context: HandContext, dir: string, more: Record<string, string>): Promise<void> {
  mkdirSync(dir, { recursive: true });
  await git(context, ["init", "-q", "--bare", "."], { cwd: dir });
  const settings = { ...more, "core.hooksPath": "/dev/null", "gc.auto": "0", "maintenance.auto": "false" };
  for (const [name, value] of Object.entries(settings)) await git(context, ["config", name, value], { cwd: dir });
  mkdirSync(join(dir, "info"), { recursive: true });
  writeFileSync(join(dir, "info", "exclude"), "node_modules/\n__pycache__/\n");
}

/** Where work without a repository begins: one commit of nothing, the same on every executor, so that a bundle made on one fits another. */
const EMPTY: Stamp = { seed: "2000-01-01T00:00:00Z", author: undefined, key: "", persona: null };

/** A mirror of nothing, for this attempt alone: work without a repository sees no work of others. */
export async function emptyMirror(context: HandContext): Promise<{ mirror: Mirror; commit: string }> {
  const dir = join(context.workDir, "empty.git");
  await makeBare(context, dir, {});
  const tree = (await git(context, ["hash-object", "-w", "-t", "tree", "--stdin"], { cwd: dir, input: "" })).stdout.trim();
  const made = await git(context, ["commit-tree", tree, "-m", "An empty folder"], { cwd: dir, env: stampEnvironment(EMPTY, 0) });
  return { mirror: { repo: null, dir }, commit: made.stdout.trim() };
}

/** Asks the origin for its branches. Call it with the mirror's lock held, or through `refreshMirror`. */
async function fetchOrigin(context: HandContext, mirror: OriginMirror): Promise<void> {
  const result = await gitRemote(context, ["fetch", "-q", "--prune", "--no-tags", "--no-auto-gc", "origin"], mirror.dir);
  if (result.exitCode !== 0) throw originError(mirror.repo, result);
}

export async function refreshMirror(context: HandContext, { repo, dir }: Mirror): Promise<void> {
  if (repo === null) return;
  const mirror: OriginMirror = { repo, dir };
  await context.workshop.locks.hold(mirror.dir, () => fetchOrigin(context, mirror));
}

/** The commit of a branch of the origin, or null. */
export async function originBranch(context: HandContext, mirror: Mirror, branch: string): Promise<string | null> {
  return await commitOf(context, mirror, `refs/remotes/origin/${branch}`);
}

/** A full hash as it is, if the mirror has that commit; else a branch made here; else one of the origin. */
export async function findCommit(context: HandContext, mirror: Mirror, name: string): Promise<string | null> {
  if (SHA_PATTERN.test(name)) return await commitOf(context, mirror, name);
  return (await commitOf(context, mirror, `refs/heads/${name}`)) ?? (await originBranch(context, mirror, name));
}

/** The base of work: a hash, or a branch as the origin has it. Throws Terminal `base-not-found`. */
export async function baseCommit(context: HandContext, mirror: Mirror, base: string): Promise<string> {
  const found = SHA_PATTERN.test(base) ? await commitOf(context, mirror, base) : await originBranch(context, mirror, base);
  if (found) return found;
  const branches = await gitText(context, ["for-each-ref", "--format=%(refname:lstrip=3)", "refs/remotes/origin"], mirror.dir);
  throw new Terminal({
    code: "base-not-found",
    message: `the origin ${mirror.repo} has no branch ${base}`,
    hint: branches === "" ? "it has no branch at all: make a first commit there" : `it has ${branches.split("\n").slice(0, 10).join(", ")}`,
  });
}

async function commitOf(context: HandContext, mirror: Mirror, name: string): Promise<string | null> {
  const result = await git(context, ["rev-parse", "-q", "--verify", "--end-of-options", `${name}^{commit}`], {
    cwd: mirror.dir,
    okCodes: [1, 128],
  });
  return result.exitCode === 0 ? result.stdout.trim() : null;
}

export async function mergeBase(context: HandContext, mirror: Mirror, one: string, other: string): Promise<string | null> {
  const result = await git(context, ["merge-base", one, other], { cwd: mirror.dir, okCodes: [1] });
  return result.exitCode === 0 ? result.stdout.trim() : null;
}

/** A killed executor leaves git's lock files behind; nobody else works in its mirrors. Worktrees of it are gone as well. */
export function clearLocks(dir: string): void {
  const mirrors = join(dir, "mirrors");
  if (!existsSync(mirrors)) return;
  for (const name of readdirSync(mirrors)) {
    if (name.endsWith(".new")) rmSync(join(mirrors, name), { recursive: true, force: true });
    else clearMirror(join(mirrors, name));
  }
}

function clearMirror(mirror: string): void {
  rmSync(join(mirror, "worktrees"), { recursive: true, force: true });
  for (const entry of readdirSync(mirror, { withFileTypes: true })) {
    if (entry.isFile() && entry.name.endsWith(".lock")) rmSync(join(mirror, entry.name), { force: true });
  }
  const refs = join(mirror, "refs");
  if (!existsSync(refs)) return;
  for (const entry of readdirSync(refs, { withFileTypes: true, recursive: true })) {
    if (entry.isFile() && entry.name.endsWith(".lock")) rmSync(join(entry.parentPath, entry.name), { force: true });
  }
}
