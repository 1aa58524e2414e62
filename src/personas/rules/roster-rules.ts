/** The rules of the personas that need no model, by persona. Each stands in a file of its own beside this one. */
import type { Rule, RuleBook } from "../../models/providers/rules.ts";

export const rosterRules: RuleBook = new Map<string, Rule>([]);
