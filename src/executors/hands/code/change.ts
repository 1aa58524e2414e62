/** What lies between two commits. */
import { capText } from "../../capped-output.ts";
import type { HandContext } from "../../hand.ts";
import { git, gitText } from "./git.ts";

export const DIFF_LIMIT = 20 * 1024;

/** A type, not an interface: it travels as JSON. */
export type FileChange = {
  path: string;
  status: "added" | "changed" | "deleted";
  /** Lines; 0 for binary files. */
  added: number;
  removed: number;
};
export type Change = {
  commits: { sha: string; subject: string }[];
  files: FileChange[];
  /** Unified diff, capped at 20 kB. */
  diff: string;
};

export async function changeBetween(context: HandContext, dir: string, base: string, head: string): Promise<Change> {
  const log = await gitText(context, ["log", "--reverse", "--format=%H%x00%s", `${base}..${head}`], dir);
  const commits = log === "" ? [] : log.split("\n").map((line) => ({ sha: line.split("\0")[0] ?? "", subject: line.split("\0")[1] ?? "" }));
  const diff = await git(context, ["diff", "--no-color", "--no-ext-diff", "--no-renames", "--no-textconv", base, head], {
    cwd: dir,
    outputBytes: 4 * DIFF_LIMIT,
  });
  return { commits, files: await filesBetween(context, dir, base, head), diff: capText(diff.stdout, DIFF_LIMIT).text };
}

/** A rename counts as a deletion and an addition: what was there is gone. */
async function filesBetween(context: HandContext, dir: string, base: string, head: string): Promise<FileChange[]> {
  const statuses = new Map<string, FileChange["status"]>();
  const named = (await gitText(context, ["diff", "--no-renames", "--name-status", "-z", base, head], dir)).split("\0");
  for (let at = 0; at + 1 < named.length; at += 2) {
    statuses.set(named[at + 1] ?? "", named[at] === "A" ? "added" : named[at] === "D" ? "deleted" : "changed");
  }
  const counted = (await gitText(context, ["diff", "--no-renames", "--numstat", "-z", base, head], dir)).split("\0").filter(Boolean);
  return counted.map((line) => {
    const [added = "0", removed = "0", ...path] = line.split("\t");
    const name = path.join("\t");
    return { path: name, status: statuses.get(name) ?? "changed", added: Number(added) || 0, removed: Number(removed) || 0 };
  });
}
