import * as z from "zod";
import { stepTool, target, typedText } from "../browser-words.ts";
import type { ToolDefinition } from "../port.ts";

export const browserFill: ToolDefinition = {
  ...stepTool,
  name: "browser.fill",
  flag: "h",
  description: "Type a text into a field of the page, in place of what stands there. A secret is named by its variable, and is not seen.",
  input: z.strictObject({ target, with: typedText }),
};
