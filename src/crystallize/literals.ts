/** What conjunctions are made of: tests of the input, their opposites, and thresholds; each with the rows that meet it. */
import type { Condition } from "../net/rule/condition.ts";
import { type Bits, bitsOf } from "./bits.ts";
import type { Columns, NumberColumn } from "./columns.ts";

const CUTS = 8;

export interface Literal {
  condition: Condition;
  rows: Bits;
  /** Of a threshold: whose it is. */
  numbers?: NumberColumn;
}
/** Tests, their opposites, and thresholds at the places where the answers change most. */
export function literalsOf(columns: Columns, labels: Int32Array, usual: number): Literal[] {
  const literals: Literal[] = [];
  for (const { condition, holds } of columns.tests) {
    literals.push({ condition, rows: bitsOf(columns.size, (row) => holds[row] === 1) });
    literals.push({ condition: { test: "not", condition }, rows: bitsOf(columns.size, (row) => holds[row] === 0) });
  }
  for (const numbers of columns.numbers) {
    const { term, values } = numbers;
    for (const [low, high] of cutsOf(values, labels, usual)) {
      literals.push({
        condition: { test: "range", ...term, atMost: low },
        rows: bitsOf(columns.size, (row) => (values[row] ?? Number.NaN) <= low),
        numbers,
      });
      literals.push({
        condition: { test: "range", ...term, atLeast: high },
        rows: bitsOf(columns.size, (row) => (values[row] ?? Number.NaN) >= high),
        numbers,
      });
    }
  }
  return literals;
}

/** Neighbouring numbers between which one class begins or ends most clearly. */
function cutsOf(values: Float64Array, labels: Int32Array, usual: number): [number, number][] {
  const rows = Array.from(values.keys()).filter((row) => !Number.isNaN(values[row]));
  rows.sort((one, other) => (values[one] ?? 0) - (values[other] ?? 0) || one - other);
  const totals = new Array<number>(usual).fill(0);
  for (const row of rows) if ((labels[row] ?? 0) < usual) totals[labels[row] ?? 0] = (totals[labels[row] ?? 0] ?? 0) + 1;
  const below = new Array<number>(usual).fill(0);
  const cuts: { between: [number, number]; score: number }[] = [];
  for (let at = 1; at < rows.length; at++) {
    const label = labels[rows[at - 1] ?? 0] ?? 0;
    if (label < usual) below[label] = (below[label] ?? 0) + 1;
    const between: [number, number] = [values[rows[at - 1] ?? 0] ?? 0, values[rows[at] ?? 0] ?? 0];
    if (between[0] === between[1]) continue;
    const share = at / rows.length;
    const score = Math.max(...below.map((count, one) => Math.abs(count - share * (totals[one] ?? 0))));
    cuts.push({ between, score });
  }
  return cuts
    .sort((one, other) => other.score - one.score)
    .slice(0, CUTS)
    .map(({ between }) => between);
}
