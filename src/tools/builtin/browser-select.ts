import * as z from "zod";
import { stepTool, target } from "../browser-words.ts";
import type { ToolDefinition } from "../port.ts";

export const browserSelect: ToolDefinition = {
  ...stepTool,
  name: "browser.select",
  flag: "h",
  description: "Choose an option of a list on the page.",
  input: z.strictObject({ target, option: z.string().max(1000).describe("Its value or its words") }),
};
