/**
 * The user's repository: what is pushed to, from where work starts, and why not.
 * R1 Nothing in it is changed here: it is only read, and cloned into a temporary folder.
 */
import { existsSync, statSync } from "node:fs";
import { isAbsolute, relative, resolve } from "node:path";
import { usage } from "../../client/usage.ts";
import { type PetrelError, Terminal } from "../../contract/errors.ts";
import { nearestHint } from "../../net/check-nearest.ts";
import type { Git } from "../team/git.ts";

export interface Repository {
  /** What is cloned and pushed to: a path or an address. */
  address: string;
  /** The user's work tree; null when a bare repository or an address was given. */
  tree: string | null;
  /** The work tree's remote; null when the address is the repository itself. */
  remote: string | null;
  /** Branch from which the work starts. */
  base: string;
  /** Branches of the address, with their commits. */
  heads: ReadonlyMap<string, string>;
  /** What the user should know before it starts. */
  notes: string[];
}

export interface Wanted {
  /** As given: a path from where the user stands, or an address. */
  repo: string;
  base: string | undefined;
  allowDirty: boolean;
  /** The state folder, which is no dirt. */
  stateDir: string;
  cwd: string;
}

type Place = Pick<Repository, "address" | "tree" | "remote">;
const LISTED = 12;

/** Errors: Terminal `not-a-repository`, `no-commits`, `dirty-repository`, `base-not-found`, `origin-unreachable`. */
export async function inspectRepository(git: Git, wanted: Wanted): Promise<Repository> {
  const place = await locate(git, wanted);
  const notes: string[] = [];
  if (place.tree !== null) {
    await mustHaveCommit(git, place.tree);
    const dirt = await dirtOf(git, place.tree, wanted.stateDir);
    if (dirt.length > 0 && !wanted.allowDirty) throw dirty(place.tree, dirt);
    if (dirt.length > 0) notes.push(`${dirt.length} uncommitted ${dirt.length === 1 ? "file is" : "files are"} left out.`);
  }
  const heads = await headsOf(git, wanted.cwd, place.address);
  if (heads.size === 0) throw noCommits(place.address);
  const base = wanted.base ?? (await startingBranch(git, wanted.cwd, place));
  if (!heads.has(base)) throw noBase(place, base, heads);
  notes.push(...(await unpushed(git, place, base, heads.get(base) ?? "")));
  return { ...place, base, heads, notes };
}

