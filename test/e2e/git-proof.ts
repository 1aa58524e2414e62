/** What git itself says of an origin. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

export function git(dir: string, ...args: string[]): string {
  return execFileSync("git", ["-C", dir, ...args], { encoding: "utf8", env: { ...process.env, GIT_CONFIG_GLOBAL: "/dev/null" } }).trim();
}

export interface Move {
  from: string;
  to: string;
  /** Seconds since 1970. */
  at: number;
}
/** Every move of a branch, oldest first, from the reflog's own file. */
export function reflog(origin: string, branch: string): Move[] {
  return readFileSync(join(origin, "logs", "refs", "heads", branch), "utf8")
    .trim()
    .split("\n")
    .map((line) => {
      const [, from = "", to = "", at = "0"] = /^(\w+) (\w+) .*> (\d+) /.exec(line) ?? [];
      return { from, to, at: Number(at) };
    });
}
