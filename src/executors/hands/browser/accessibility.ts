/** What keeps people from using a page, by axe-core (WCAG 2.0 to 2.2, A and AA). */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";

export type AccessibilityFinding = {
  rule: string;
  impact: string;
  help: string;
  helpUrl: string;
  /** Where on the page, by selector. */
  nodes: string[];
};

const SHOWN_NODES = 10;
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

interface AxeViolation {
  id: string;
  impact: string | null;
  help: string;
  helpUrl: string;
  nodes: { target: unknown[] }[];
}

export async function accessibilityOf(page: Page): Promise<AccessibilityFinding[]> {
  const require = createRequire(import.meta.url);
  // By evaluation, not as a script of the page: a page's content policy would forbid that.
  await page.evaluate(readFileSync(require.resolve("axe-core/axe.min.js"), "utf8"));
  const options = JSON.stringify({ runOnly: { type: "tag", values: RULES }, resultTypes: ["violations"] });
  const { violations } = (await page.evaluate(`axe.run(document, ${options})`)) as { violations: AxeViolation[] };
  return violations.map(({ id, impact, help, helpUrl, nodes }) => ({
    ...{ rule: id, impact: impact ?? "minor", help, helpUrl },
    nodes: nodes.slice(0, SHOWN_NODES).map(({ target }) => target.map(String).join(" ")),
  }));
}
