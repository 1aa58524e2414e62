/** How far from each of its limits a rule is watched for itself: as many of the examples on both sides, however the numbers lie. */
import type { JsonObject } from "../contract/json.ts";
import { comparedIn, type Limit, termKey } from "../net/rule/limits.ts";
import { regionOf } from "../net/rule/region.ts";
import { evaluateRule, isProgram, type Rule } from "../net/rule/rule.ts";
import type { Term } from "../net/rule/term.ts";

/** On each side of a limit, such a part of the examples for which it decides, and half of those on that side at most. */
const NEAR = 0.125;
/** Fewer are no part. */
const LEAST = 5;
/** Ends with fewer of the examples between them are one limit: of a threshold that was learned, the two sides of its gap. */
const APART = 0.02;
const MOST_LIMITS = 4;
/** Where a rule has more branches, audits for its limits would be missing where one of these changes as a whole. */
const MOST_BRANCHES = 2;

interface Turns {
  term: Term;
  /** What was compared with its ends. */
  values: number[];
  ends: Set<number>;
}

export function withLimits(rule: Rule, inputs: readonly JsonObject[]): Rule {
  if (isProgram(rule)) return rule;
  const { guard, answer } = rule;
  const plain = { guard, answer };
  const claimed = inputs.filter((input) => evaluateRule(plain, input).applies);
  if (new Set(claimed.map((input) => regionOf(plain, input))).size > MOST_BRANCHES) return plain;
  const turns = new Map<string, Turns>();
  for (const input of inputs) {
    const seen = new Set<string>();
    for (const { term, value, ends } of comparedIn(answer, input)) {
      const key = termKey(term);
      const known = turns.get(key) ?? { term, values: [], ends: new Set() };
      turns.set(key, known);
      if (!seen.has(key)) known.values.push(value);
      seen.add(key);
      for (const end of ends) known.ends.add(end);
    }
  }
  const found = [...turns.values()].flatMap(limitsOf).sort((one, other) => other.decides - one.decides);
  const limits = found.slice(0, MOST_LIMITS).map(({ limit }) => limit);
  return limits.length === 0 ? plain : { ...plain, limits };
}

function limitsOf({ term, values, ends }: Turns): { limit: Limit; decides: number }[] {
  const sorted = [...values].sort((one, other) => one - other);
  const edges: { low: number; high: number }[] = [];
  for (const end of [...ends].sort((one, other) => one - other)) {
    const last = edges.at(-1);
    const between = last ? sorted.filter((value) => value > last.high && value < end).length : 0;
    if (last && between < APART * sorted.length) last.high = end;
    else edges.push({ low: end, high: end });
  }
  return edges.flatMap(({ low, high }, at) => {
    const [least, most] = [edges[at - 1]?.high ?? Number.NEGATIVE_INFINITY, edges[at + 1]?.low ?? Number.POSITIVE_INFINITY];
    const below = sorted.filter((value) => value > least && value <= low).reverse();
    const above = sorted.filter((value) => value >= high && value < most);
    const far = (side: number[]): number => Math.min(Math.ceil(NEAR * sorted.length), Math.floor(side.length / 2));
    const [down, up] = [far(below), far(above)];
    if (down < LEAST || up < LEAST) return [];
    const limit = { ...term, from: below[down - 1] ?? low, low, high, to: above[up - 1] ?? high };
    return [{ limit, decides: sorted.length }];
  });
}
