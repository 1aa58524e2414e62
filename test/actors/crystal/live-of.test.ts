/** What a later rule is measured by: the share that the one which answers leaves to the model, from its shadow on. */
import { expect, test } from "vitest";
import { liveOf } from "../../../src/actors/crystal/learning.ts";
import type { CompiledCrystal } from "../../../src/net/crystal/compiled.ts";
import { freshRecord } from "../../../src/net/crystal/state.ts";
import type { Rule } from "../../../src/net/rule/rule.ts";

test("soon after the promotion, what it declined in its shadow is a share of the shadow's firings", () => {
  const rule: Rule = { guard: [], answer: { kind: "constant", value: 1 } };
  const crystal = { definition: { rule } } as CompiledCrystal;
  const record = {
    ...freshRecord("r", "live", 1),
    declined: 20,
    answered: 5,
    shadow: { same: 96, other: 4 },
    audit: { same: 1, other: 0 },
  };
  const live = liveOf(crystal, record);
  expect(live.declines).toBeCloseTo(20 / 126, 9);
  expect(live).toMatchObject({ covered: 101, wrong: 4 });
});
