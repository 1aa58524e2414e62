/** Whether an executor may do what a transition needs: its pool, and the labels that it must have. */

export interface Needs {
  pool: string;
  labels: readonly string[];
}
export interface Member {
  name: string;
  pools: readonly string[];
  labels: readonly string[];
}
export interface Missing {
  pool: string;
  /** What the nearest of the pool lacks; empty when nobody is in the pool. */
  labels: string[];
  /** Who is nearest; null when nobody is in the pool. */
  nearest: string | null;
}

export function suits({ pool, labels }: Needs, member: Member): boolean {
  return member.pools.includes(pool) && labels.every((label) => member.labels.includes(label));
}

/** Null when one of them could do it. */
export function missingFor(needs: Needs, members: readonly Member[]): Missing | null {
  const { pool, labels } = needs;
  let nearest: Missing = { pool, labels: [], nearest: null };
  for (const member of members) {
    if (!member.pools.includes(pool)) continue;
    const lacking = labels.filter((label) => !member.labels.includes(label));
    if (lacking.length === 0) return null;
    if (nearest.nearest === null || lacking.length < nearest.labels.length) nearest = { pool, labels: lacking, nearest: member.name };
  }
  return nearest;
}

/** A clause, like `no executor of the pool code has the label node20 (builder is the nearest)`. */
export function missingText({ pool, labels, nearest }: Missing): string {
  if (nearest === null) return `no executor of the pool ${pool} is there`;
  const many = labels.length > 1 ? "s" : "";
  return `no executor of the pool ${pool} that is there has the label${many} ${labels.join(" and ")}; ${nearest} comes nearest`;
}