async function locate(git: Git, { repo, cwd }: Wanted): Promise<Place> {
  const path = resolve(cwd, repo);
  if (!existsSync(path)) {
    if (/^[a-z][a-z0-9+.-]*:\/\//i.test(repo) || /^[^/\\:]+:[^\\]/.test(repo)) return { address: repo, tree: null, remote: null };
    throw new Terminal({
      code: "not-a-repository",
      message: `there is no ${repo}`,
      where: path,
      hint: "name a folder, or an address, with --repo",
    });
  }
  const bare = statSync(path).isDirectory() ? await git(path, ["rev-parse", "--is-bare-repository"]).catch(() => null) : null;
  if (bare === null) {
    throw new Terminal({
      code: "not-a-repository",
      message: `${repo} is no git repository`,
      where: path,
      hint: `make it one (git init, git add -A, git commit), or name another with --repo`,
    });
  }
  if (bare === "true") return { address: await git(path, ["rev-parse", "--absolute-git-dir"]), tree: null, remote: null };
  const tree = await git(path, ["rev-parse", "--show-toplevel"]);
  if ((await git(path, ["rev-parse", "--show-prefix"])) !== "") {
    throw new Terminal({
      code: "not-a-repository",
      message: `${repo} is a folder inside the repository ${tree}, not a repository`,
      where: path,
      hint: `--repo ${tree}`,
    });
  }
  return { tree, ...(await pushedTo(git, tree)) };
}

/** The remote `origin`, else the only one there is, else the work tree's own repository. */
async function pushedTo(git: Git, tree: string): Promise<Pick<Place, "address" | "remote">> {
  const remotes = (await git(tree, ["remote"])).split("\n").filter(Boolean);
  const remote = remotes.includes("origin") ? "origin" : remotes[0];
  if (remote === undefined) return { address: tree, remote: null };
  if (!remotes.includes("origin") && remotes.length > 1)
    throw usage(`${tree} has the remotes ${remotes.join(", ")} and no origin`, "name the address to push to with --repo");
  const url = await git(tree, ["remote", "get-url", remote]);
  const isPath = !/^[a-z][a-z0-9+.-]*:\/\//i.test(url) && !/^[^/\\]+:/.test(url);
  return { address: isPath && !isAbsolute(url) ? resolve(tree, url) : url, remote };
}

async function mustHaveCommit(git: Git, tree: string): Promise<void> {
  const head = await git(tree, ["rev-parse", "-q", "--verify", "HEAD"]).catch(() => null);
  if (head === null) throw noCommits(tree);
}

function noCommits(where: string): Terminal {
  return new Terminal({
    code: "no-commits",
    message: `the repository ${where} has no commit yet`,
    where,
    hint: "make a first one: git add -A && git commit",
  });
}

async function dirtOf(git: Git, tree: string, stateDir: string): Promise<string[]> {
  const state = relative(tree, stateDir);
  const ours = state !== "" && !state.startsWith("..") && !isAbsolute(state) ? ["--", ".", `:(exclude,top,literal)${state}`] : [];
  const status = await git(tree, ["status", "--porcelain=v1", "-z", "--no-renames", ...ours]);
  return status.split("\0").filter(Boolean);
}

function dirty(tree: string, files: string[]): Terminal {
  const more = files.length > LISTED ? `\n  and ${files.length - LISTED} more` : "";
  return new Terminal({
    code: "dirty-repository",
    message: `${tree} has changes that are not committed:\n${files
      .slice(0, LISTED)
      .map((line) => `  ${line}`)
      .join("\n")}${more}`,
    where: tree,
    hint: "commit or stash them, or leave them out of the work with --allow-dirty",
  });
}

async function headsOf(git: Git, cwd: string, address: string): Promise<Map<string, string>> {
  const listed = await git(cwd, ["ls-remote", "--heads", "--", address]).catch((error: PetrelError) => {
    if (error.code !== "git-failed") throw error;
    throw new Terminal({
      code: "origin-unreachable",
      message: `${address} cannot be read: ${error.message}`,
      hint: "check the address, the network, and that git can reach it without asking for a password",
      cause: error,
    });
  });
  const lines = listed.split("\n").filter(Boolean);
  return new Map(lines.map((line) => [line.slice(line.indexOf("\t") + 1).replace(/^refs\/heads\//, ""), line.split("\t")[0] ?? ""]));
}

async function startingBranch(git: Git, cwd: string, { tree, address }: Place): Promise<string> {
  const current = tree === null ? null : await git(tree, ["symbolic-ref", "--short", "-q", "HEAD"]).catch(() => null);
  if (current) return current;
  const said = await git(cwd, ["ls-remote", "--symref", "--", address, "HEAD"]);
  const named = /^ref: refs\/heads\/(\S+)\tHEAD/m.exec(said)?.[1];
  if (named !== undefined) return named;
  throw usage(`${address} does not say which branch is its default`, "name the branch to start from with --base");
}

function noBase({ address, tree, remote }: Place, base: string, heads: ReadonlyMap<string, string>): Terminal {
  const push = tree !== null && remote !== null ? `push it first (git -C ${tree} push ${remote} ${base}), or ` : "";
  return new Terminal({
    code: "base-not-found",
    message: `${address} has no branch ${base}`,
    where: address,
    hint: `${push}name another with --base. ${nearestHint(base, [...heads.keys()], "branches")}`,
  });
}

/** Work starts from what the remote has: commits that were not pushed are not in it, and the user is told. */
async function unpushed(git: Git, { tree, remote }: Place, base: string, theirs: string): Promise<string[]> {
  if (tree === null || remote === null) return [];
  const ours = await git(tree, ["rev-parse", "-q", "--verify", `refs/heads/${base}`]).catch(() => null);
  if (ours === null || ours === theirs) return [];
  const ahead = await git(tree, ["rev-list", "--count", `${theirs}..${ours}`]).catch(() => null);
  if (ahead === null || ahead === "0") return [];
  return [`${ahead} of your commits on ${base} are not on ${remote}: the team does not see them until they are pushed.`];
}
