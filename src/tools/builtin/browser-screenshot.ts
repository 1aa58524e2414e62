import * as z from "zod";
import { STEP_ERRORS, stepAnswer } from "../browser-words.ts";
import type { ToolDefinition } from "../port.ts";

export const browserScreenshot: ToolDefinition = {
  name: "browser.screenshot",
  flag: "r",
  description: "Keep a picture of the page as it is now, for people. It stands in the result of your work under its name.",
  input: z.strictObject({ name: z.string().regex(/^[\w.-]{1,60}$/, "a name of letters, digits, dots and dashes") }),
  output: stepAnswer.extend({
    artifact: z.strictObject({ $artifact: z.string(), sha256: z.string(), size: z.number(), type: z.string(), name: z.string() }),
  }),
  runs: "executor",
  needs: ["browser"],
  limits: { seconds: 60, bytes: 16 * 1024 },
  errors: { ...STEP_ERRORS, "too-many-screenshots": "the work has as many pictures as it may" },
};
