/** What lies near the limits of a rule: where it is a part of its own, and how soon the watch sees a limit that has moved. */
import { describe, expect, test } from "vitest";
import { withLimits } from "../../../src/crystallize/turning-points.ts";
import type { Answer } from "../../../src/net/rule/answer.ts";
import { regionOf } from "../../../src/net/rule/region.ts";
import { type Rule, ruleSchema } from "../../../src/net/rule/rule.ts";
import { startWatch, verdict, type Watch, wantsAudit, watched } from "../../../src/net/rule/watch.ts";
import { seededDraws } from "../../support/draws.ts";

const constant = (value: string): Answer => ({ kind: "constant", value });
const split: Answer = {
  ...{ kind: "split", if: { test: "range", path: "/n", atMost: 499 } },
  yes: constant("low"),
  no: { kind: "cases", cases: [{ if: [{ test: "range", path: "/n", atLeast: 502 }], give: constant("high") }] },
};
const inputs = Array.from({ length: 1000 }, (_, n) => ({ n: n + 1 }));
const rule = withLimits({ guard: [], answer: split }, inputs);

describe("near a limit", () => {
  test("lies an eighth of the examples on each side, and each side is a part of its own", () => {
    expect(rule.limits).toEqual([{ path: "/n", from: 375, low: 499, high: 502, to: 626 }]);
    expect(ruleSchema.parse(rule)).toEqual(rule);
    const parts = [374, 375, 499, 502, 626, 627].map((n) => regionOf(rule, { n }));
    expect(parts).toEqual(["y", "~0<", "~0<", "~0>", "~0>", "n0"]);
    // A rule from before there were limits has its branches.
    expect(regionOf({ guard: [], answer: split }, { n: 499 })).toBe("y");
  });

  test("lies only what the limit would decide", () => {
    const cases: Answer = {
      kind: "cases",
      cases: [
        {
          if: [
            { test: "equal", path: "/country", value: "DE" },
            { test: "range", path: "/n", atLeast: 600 },
          ],
          give: constant("high"),
        },
      ],
      else: constant("low"),
    };
    const own = withLimits(
      { guard: [], answer: cases },
      inputs.map(({ n }) => ({ n, country: n % 2 === 0 ? "DE" : "FR" })),
    );
    expect(own.limits).toHaveLength(1);
    expect(["DE", "FR"].map((country) => regionOf(own, { n: 610, country }))).toEqual(["~0>", "-1"]);
  });

  test("lies nothing where the answer turns at no number, or too few examples are on a side", () => {
    expect(withLimits({ guard: [], answer: constant("one") }, inputs)).toEqual({ guard: [], answer: constant("one") });
    expect(withLimits({ guard: [], answer: split }, inputs.slice(0, 505)).limits).toBeUndefined();
    // Nor where there are so many branches that theirs would be missing.
    const third: Answer = { kind: "split", if: { test: "equal", path: "/kind", value: "x" }, yes: constant("other"), no: split };
    const kinds = inputs.map(({ n }) => ({ n, kind: n % 3 === 0 ? "x" : "y" }));
    expect(withLimits({ guard: [], answer: third }, kinds).limits).toBeUndefined();
  });
});

/** Firings until drift is seen, or null. `limit`: where the answers turn by now; the rule turns at 500. */
function course(live: Rule, from: Watch, firings: number, limit: number, seed: number) {
  const draw = seededDraws(seed);
  let watch = from;
  for (let firing = 1; firing <= firings; firing++) {
    const n = 1 + Math.floor(draw() * 1000);
    const region = regionOf(live, { n });
    if (wantsAudit(watch, draw(), false, region)) {
      const agreed = draw() < 0.05 ? false : n >= 502 === n >= limit;
      watch = watched(watch, { kind: "audited", agreed, region });
    } else watch = watched(watch, { kind: "crystallized", region });
    if (verdict(watch).drift) return { watch, drift: firing };
  }
  return { watch, drift: null };
}

test("a limit that moves is seen within 200 firings nine times in ten, and one that stays is not", { timeout: 120_000 }, () => {
  const seeds = Array.from({ length: 60 }, (_, at) => at + 1);
  const found = seeds.map((seed) => {
    const before = course(rule, startWatch({ expected: 0.08 }), 1500, 502, seed);
    return { before: before.drift, after: course(rule, before.watch, 200, seed % 2 === 0 ? 650 : 350, seed + 1000).drift };
  });
  expect(found.filter(({ before }) => before !== null).length).toBeLessThanOrEqual(2);
  expect(found.filter(({ before, after }) => before === null && after === null).length).toBeLessThanOrEqual(6);
  // What is near costs no more audits in all.
  const calm = course(rule, startWatch({ expected: 0.08 }), 10_000, 502, 3).watch;
  expect(calm.audited / calm.claimed).toBeLessThan(0.045);
});
