/**
 * What speaks against a rule although its share of disagreements is small. The slips of a model are scattered; the faults of a
 * rule are not. So disagreements are looked at for a pattern: an answer that the rule never gives, a place in the input where they
 * gather, a time since when they come, and a model that agrees with itself more than with the rule.
 */
import { canonicalJson } from "../contract/json.ts";
import type { Answer } from "../net/rule/answer.ts";
import type { Condition } from "../net/rule/condition.ts";
import { printCondition, printValue } from "../net/rule/print-condition.ts";
import { type Bits, bitsOf } from "./bits.ts";
import type { Columns } from "./columns.ts";
import { gatheringOf } from "./gatherings.ts";
import { literalsOf } from "./literals.ts";
import { fisherAtLeast, lowerBound, upperBound } from "./statistics.ts";
import { type Claimed, strangeAnswers } from "./strange-answers.ts";
import { growTree, type TreeNode } from "./tree.ts";

export interface Claim extends Claimed {
  /** Of the columns. */
  row: number;
}

const SIGNIFICANCE = 0.01;

export function objectionsTo(claims: Claim[], columns: Columns): string[] {
  const gathered = gathering(claims, columns);
  const exceptions = gathered.length > 0 ? [] : exceptionsIn(claims, columns);
  return [...strangeAnswers(claims), ...gathered, ...exceptions, ...lateChange(claims), ...selfAgreement(claims)];
}

/** A tree that can tell where the rule fails knows something that the rule does not. */
export function failuresTree(claims: Claim[], columns: Columns): TreeNode {
  const rows = claims.map(({ row }) => row);
  const part: Columns = {
    size: rows.length,
    fields: columns.fields,
    tests: columns.tests.map(({ condition, holds }) => ({ condition, holds: Uint8Array.from(rows, (row) => holds[row] ?? 0) })),
    numbers: columns.numbers.map(({ term, values }) => ({ term, values: Float64Array.from(rows, (row) => values[row] ?? Number.NaN) })),
  };
  const labels = Int32Array.from(claims, ({ agreed }) => Number(!agreed));
  return growTree(part, labels, 2, { significance: SIGNIFICANCE, depth: 3, leafError: 1 });
}

function gathering(claims: Claim[], columns: Columns): string[] {
  if (claims.every(({ agreed }) => agreed)) return [];
  return failingLeaves(failuresTree(claims, columns), overall(claims)).map(
    ({ conditions, seen, failed }) => `disagreements gather where ${conditions.map(printCondition).join(" and ")}: ${failed} of ${seen}`,
  );
}

/** Answers of one kind of which some were another, and always the same one, where two conditions meet: an exception, and no slip. */
function exceptionsIn(claims: Claim[], columns: Columns): string[] {
  const pairs = new Map<string, Claim[]>();
  for (const claim of claims) {
    if (claim.agreed) continue;
    const key = `${canonicalJson(claim.given)} ${canonicalJson(claim.wanted)}`;
    pairs.set(key, [...(pairs.get(key) ?? []), claim]);
  }
  const often = [...pairs.values()].filter((some) => some.length >= 3);
  return often.flatMap((some) => {
    const [{ given, wanted }] = some as [Claim];
    const hits = new Set(some.map(({ row }) => row));
    const alike = new Set(claims.filter((claim) => canonicalJson(claim.given) === canonicalJson(given)).map(({ row }) => row));
    const labels = Int32Array.from({ length: columns.size }, (_, row) => (hits.has(row) ? 1 : alike.has(row) ? 0 : 2));
    const [members, left] = [hits, alike].map((rows) => bitsOf(columns.size, (row) => rows.has(row))) as [Bits, Bits];
    const found = gatheringOf(literalsOf(columns, labels, 2), members, left, SIGNIFICANCE / often.length);
    if (!found) return [];
    const where = found.literals.map(({ condition }) => printCondition(condition)).join(" and ");
    return [
      `the model answered ${printValue(wanted)} where the rule says ${printValue(given)}, where ${where}: ${found.hits} of ${found.seen}`,
    ];
  });
}

const overall = (claims: Claim[]): number => claims.filter(({ agreed }) => !agreed).length / Math.max(1, claims.length);

interface FailingLeaf {
  conditions: Condition[];
  seen: number;
  failed: number;
}

/** Leaves where the rule fails more often than on the whole. */
function failingLeaves(node: TreeNode, usual: number, conditions: Condition[] = []): FailingLeaf[] {
  if (!node.leaf) {
    const no: Condition = node.no ?? { test: "not", condition: node.yes };
    return [...failingLeaves(node.left, usual, [...conditions, node.yes]), ...failingLeaves(node.right, usual, [...conditions, no])];
  }
  const failed = node.label === 1 ? node.seen - node.missed : node.missed;
  return conditions.length > 0 && failed / node.seen > Math.max(usual, 0.02) ? [{ conditions, seen: node.seen, failed }] : [];
}

/** Gives the places where the rule fails back to the model. */
export function carved(answer: Answer, claims: Claim[], columns: Columns): Answer {
  if (claims.every(({ agreed }) => agreed)) return answer;
  const leaves = failingLeaves(failuresTree(claims, columns), overall(claims));
  if (leaves.length === 0) return answer;
  return {
    kind: "cases",
    cases: leaves.map(({ conditions, seen, failed }) => ({
      if: conditions,
      give: { kind: "decline", reason: `the model answered ${failed} of ${seen} like it otherwise` },
    })),
    else: answer,
  };
}

/** More disagreements in the last quarter than chance would have put there: the world has begun to change. */
function lateChange(claims: Claim[]): string[] {
  const late = claims.slice(-Math.max(20, Math.floor(claims.length / 4)));
  const wrong = (some: Claim[]): number => some.filter(({ agreed }) => !agreed).length;
  if (late.length >= claims.length || fisherAtLeast(wrong(late), late.length, wrong(claims), claims.length) >= SIGNIFICANCE / 10) return [];
  return [
    `${wrong(late)} of the ${wrong(claims)} disagreements are among the last ${late.length} examples: the answers have begun to change`,
  ];
}

/** How often the model answers the same input differently says how often it errs. More disagreement than that is the rule's. */
function selfAgreement(claims: Claim[]): string[] {
  const last = new Map<string, string>();
  let [pairs, differ] = [0, 0];
  for (const { input, wanted } of claims) {
    const key = canonicalJson(input);
    const answer = canonicalJson(wanted);
    const before = last.get(key);
    last.set(key, answer);
    if (before === undefined) continue;
    pairs += 1;
    if (before !== answer) differ += 1;
  }
  if (pairs < 50) return [];
  const wrong = claims.filter(({ agreed }) => !agreed).length;
  // Two answers to the same input differ nearly twice as often as one is wrong.
  const errs = upperBound(differ, pairs, 0.95) / 2;
  if (lowerBound(wrong, claims.length, 0.95) <= Math.max(errs, 0.005)) return [];
  return [`the model differs from itself in ${differ} of ${pairs} repeated inputs, but from the rule in ${wrong} of ${claims.length}`];
}
