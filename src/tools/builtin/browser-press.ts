import * as z from "zod";
import { stepTool } from "../browser-words.ts";
import type { ToolDefinition } from "../port.ts";

export const browserPress: ToolDefinition = {
  ...stepTool,
  name: "browser.press",
  flag: "h",
  description: "Press a key, like Enter or Control+A, where the page has its focus.",
  input: z.strictObject({ key: z.string().min(1).max(100) }),
};
