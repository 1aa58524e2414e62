/** The demo's stage: an empty folder of its own with a bare repository that holds the sample project. */
import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { Terminal } from "../../contract/errors.ts";

const run = promisify(execFile);
const MARK = ".petrel-demo";
const AUTHOR = {
  GIT_AUTHOR_NAME: "Sample author",
  GIT_AUTHOR_EMAIL: "sample@petrel.invalid",
  GIT_COMMITTER_NAME: "Sample author",
  GIT_COMMITTER_EMAIL: "sample@petrel.invalid",
};
/** A fixed date, so that the sample's first commit is the same one everywhere. */
const DATE = "2026-01-05T09:00:00Z";

export interface Stage {
  dir: string;
  /** Path of the bare repository. */
  origin: string;
}

/** Empties the demo's folder and makes the origin anew. Refuses a folder that is not the demo's own. */
export async function setStage(dir: string, sample: string, env: Record<string, string | undefined>): Promise<Stage> {
  if (existsSync(dir) && readdirSync(dir).length > 0 && !existsSync(join(dir, MARK))) {
    throw new Terminal({
      code: "not-a-demo-folder",
      message: `${dir} holds something that is not the demo's`,
      hint: "name an empty folder with --dir",
      where: dir,
    });
  }
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, MARK), "The demo empties this folder at its next start.\n");
  const origin = join(dir, "origin.git");
  const seed = join(dir, "seed");
  cpSync(sample, seed, { recursive: true, filter: (path) => !path.endsWith("node_modules") });
  const git = gitIn({ ...env, ...AUTHOR, GIT_AUTHOR_DATE: DATE, GIT_COMMITTER_DATE: DATE });
  await git(dir, ["init", "--bare", "--initial-branch=main", "origin.git"]);
  // The proof reads the reflog, which a bare repository keeps only when told to.
  await git(origin, ["config", "core.logAllRefUpdates", "true"]);
  await git(seed, ["init", "--initial-branch=main"]);
  await git(seed, ["add", "-A"]);
  await git(seed, ["commit", "-m", "A service that keeps notes"]);
  await git(seed, ["push", origin, "main"]);
  rmSync(seed, { recursive: true, force: true });
  return { dir, origin };
}

export type Git = (cwd: string, args: string[]) => Promise<string>;

export function gitIn(env: Record<string, string | undefined>): Git {
  const clean = Object.fromEntries(Object.entries(env).filter(([name]) => !/^GIT_(DIR|WORK_TREE|INDEX_FILE)$/.test(name)));
  return async (cwd, args) => {
    try {
      const { stdout } = await run("git", args, {
        cwd,
        env: { ...clean, GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1", GIT_TERMINAL_PROMPT: "0" },
        maxBuffer: 16 * 1024 * 1024,
      });
      return stdout.trimEnd();
    } catch (cause) {
      const { stderr, code } = cause as { stderr?: string; code?: unknown };
      if (code === "ENOENT")
        throw new Terminal({ code: "git-missing", message: "git is not on this machine", hint: "install git, then try again", cause });
      throw new Terminal({
        code: "git-failed",
        message: `git ${args[0] ?? ""} failed in ${cwd}: ${stderr?.trim() ?? String(cause)}`,
        cause,
      });
    }
  };
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

export function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, "utf8"));
}
