/** The rules of the personas that need no model, by persona. Each stands in a file of its own beside this one. */
import type { Rule, RuleBook } from "../../models/providers/rules.ts";
import { architect } from "./architect.ts";
import { developer } from "./developer.ts";
import { productManager } from "./product-manager.ts";
import { qa } from "./qa.ts";
import { recruiter } from "./recruiter.ts";
import { REVIEWERS } from "./review-checks.ts";

export const rosterRules: RuleBook = new Map<string, Rule>([
  ["product-manager", productManager],
  ["architect", architect],
  ["developer", developer],
  ["qa", qa],
  ["recruiter", recruiter],
  ...REVIEWERS,
]);
