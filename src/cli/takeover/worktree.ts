/** The worktree of a task on a person's machine: made from the repository and the task's bundle, and turned into a bundle again. */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { BUNDLE_BYTES } from "../../actors/term/handback-parts.ts";
import { Refused, Terminal } from "../../contract/errors.ts";
import type { JsonObject } from "../../contract/json.ts";
import { stampedMessage } from "../../executors/hands/code/commit.ts";
import { makeFolder } from "../make-folder.ts";
import type { Git } from "../team/git.ts";

const DIFF_LIMIT = 20 * 1024;

interface Grounds {
  repo: string;
  base: string;
  branch: string;
  head: string | null;
  bundle: Uint8Array | null;
}

/** A clone on the task's branch, at its commit. Errors: Terminal `folder-exists`, `commit-missing`, `git-failed`; nothing is left of a failed one. */
export async function makeWorktree(git: Git, folder: string, grounds: Grounds): Promise<string> {
  if (existsSync(folder))
    throw new Terminal({ code: "folder-exists", message: `${folder} is there already`, hint: "remove it, or name another with --out" });
  makeFolder(dirname(folder));
  try {
    await git(dirname(folder), ["clone", "-q", "--no-checkout", "--", grounds.repo, folder]);
    if (grounds.bundle) await fetchBundle(git, folder, grounds.bundle);
    const start = await startOf(git, folder, grounds);
    await git(folder, ["checkout", "-q", "--no-track", "-B", grounds.branch, start]);
    return start;
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

async function fetchBundle(git: Git, folder: string, bundle: Uint8Array): Promise<void> {
  const file = join(folder, ".git", "taken.bundle");
  writeFileSync(file, bundle);
  await git(folder, ["fetch", "-q", "--no-tags", file, "+refs/heads/*:refs/petrel/*"]);
  rmSync(file);
}

async function startOf(git: Git, folder: string, { head, base }: Grounds): Promise<string> {
  if (head === null) return await commitOf(git, folder, base);
  const found = await resolved(git, folder, head);
  if (found) return found;
  throw new Terminal({
    code: "commit-missing",
    message: `the task stands at ${head}, which neither the repository nor the task's bundle has`,
    hint: "the change was larger than the 64 MiB of a bundle: it lies only on the executor that made it",
  });
}

/** A branch of the origin, or a commit. */
async function commitOf(git: Git, folder: string, base: string): Promise<string> {
  const found = (await resolved(git, folder, `refs/remotes/origin/${base}`)) ?? (await resolved(git, folder, base));
  if (found) return found;
  throw new Terminal({ code: "base-missing", message: `the repository has no ${base}`, hint: "look at `base` in the token" });
}

async function resolved(git: Git, folder: string, name: string): Promise<string | null> {
  return await git(folder, ["rev-parse", "-q", "--verify", `${name}^{commit}`]).catch((error: unknown) => {
    if (error instanceof Terminal && error.code === "git-failed") return null;
    throw error;
  });
}

/** Commits what was left in the folder, as the person whom git knows, or else as `user`. */
export async function commitLeft(git: Git, folder: string, message: string, key: string, user: string): Promise<void> {
  if ((await git(folder, ["ls-files", "-u"])) !== "")
    throw new Refused({
      code: "conflicts-left",
      message: `${folder} has conflicts that are not resolved`,
      hint: "resolve them, then hand it back again",
    });
  await git(folder, ["add", "-A"]);
  if ((await git(folder, ["diff", "--cached", "--name-only"])) === "") return;
  const known = await git(folder, ["config", "user.email"]).catch(() => "");
  const person = known === "" ? ["-c", `user.name=${user}`, "-c", `user.email=${user}@localhost`] : [];
  await git(folder, [
    ...person,
    "commit",
    "-q",
    "--no-verify",
    "--cleanup=verbatim",
    "-m",
    stampedMessage(message, { key, persona: null }),
  ]);
}

/** The work as hands give it: {branch, base, start, head, commits, files, diff, uncommitted, bundle}. Errors: Refused `nothing-changed`, `change-too-large`. */
export async function workIn(git: Git, folder: string, about: { base: string; branch: string; start: string }): Promise<JsonObject> {
  const head = await git(folder, ["rev-parse", "HEAD"]);
  if (head === about.start)
    throw new Refused({
      code: "nothing-changed",
      message: `nothing in ${folder} differs from what was taken over`,
      hint: "change something, or hand it back as it was with --unchanged",
    });
  const base = await git(folder, ["merge-base", await commitOf(git, folder, about.base), head]);
  const log = await git(folder, ["log", "--reverse", "--format=%H%x09%s", `${base}..${head}`]);
  const commits = log
    .split("\n")
    .filter(Boolean)
    .map((line) => ({ sha: line.split("\t")[0] ?? "", subject: line.split("\t").slice(1).join("\t") }));
  const diff = await git(folder, ["diff", "--no-color", "--no-ext-diff", "--no-renames", "--no-textconv", base, head]);
  return {
    ...{ branch: about.branch, base, start: about.start, head, commits, uncommitted: 0 },
    files: await filesOf(git, folder, base, head),
    diff: diff.length > DIFF_LIMIT ? `${diff.slice(0, DIFF_LIMIT)}\n(the rest is left out)` : diff,
    bundle: await bundleOf(git, folder, about.branch, base, head),
  };
}

async function filesOf(git: Git, folder: string, base: string, head: string) {
  const range = ["diff", "--no-renames", "--no-ext-diff", "-z"];
  const names = (await git(folder, [...range, "--name-status", base, head])).split("\0");
  const statuses = new Map<string, string>();
  for (let at = 0; at + 1 < names.length; at += 2) {
    const [letter, path = ""] = [names[at], names[at + 1]];
    statuses.set(path, letter === "A" ? "added" : letter === "D" ? "deleted" : "changed");
  }
  const counted = (await git(folder, [...range, "--numstat", base, head])).split("\0").filter(Boolean);
  return counted.map((line) => {
    const [added = "", removed = "", ...path] = line.split("\t");
    const name = path.join("\t");
    return { path: name, status: statuses.get(name) ?? "changed", added: Number(added) || 0, removed: Number(removed) || 0 };
  });
}

async function bundleOf(git: Git, folder: string, branch: string, base: string, head: string): Promise<string> {
  await git(folder, ["update-ref", `refs/heads/${branch}`, head]);
  const place = mkdtempSync(join(tmpdir(), "petrel-handback-"));
  try {
    const file = join(place, "work.bundle");
    await git(folder, ["-c", "pack.threads=1", "bundle", "create", "-q", file, `^${base}`, `refs/heads/${branch}`]);
    const { size } = statSync(file);
    if (size <= BUNDLE_BYTES) return readFileSync(file).toString("base64");
    const message = `the change has ${Math.ceil(size / 1024 / 1024)} MiB as a bundle, and at most ${BUNDLE_BYTES / 1024 / 1024} are handed on`;
    throw new Refused({ code: "change-too-large", message, hint: "take large files out of its commits, then hand it back again" });
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}
