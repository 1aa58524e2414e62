import * as z from "zod";
import { stepTool, target } from "../browser-words.ts";
import type { ToolDefinition } from "../port.ts";

export const browserCheck: ToolDefinition = {
  ...stepTool,
  name: "browser.check",
  flag: "h",
  description: "Tick a box on the page.",
  input: z.strictObject({ target }),
};
