/** What changes when one rule takes another's place. */
import type { JsonObject } from "../contract/json.ts";
import { equalValues } from "../net/expression-values.ts";
import { evaluateRule, type Rule } from "../net/rule/rule.ts";

export interface RuleChange {
  /** Inputs that only the new rule claims, only the old one, and both with different answers. */
  gained: number;
  lost: number;
  changed: number;
}

export function compareRules(old: Rule, next: Rule, inputs: readonly JsonObject[]): RuleChange {
  const change = { gained: 0, lost: 0, changed: 0 };
  for (const input of inputs) {
    const before = evaluateRule(old, input);
    const after = evaluateRule(next, input);
    if (before.applies && after.applies) change.changed += Number(!equalValues(before.value, after.value));
    else if (after.applies) change.gained += 1;
    else if (before.applies) change.lost += 1;
  }
  return change;
}
