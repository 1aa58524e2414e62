import * as z from "zod";
import { stepTool } from "../browser-words.ts";
import type { ToolDefinition } from "../port.ts";

export const browserOpen: ToolDefinition = {
  ...stepTool,
  name: "browser.open",
  flag: "h",
  description: "Go to an address, or to a path of the work's own address. The browser begins there already.",
  input: z.strictObject({ url: z.string().min(1).max(4000) }),
};
