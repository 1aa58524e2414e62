/** Capability flags of a persona (design section 7). Deny by default. */

export const FLAGS = ["r", "w", "x", "h", "l"] as const;
export type Flag = (typeof FLAGS)[number];
export type Flags = ReadonlySet<Flag>;

/** Five positions, each its letter or a dash: `rwxhl`, `r----`. */
export const FLAGS_PATTERN = /^[r-][w-][x-][h-][l-]$/;

export function parseFlags(text: string): Flags {
  return new Set(FLAGS.filter((flag, at) => text[at] === flag));
}
export function formatFlags(flags: Flags): string {
  return FLAGS.map((flag) => (flags.has(flag) ? flag : "-")).join("");
}
/** What a spawned helper may do: never more than its parent. */
export function intersectFlags(parent: Flags, child: Flags): Flags {
  return new Set([...child].filter((flag) => parent.has(flag)));
}
