/** Conditions like `n < 70` by what the examples themselves show: where grades, prices and lengths change. */
import type { Bank } from "./enumerate.ts";
import { type Expr, leaf } from "./expr.ts";
import { LESS } from "./ops/conditions.ts";

const MOST_MEASURES = 6;
const MOST_VALUES = 30;
const ROUND = [100, 50, 10, 5, 1];

/** For numbers among the inputs, and for what is counted of them: lengths, say. */
export function thresholds(bank: Bank): Expr[] {
  const measures = [...bank.at("num", 1), ...bank.at("num", 2)].filter(({ constant, values }) => !constant && !values.includes(undefined));
  return measures.slice(0, MOST_MEASURES).flatMap((measure) => below(measure, measure.values as number[]));
}

function below(measure: Expr, values: readonly number[]): Expr[] {
  const sorted = [...new Set(values)].sort((a, b) => a - b).slice(0, MOST_VALUES);
  return sorted.slice(1).map((value, at): Expr => {
    const number = roundest(sorted[at] as number, value);
    const limit = leaf(
      String(number),
      "num",
      values.map(() => number),
      true,
    );
    const args = [measure, limit];
    return {
      gives: "bool",
      size: measure.size + 2,
      values: values.map((each) => each < number),
      text: null,
      op: LESS,
      args,
      constant: false,
    };
  });
}

/** The roundest number above `low` and not above `high`: people put their limits there. */
function roundest(low: number, high: number): number {
  for (const step of ROUND) {
    const number = Math.floor(high / step) * step;
    if (number > low) return number + 0;
  }
  return high;
}
