/** What an edit of a net is for its rules, for whoever made it. */

/** One line a rule, like `  the rule of judge answers no more: its step asks something else now (r-1f0c2a9d33b1)`. */
export function ruleLines(net: string, rules: readonly { rule: string; stage: string; says: string }[]): string[] {
  return rules.map(({ rule, stage, says }) => {
    const asked = stage === "asks-otherwise" ? `; people are asked: petrel gate ls ${net}` : "";
    return `  ${says} (${rule})${asked}`;
  });
}
