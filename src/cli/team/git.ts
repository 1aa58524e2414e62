/** git as the command line uses it: to look, to make the demo's sample, and to prove; never to push. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { Terminal } from "../../contract/errors.ts";
import { quoted } from "./paste.ts";

const run = promisify(execFile);

/** What git prints, without the last line end. Errors: Terminal `git-missing`, `not-yours`, `git-failed` with git's own words. */
export type Git = (cwd: string, args: string[]) => Promise<string>;

/** git without anybody's configuration: the same everywhere. */
export function gitIn(env: Record<string, string | undefined>): Git {
  return gitWith({ ...env, GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1" });
}

/** git as the user has it, keys and helpers included; it asks nothing on the terminal. */
export function userGit(env: Record<string, string | undefined>): Git {
  return gitWith({ ...env, LC_ALL: "C", GIT_SSH_COMMAND: env.GIT_SSH_COMMAND ?? "ssh -oBatchMode=yes" });
}

function gitWith(env: Record<string, string | undefined>): Git {
  const clean = Object.fromEntries(Object.entries(env).filter(([name]) => !/^GIT_(DIR|WORK_TREE|INDEX_FILE)$/.test(name)));
  return async (cwd, args) => {
    try {
      const { stdout } = await run("git", args, { cwd, env: { ...clean, GIT_TERMINAL_PROMPT: "0" }, maxBuffer: 16 * 1024 * 1024 });
      return stdout.trimEnd();
    } catch (cause) {
      const { stderr, code } = cause as { stderr?: string; code?: unknown };
      if (code === "ENOENT")
        throw new Terminal({ code: "git-missing", message: "git is not on this machine", hint: "install git, then try again", cause });
      if (/detected dubious ownership/.test(stderr ?? "")) throw notYours(cwd, cause);
      throw new Terminal({
        code: "git-failed",
        message: `git ${args[0] ?? ""} failed in ${cwd}: ${stderr?.trim() ?? String(cause)}`,
        cause,
      });
    }
  };
}

function notYours(folder: string, cause: unknown): Terminal {
  return new Terminal({
    code: "not-yours",
    message: `${folder} belongs to another user of this machine, and git works in no folder of others`,
    hint: `do it as its owner, or trust the folder: git config --global --add safe.directory ${quoted(folder)}`,
    cause,
  });
}

/** What the architect is told of a repository: its files and the beginning of its README. */
export async function overviewOf(git: Git, repo: string, branch: string): Promise<string> {
  const files = (await git(repo, ["ls-tree", "-r", "--name-only", branch])).split("\n");
  const readme = files.find((file) => /^readme(\.md)?$/i.test(file));
  const text = readme ? await git(repo, ["show", `${branch}:${readme}`]) : "";
  const shown = files.slice(0, 200);
  const more = files.length > shown.length ? `\n(and ${files.length - shown.length} more)` : "";
  return `Files:\n${shown.join("\n")}${more}\n\n${text.slice(0, 4000)}`.trim();
}

export interface Commit {
  sha: string;
  subject: string;
  author: string;
}

/** Commits of a range like `main..HEAD`, oldest first, merges included. */
export async function commitsOf(git: Git, repo: string, range: string): Promise<Commit[]> {
  const log = await git(repo, ["log", "--reverse", "--format=%H%x09%an%x09%s", range]);
  if (log === "") return [];
  return log.split("\n").map((line) => {
    const [sha = "", author = "", ...subject] = line.split("\t");
    return { sha, author, subject: subject.join("\t") };
  });
}
