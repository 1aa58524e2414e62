/** Commits that are the same whoever makes them again: dates, identity and trailer come from the order. */
import { Terminal } from "../../../contract/errors.ts";
import type { HandContext } from "../../hand.ts";
import { git, gitText } from "./git.ts";

export const TRAILER = "Petrel-Firing";
const DEFAULT_AUTHOR = "Petrel <petrel@localhost>";

/** What makes a commit reproducible. */
export interface Stamp {
  /** ISO date of the first commit; the n-th is n seconds later. */
  seed: string;
  /** `Name <address>`. */
  author: string | undefined;
  /** The firing's effect key. */
  key: string;
}

export function stampEnvironment(stamp: Stamp, nth: number): Record<string, string> {
  const [, name = "Petrel", email = "petrel@localhost"] = /^(.*?)\s*<([^<>]*)>\s*$/.exec(stamp.author ?? DEFAULT_AUTHOR) ?? [
    undefined,
    stamp.author,
  ];
  const date = `${Math.floor(Date.parse(stamp.seed) / 1000) + nth} +0000`;
  return {
    GIT_AUTHOR_NAME: name,
    GIT_AUTHOR_EMAIL: email,
    GIT_AUTHOR_DATE: date,
    GIT_COMMITTER_NAME: name,
    GIT_COMMITTER_EMAIL: email,
    GIT_COMMITTER_DATE: date,
  };
}

/** A message with our trailer, and with no other of that name: a trailer says who really did it. */
export function stampedMessage(message: string, key: string): string {
  const lines = message.split(/\r?\n/).filter((line) => !new RegExp(`^\\s*${TRAILER}\\s*:`, "i").test(line));
  const text = lines.join("\n").trim() || "Change";
  const hasTrailers = /\n\n([A-Za-z-]+: .+\n?)+$/.test(text);
  return `${text}${hasTrailers ? "\n" : "\n\n"}${TRAILER}: ${key}\n`;
}

/** Commits all changes of a worktree. Throws Terminal `nothing-to-commit`. */
export async function commitAll(
  context: HandContext,
  tree: string,
  message: string,
  stamp: Stamp,
  nth: number,
): Promise<{ sha: string; subject: string; files: string[] }> {
  await git(context, ["add", "-A"], { cwd: tree });
  const files = (await gitText(context, ["diff", "--cached", "--name-only", "-z", "--no-renames"], tree)).split("\0").filter(Boolean);
  if (files.length === 0) {
    throw new Terminal({
      code: "nothing-to-commit",
      message: "no file differs from the last commit",
      hint: "change something first; ignored files are not committed",
    });
  }
  await git(context, ["commit", "-q", "--no-verify", "--no-gpg-sign", "--cleanup=verbatim", "-F", "-"], {
    cwd: tree,
    input: stampedMessage(message, stamp.key),
    env: stampEnvironment(stamp, nth),
  });
  const [sha = "", subject = ""] = (await gitText(context, ["log", "-1", "--format=%H%x00%s"], tree)).split("\0");
  return { sha, subject, files };
}
