/**
 * Which places of the input a table is best keyed by. Of two or three places none may say anything alone, as of two that only together
 * decide: so pairs and triples are looked at as such, and not only what lengthens the best shorter key.
 */
import type { Json } from "../contract/json.ts";
import type { Term } from "../net/rule/term.ts";
import { keyOf } from "./task.ts";

export interface Key {
  term: Term;
  /** One for each input, and maybe for later ones; undefined where there is none. */
  values: (Json | undefined)[];
}

/**
 * A row needs so many examples, and so many more for its answer than for any other: a teacher that errs in one of twenty would have
 * to err twice in the same way before a row is wrong.
 */
export const ROW_LEAST = 2;
export const ROW_LEAD = 2;
/** A place more has to bring so much, as a share of the examples. */
const WORTH = 0.02;
/** Keys of three are looked for among so many of the fewest values, and where a row would have so many examples. */
const MOST_IN_TRIPLES = 12;
const TRIPLE_EXAMPLES = 4;

/** A key, or keys together, as numbers: rows with the same number have the same values; -1 where a value is not there. */
interface Code {
  keys: Key[];
  ids: Int32Array;
  distinct: number;
}
interface Scored extends Code {
  score: number;
}

/** The best key, pair and triple of which each is clearly better than the one before; the best last. */
export function bestKeys(keys: readonly Key[], targets: readonly (Json | undefined)[]): Key[][] {
  const size = targets.length;
  const labels = codeOf(targets.map((target) => keyOf(target)));
  const scored = (code: Code): Scored => ({ ...code, score: scoreOf(code.ids, labels.ids, labels.distinct) });
  const singles = keys.map((key) =>
    scored({ keys: [key], ...codeOf(key.values.slice(0, size).map((value) => (value === undefined ? undefined : keyOf(value)))) }),
  );
  const pairs = [...couples(singles)].filter(({ distinct }) => isRepeated(distinct, size)).map(scored);
  const few = [...singles].sort((one, other) => one.distinct - other.distinct).slice(0, MOST_IN_TRIPLES);
  const found: Scored[] = [];
  for (const tried of [singles, pairs, triplesOf(pairs, singles, few, size).map(scored)]) {
    const best = bestOf(tried);
    const last = found.at(-1);
    const places = (best?.keys.length ?? 0) - (last?.keys.length ?? 0);
    if (best && best.score > (last?.score ?? 0) + WORTH * size * places) found.push(best);
  }
  return found.map(({ keys: chosen }) => chosen);
}

/** Of equals the first. */
const bestOf = (codes: readonly Scored[]): Scored | null =>
  codes.reduce<Scored | null>((best, one) => (best && best.score >= one.score ? best : one), null);

export const isRepeated = (distinct: number, size: number): boolean => distinct <= Math.max(2, size * 0.6);

function* couples(codes: readonly Code[]): Generator<Code> {
  for (const [at, one] of codes.entries())
    for (const other of codes.slice(at + 1)) if (!isSamePlace(one, other)) yield together(one, other);
}

/** The best pair with each other key, and all of a few keys that together have few values. */
function triplesOf(pairs: Scored[], singles: readonly Code[], few: readonly Code[], size: number): Code[] {
  const best = bestOf(pairs);
  const longer = best ? singles.filter((one) => !isSamePlace(best, one)).map((one) => together(best, one)) : [];
  const all = few.flatMap((one, at) =>
    few.slice(at + 1).flatMap((other, next) =>
      few.slice(at + next + 2).flatMap((third) => {
        const isSmall = one.distinct * other.distinct * third.distinct * TRIPLE_EXAMPLES <= size;
        const isApart = !isSamePlace(one, other) && !isSamePlace(one, third) && !isSamePlace(other, third);
        return isSmall && isApart ? [together(together(one, other), third)] : [];
      }),
    ),
  );
  return [...longer.filter(({ distinct }) => isRepeated(distinct, size)), ...all];
}

/** Two views of one place say the same in two ways. */
const isSamePlace = (one: Code, other: Code): boolean => one.keys.some(({ term }) => other.keys.some((key) => key.term.path === term.path));

function codeOf(values: readonly (string | undefined)[]): Pick<Code, "ids" | "distinct"> {
  const numbers = new Map<string, number>();
  const ids = Int32Array.from(values, (value) => {
    if (value === undefined) return -1;
    const known = numbers.get(value);
    if (known !== undefined) return known;
    numbers.set(value, numbers.size);
    return numbers.size - 1;
  });
  return { ids, distinct: numbers.size };
}

function together(one: Code, other: Code): Code {
  const numbers = new Map<number, number>();
  const ids = Int32Array.from(one.ids, (left, row) => {
    const right = other.ids[row] ?? -1;
    if (left < 0 || right < 0) return -1;
    const both = left * other.distinct + right;
    const known = numbers.get(both);
    if (known !== undefined) return known;
    numbers.set(both, numbers.size);
    return numbers.size - 1;
  });
  return { keys: [...one.keys, ...other.keys], ids, distinct: numbers.size };
}

/** Leave-one-out agreement, with ten for each that would be wrong: the answers of others decide each example. */
function scoreOf(ids: Int32Array, labels: Int32Array, kinds: number): number {
  const counts = new Map<number, number>();
  for (const [row, id] of ids.entries()) {
    if (id < 0) continue;
    const cell = id * kinds + (labels[row] ?? 0);
    counts.set(cell, (counts.get(cell) ?? 0) + 1);
  }
  const groups = new Map<number, { first: number; second: number; all: number }>();
  for (const [cell, count] of counts) {
    const id = Math.floor(cell / kinds);
    const group = groups.get(id) ?? { first: 0, second: 0, all: 0 };
    if (count > group.first) Object.assign(group, { first: count, second: group.first });
    else group.second = Math.max(group.second, count);
    group.all += count;
    groups.set(id, group);
  }
  let score = 0;
  for (const { first, second, all } of groups.values()) {
    if (first - 1 < ROW_LEAST || first - 1 - second < ROW_LEAD) continue;
    score += first - 10 * Math.max(0, all - first - 0.1 * first);
  }
  return score;
}
