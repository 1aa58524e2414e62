/** Chance that a seed decides: numbers, choices, and the like. */
import { seededDraws } from "../../test/support/draws.ts";

export interface Chance {
  /** From 0 up to 1. */
  draw(): number;
  whole(least: number, most: number): number;
  pick<T>(list: readonly T[]): T;
  /** Earlier ones are likelier: the r-th in proportion to 1/r (Zipf). */
  zipf<T>(list: readonly T[]): T;
  chance(share: number): boolean;
}

export function chanceOf(seed: number): Chance {
  const draw = seededDraws(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(draw() * list.length)] as T;
  return {
    draw,
    pick,
    whole: (least, most) => least + Math.floor(draw() * (most - least + 1)),
    chance: (share) => draw() < share,
    zipf: (list) => {
      let total = 0;
      for (let rank = 1; rank <= list.length; rank++) total += 1 / rank;
      let at = draw() * total;
      for (const [index, one] of list.entries()) {
        at -= 1 / (index + 1);
        if (at <= 0) return one;
      }
      return list.at(-1) as (typeof list)[number];
    },
  };
}
