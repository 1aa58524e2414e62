/** Proof from outside Petrel: a fresh clone of the origin, its tests, its history and its reflog. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Commit, commitsOf, type Git } from "../team/git.ts";

const run = promisify(execFile);

export interface Proof {
  head: string;
  /** New commits, oldest first, merges included. */
  commits: Commit[];
  tests: { passed: number; failed: number };
  /** How often the target branch moved after the stage was set. */
  pushes: number;
}

export async function proveOrigin(git: Git, origin: string, branch: string, env: Record<string, string | undefined>): Promise<Proof> {
  const head = await git(origin, ["rev-parse", branch]);
  const first = (await git(origin, ["rev-list", "--max-parents=0", branch])).split("\n")[0] ?? "";
  const reflog = await git(origin, ["reflog", "show", "--format=%H", branch]).catch(() => "");
  return {
    head,
    commits: await commitsOf(git, origin, `${first}..${branch}`),
    tests: await testClone(git, origin, branch, env),
    pushes: Math.max(0, reflog.split("\n").filter((line) => line !== "").length - 1),
  };
}

async function testClone(git: Git, origin: string, branch: string, env: Record<string, string | undefined>): Promise<Proof["tests"]> {
  const dir = mkdtempSync(join(tmpdir(), "petrel-proof-"));
  try {
    await git(dir, ["clone", "--quiet", "--branch", branch, origin, "clone"]);
    const { NODE_TEST_CONTEXT: _, NODE_OPTIONS: __, ...clean } = env;
    const result = await run("npm", ["test", "--silent"], {
      cwd: join(dir, "clone"),
      env: { ...clean, FORCE_COLOR: "0" },
      maxBuffer: 16 * 1024 * 1024,
    }).catch((error: { stdout?: string; stderr?: string }) => ({ stdout: `${error.stdout ?? ""}${error.stderr ?? ""}` }));
    const count = (word: string) => Number(new RegExp(`^(?:#|ℹ) ${word} (\\d+)`, "m").exec(result.stdout)?.[1] ?? 0);
    return { passed: count("pass"), failed: count("fail") };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
