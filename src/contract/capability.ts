/** Capability flags of a persona (design section 7). Deny by default. */

export const FLAGS = ["r", "w", "x", "h", "l"] as const;
export type Flag = (typeof FLAGS)[number];
export type Flags = ReadonlySet<Flag>;

/** Five positions, each its letter or a dash: `rwxhl`, `r----`. */
export const FLAGS_PATTERN = /^[r-][w-][x-][h-][l-]$/;

export function parseFlags(text: string): Flags {
  return new Set(FLAGS.filter((flag, at) => text[at] === flag));
}
