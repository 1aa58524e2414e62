/**
 * Straight lines through the examples, like `n * 9 / 5 + 32`, with numbers that no enumeration comes upon: exact, in whole numbers, and in
 * cents. Two points make a line of anything; one counts when it is right for three and more.
 */

import type { Wanted } from "./examples.ts";
import { type Expr, leaf } from "./expr.ts";
import type { Op } from "./op.ts";
import { MINUS, OVER, PLUS, ROUND, TIMES } from "./ops/numbers.ts";

const ENOUGH = 3;
const MOST_PAIRS = 30;
const MOST_LINES = 40;
const DENOMINATORS = [1, 2, 3, 4, 5, 6, 8, 9, 10, 12, 16, 20, 25, 50, 100, 1000];
const NEAR = 1e-9;

interface Line {
  top: number;
  bottom: number;
  plus: number;
}

export function fits({ takes, gives, examples }: Wanted, inputs: readonly Expr[]): Expr[] {
  if (gives !== "num") return [];
  const outs = examples.map(({ out }) => out as number);
  const numbers = inputs.filter(({ gives: kind, constant }) => kind === "num" && !constant).slice(0, takes.length);
  return numbers.flatMap((input) =>
    lines(input.values as number[], outs)
      .flatMap((line) => forms(input, line))
      .filter(({ values }) => values.filter((value, at) => value === outs[at]).length >= ENOUGH),
  );
}

function lines(xs: readonly number[], ys: readonly number[]): Line[] {
  const found = new Map<string, Line>();
  let pairs = 0;
  for (let a = 0; a < xs.length; a++) {
    for (let b = a + 1; b < xs.length && pairs < MOST_PAIRS; b++) {
      const [x, y, dx] = [xs[a] as number, ys[a] as number, (xs[b] as number) - (xs[a] as number)];
      if (dx === 0) continue;
      pairs++;
      const slope = ((ys[b] as number) - y) / dx;
      const bottom = DENOMINATORS.find((each) => Math.abs(slope * each - Math.round(slope * each)) < NEAR);
      if (bottom === undefined || slope === 0) continue;
      const top = Math.round(slope * bottom);
      const plus = Number((y - (x * top) / bottom).toFixed(6));
      if (found.size < MOST_LINES) found.set(`${top}/${bottom}+${plus}`, { top, bottom, plus });
    }
  }
  return [...found.values()];
}

/** The line as it is, rounded to whole numbers, and to hundredths. */
function forms(input: Expr, { top, bottom, plus }: Line): Expr[] {
  const scaled = over(times(input, top), bottom);
  const line = added(scaled, plus);
  const hundred = 100 % bottom === 0 ? times(input, (top * 100) / bottom) : times(scaled, 100);
  return [line, made(ROUND, line), over(made(ROUND, added(hundred, plus * 100)), 100)];
}

const times = (expr: Expr, by: number) => (by === 1 ? expr : made(TIMES, expr, by));
const over = (expr: Expr, by: number) => (by === 1 ? expr : made(OVER, expr, by));
const added = (expr: Expr, by: number) => (by === 0 ? expr : by < 0 ? made(MINUS, expr, -by) : made(PLUS, expr, by));

function made(op: Op, expr: Expr, number?: number): Expr {
  const values = expr.values.map((value) => op.run(...([value, number] as number[])));
  const second =
    number === undefined
      ? []
      : [
          leaf(
            String(number),
            "num",
            values.map(() => number),
            true,
          ),
        ];
  return { gives: "num", size: expr.size + 1 + second.length, values, text: null, op, args: [expr, ...second], constant: false };
}
