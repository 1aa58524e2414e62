/** Commits that are the same whoever makes them again: dates, identity and trailer come from the order. */
import { Terminal } from "../../../contract/errors.ts";
import type { HandContext } from "../../hand.ts";
import { addAll } from "./add-all.ts";
import { git, gitText } from "./git.ts";

export const TRAILER = "Petrel-Firing";
const PERSONA_TRAILER = "Petrel-Persona";
const DEFAULT_AUTHOR = "Petrel <petrel@localhost>";

/** What makes a commit reproducible. */
export interface Stamp {
  /** ISO date of the first commit; the n-th is n seconds later. */
  seed: string;
  /** `Name <address>`. */
  author: string | undefined;
  /** The firing's effect key. */
  key: string;
  /** Whose work it is; null where the order names nobody. */
  persona: string | null;
}

/** Of an order's own input, and of what the order says of itself: without an author the persona is it. */
export function stampOf(
  { order }: HandContext,
  { seed, author }: { seed?: string | null | undefined; author?: string | null | undefined },
): Stamp {
  const persona = order.persona?.name ?? null;
  const itself = persona === null ? undefined : `${persona} <${persona}@petrel>`;
  return { seed: seed ?? order.at, author: author ?? itself, key: order.key, persona };
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

/** A message with our trailers, and with no others of these names: they say who really did it. */
export function stampedMessage(message: string, { key, persona }: Pick<Stamp, "key" | "persona">): string {
  const ours = new RegExp(`^\\s*(${TRAILER}|${PERSONA_TRAILER})\\s*:`, "i");
  const text =
    message
      .split(/\r?\n/)
      .filter((line) => !ours.test(line))
      .join("\n")
      .trim() || "Change";
  const hasTrailers = /\n\n([A-Za-z-]+: .+\n?)+$/.test(text);
  const who = persona === null ? "" : `${PERSONA_TRAILER}: ${persona}\n`;
  return `${text}${hasTrailers ? "\n" : "\n\n"}${who}${TRAILER}: ${key}\n`;
}

/** Commits all changes of a worktree. Throws Terminal `nothing-to-commit`. */
export async function commitAll(
  context: HandContext,
  tree: string,
  message: string,
  stamp: Stamp,
  nth: number,
): Promise<{ sha: string; subject: string; files: string[] }> {
  await addAll(context, [], { cwd: tree });
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
    input: stampedMessage(message, stamp),
    env: stampEnvironment(stamp, nth),
  });
  const [sha = "", subject = ""] = (await gitText(context, ["log", "-1", "--format=%H%x00%s"], tree)).split("\0");
  return { sha, subject, files };
}
