/** A list that people point at holds still: what comes meanwhile waits above it, and what is in it is told anew in its place. */
export interface HeldRows<T> {
  rows: T[];
  /** How many came since. */
  newer: number;
}

/** `held`: the rows that were there when it began to be held; null when it is not. */
export function heldRows<T extends { step: string }>(held: readonly T[] | null, now: readonly T[]): HeldRows<T> {
  if (held === null) return { rows: [...now], newer: 0 };
  const fresh = new Map(now.map((row) => [row.step, row]));
  const known = new Set(held.map(({ step }) => step));
  return {
    rows: held.map((row) => fresh.get(row.step) ?? row),
    newer: now.filter(({ step }) => !known.has(step)).length,
  };
}
