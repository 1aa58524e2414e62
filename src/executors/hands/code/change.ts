/** What lies between two commits. */
import { capText } from "../../capped-output.ts";
import type { HandContext } from "../../hand.ts";
import { git, gitText } from "./git.ts";

export const DIFF_LIMIT = 20 * 1024;

const PICTURES = "png jpg jpeg gif webp ico bmp pdf woff woff2 ttf otf eot zip gz tgz bz2 xz 7z jar wasm mp3 mp4 webm ogg".split(" ");

/** A type, not an interface: it travels as JSON. */
export type FileChange = {
  path: string;
  status: "added" | "changed" | "deleted";
  /** Lines, of whatever bytes they are made. */
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
  const read = async (how: string[], paths: string[]) => {
    const args = ["diff", "--no-color", "--no-ext-diff", "--no-renames", "--no-textconv", ...how, base, head, "--", ...paths];
    return (await git(context, args, { cwd: dir, outputBytes: 4 * DIFF_LIMIT })).stdout;
  };
  const inside = PICTURES.map((ending) => `*.${ending}`);
  // As text: one NUL byte in a file would else hide its change. What is no text by its name would hide the others.
  const texts = await read(["--text"], [".", ...inside.map((glob) => `:(exclude)${glob}`)]);
  const diff = visible(`${texts}${await read([], inside)}`);
  return { commits, files: await filesBetween(context, dir, base, head), diff: capText(diff, DIFF_LIMIT).text };
}

/** Control characters as their pictures, so that whoever reads the diff sees them. */
function visible(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  return text.replace(/[\0-\x08\x0b\x0c\x0e-\x1f]/g, (sign) => String.fromCharCode(0x2400 + sign.charCodeAt(0)));
}

/** A rename counts as a deletion and an addition: what was there is gone. */
async function filesBetween(context: HandContext, dir: string, base: string, head: string): Promise<FileChange[]> {
  const statuses = new Map<string, FileChange["status"]>();
  const named = (await gitText(context, ["diff", "--no-renames", "--name-status", "-z", base, head], dir)).split("\0");
  for (let at = 0; at + 1 < named.length; at += 2) {
    statuses.set(named[at + 1] ?? "", named[at] === "A" ? "added" : named[at] === "D" ? "deleted" : "changed");
  }
  const counted = (await gitText(context, ["diff", "--no-renames", "--numstat", "-z", base, head], dir)).split("\0").filter(Boolean);
  const files: FileChange[] = [];
  for (const line of counted) {
    const [added = "0", removed = "0", ...path] = line.split("\t");
    const name = path.join("\t");
    const lines = added === "-" ? await linesOf(context, dir, [base, head], name) : { added: Number(added), removed: Number(removed) };
    files.push({ path: name, status: statuses.get(name) ?? "changed", ...lines });
  }
  return files;
}

/** For a file that git takes for binary, and so does not count. */
async function linesOf(context: HandContext, dir: string, [base, head]: [string, string], path: string) {
  const args = [
    "diff",
    "--text",
    "--no-color",
    "--no-ext-diff",
    "--no-renames",
    "--no-textconv",
    "-U0",
    base,
    head,
    "--",
    `:(literal)${path}`,
  ];
  const lines = (await git(context, args, { cwd: dir })).stdout.split("\n");
  const hunks = lines.slice(lines.findIndex((line) => line.startsWith("@@")));
  const count = (sign: string) => hunks.filter((line) => line.startsWith(sign)).length;
  return { added: count("+"), removed: count("-") };
}
