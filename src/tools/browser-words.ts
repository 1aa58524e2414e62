/** What the tools of a browser, and the steps of a flow, have in common: how something on a page is named, and what a step answers. */
import * as z from "zod";

const role = z.string().regex(/^[a-z]+$/, "an ARIA role, like button");

export const target = z
  .union([
    z.string().min(1),
    z.strictObject({ role, name: z.string().optional() }),
    z.strictObject({ label: z.string() }),
    z.strictObject({ text: z.string() }),
    z.strictObject({ testId: z.string() }),
  ])
  .describe('A selector of CSS, {"role":"button","name":"Save"}, {"label":"Title"}, {"text":"..."} or {"testId":"..."}');
export type Target = z.output<typeof target>;

export const typedText = z.union([
  z.string(),
  z.strictObject({ secret: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/) }).describe("A variable among the secrets of the transition"),
]);
export type TypedText = z.output<typeof typedText>;

/** Where the page stands after a step. */
export const stepAnswer = z.strictObject({
  url: z.string(),
  title: z.string(),
  errors: z.array(z.string()).describe("What the page threw since the last call"),
  stopped: z.string().optional().describe("What the page asked of a host that is out of reach"),
});

export const STEP_ERRORS: Readonly<Record<string, string>> = {
  "step-failed": "the page did not do as the step wants; browser.read shows what is there",
  "host-not-named": "the host is not that of the work's address, and not among its hosts",
  "policy-host": "the machine's policy does not let hands reach the host",
  "browser-gone": "the browser has ended",
};

/** Of a tool that does one step. */
export const stepTool = {
  output: stepAnswer,
  runs: "executor",
  needs: ["browser"],
  limits: { seconds: 120, bytes: 16 * 1024 },
  errors: STEP_ERRORS,
} as const;
