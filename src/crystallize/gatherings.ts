/**
 * Where a few rows of many gather. A tree finds that only if one condition already shows it, and an exception is often one of two: both are
 * looked at, as the beam of CN2 would (Clark and Niblett 1989).
 */
import { type Bits, countBits, withBoth } from "./bits.ts";
import type { Literal } from "./literals.ts";
import { fisherAtLeast } from "./statistics.ts";

/** To leave a few inputs to the model is cheap: chance may do that once in twenty. */
const SIGNIFICANCE = 0.05;
/** Of two conditions, one alone already has more of them than the others have, if only by chance: so many of these are tried. */
const BEAM = 20;
/** Fewer may be anything. */
const LEAST = 3;

export interface Gathering {
  literals: Literal[];
  rows: Bits;
  seen: number;
  hits: number;
}

/**
 * The one condition, or the two, in which the members lie least by chance; null where that may be chance. Corrected for all that were tried
 * (Bonferroni).
 */
export function gatheringOf(literals: readonly Literal[], members: Bits, left: Bits, significance = SIGNIFICANCE): Gathering | null {
  const [all, hits] = [countBits(left), countBits(members)];
  if (hits < LEAST || hits === all) return null;
  const tried = literals.length + (literals.length * (literals.length - 1)) / 2;
  let best: { found: Gathering; chance: number } | null = null;
  /** How likely so many of the members would lie there by chance. */
  const consider = (chosen: Literal[], rows: Bits, inside: Bits): number => {
    const [seen, good] = [countBits(rows), countBits(inside)];
    if (good < LEAST || good * all <= seen * hits) return 1;
    const chance = fisherAtLeast(good, seen, hits, all);
    if (tried * chance <= significance && (!best || chance < best.chance))
      best = { found: { literals: chosen, rows, seen, hits: good }, chance };
    return chance;
  };
  const singles = literals.flatMap((literal) => {
    const [rows, inside] = [withBoth(left, literal.rows), withBoth(members, literal.rows)];
    return countBits(inside) < LEAST ? [] : [{ literal, rows, inside, chance: consider([literal], rows, inside) }];
  });
  const beam = singles
    .filter(({ chance }) => chance < 1)
    .sort((one, other) => one.chance - other.chance)
    .slice(0, BEAM);
  for (const one of beam)
    for (const other of singles) {
      const inside = withBoth(one.inside, other.inside);
      if (other !== one && countBits(inside) >= LEAST) consider([one.literal, other.literal], withBoth(one.rows, other.rows), inside);
    }
  return (best as { found: Gathering } | null)?.found ?? null;
}
