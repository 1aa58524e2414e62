import * as z from "zod";
import { stepTool, target } from "../browser-words.ts";
import type { ToolDefinition } from "../port.ts";

export const browserClick: ToolDefinition = {
  ...stepTool,
  name: "browser.click",
  flag: "h",
  description: "Click something on the page that the browser shows.",
  input: z.strictObject({ target }),
};
