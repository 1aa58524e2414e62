/** A bare origin with a first commit, made of real git in a temporary folder. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const ENV = {
  PATH: process.env.PATH ?? "/usr/bin:/bin",
  HOME: "/nonexistent",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_AUTHOR_NAME: "Ada",
  GIT_AUTHOR_EMAIL: "ada@example.org",
  GIT_COMMITTER_NAME: "Ada",
  GIT_COMMITTER_EMAIL: "ada@example.org",
  GIT_AUTHOR_DATE: "1760000000 +0000",
  GIT_COMMITTER_DATE: "1760000000 +0000",
};

export function gitIn(cwd: string, ...args: string[]): string {
  return execFileSync("git", args, { cwd, env: ENV, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trimEnd();
}

export interface GitRepo {
  /** Temporary folder that holds everything; for the test's own use too. */
  root: string;
  /** Path of the bare repository. */
  origin: string;
  /** Commits files in a clone and pushes them; returns the hash. */
  push(branch: string, files: Record<string, string>, message?: string): string;
  /** What the origin's reflog says of a branch, newest first. */
  reflog(branch: string): string[];
  head(branch: string): string;
  show(branch: string, path: string): string;
  remove(): void;
}

/** `start`: a folder to copy, or files by path. */
export function makeGitRepo(start: string | Record<string, string>): GitRepo {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "petrel-git-")));
  const origin = join(root, "origin.git");
  const clone = join(root, "clone");
  gitIn(root, "init", "-q", "--bare", "-b", "main", origin);
  gitIn(origin, "config", "core.logAllRefUpdates", "true");
  mkdirSync(clone);
  gitIn(clone, "init", "-q", "-b", "main");
  gitIn(clone, "remote", "add", "origin", origin);
  if (typeof start === "string") cpSync(start, clone, { recursive: true });
  else writeFiles(clone, start);
  const commit = (branch: string, message: string) => {
    gitIn(clone, "add", "-A");
    gitIn(clone, "commit", "-q", "-m", message);
    gitIn(clone, "push", "-q", "origin", `HEAD:refs/heads/${branch}`);
    return gitIn(clone, "rev-parse", "HEAD");
  };
  commit("main", "First commit");
  return {
    root,
    origin,
    push: (branch, files, message = "A change from elsewhere") => {
      gitIn(clone, "fetch", "-q", "origin");
      gitIn(clone, "checkout", "-q", "--detach", `origin/${branch}`);
      writeFiles(clone, files);
      return commit(branch, message);
    },
    reflog: (branch) => gitIn(origin, "reflog", "show", `refs/heads/${branch}`).split("\n").filter(Boolean),
    head: (branch) => gitIn(origin, "rev-parse", `refs/heads/${branch}`),
    show: (branch, path) => gitIn(origin, "show", `${branch}:${path}`),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

function writeFiles(dir: string, files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
}
