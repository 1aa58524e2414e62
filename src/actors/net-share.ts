/**
 * How masters share nets: a pure decision, from what all of them can see. Each master decides for itself, and since all
 * decide alike, few try for the same net; where they do, the lease has one winner.
 */

export interface ShareView {
  me: string;
  /** Masters that answer, this one among them. */
  live: readonly string[];
  /** Holders of leases; those of masters that are gone are left out. */
  owners: ReadonlyMap<string, string>;
  nets: readonly string[];
}
export interface Share {
  /** Nets that nobody holds and that fall to this master. */
  take: string[];
  /** A receiver for each net that this master holds beyond its share. */
  give: string[];
}

export function shareOf(view: ShareView): Share {
  const live = [...new Set([...view.live, view.me])].sort();
  const counts = new Map(live.map((name) => [name, 0]));
  for (const net of view.nets) {
    const owner = view.owners.get(net);
    if (owner !== undefined && counts.has(owner)) counts.set(owner, (counts.get(owner) ?? 0) + 1);
  }
  const take: string[] = [];
  for (const net of [...view.nets].sort()) {
    if (view.owners.has(net)) continue;
    const taker = byFewest(counts)[0] ?? view.me;
    counts.set(taker, (counts.get(taker) ?? 0) + 1);
    if (taker === view.me) take.push(net);
  }
  return { take, give: receivers(view.me, counts) };
}

/** What all masters give away, one after the other, so that no two count on the same room. */
function receivers(me: string, counts: Map<string, number>): string[] {
  const give: string[] = [];
  for (;;) {
    const order = byFewest(counts);
    const [few = me, many = me] = [order[0], order.at(-1)];
    const [least = 0, most = 0] = [counts.get(few), counts.get(many)];
    // A difference of one is fair: nothing is moved for it.
    if (most - least < 2) return give;
    counts.set(few, least + 1);
    counts.set(many, most - 1);
    if (many === me) give.push(few);
  }
}

function byFewest(counts: ReadonlyMap<string, number>): string[] {
  return [...counts].sort(([a, m], [b, n]) => m - n || (a < b ? -1 : 1)).map(([name]) => name);
}
