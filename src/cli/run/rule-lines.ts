/** What an edit of a net is for its rules, for whoever made it. */

/** One line a rule, like `  the rule of judge answers no more: its step asks something else now (r-1f0c2a9d33b1)`. */
export function ruleLines(net: string, rules: readonly { transition: string; rule: string; stage: string; says: string }[]): string[] {
  return rules.map(({ transition, rule, stage, says }) => {
    const next: Record<string, string> = {
      "asks-otherwise": `; people are asked: petrel gate ls ${net}`,
      "held-back": `; petrel crystallize shadow ${net} ${transition} --again has it begin again`,
    };
    return `  ${says} (${rule})${next[stage] ?? ""}`;
  });
}
