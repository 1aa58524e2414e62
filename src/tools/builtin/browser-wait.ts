import * as z from "zod";
import { stepTool, target } from "../browser-words.ts";
import type { ToolDefinition } from "../port.ts";

export const browserWait: ToolDefinition = {
  ...stepTool,
  name: "browser.wait",
  flag: "r",
  description: "Wait until something is in sight (`see`), out of sight (`gone`), or the address contains a text (`at`). One of the three.",
  input: z
    .strictObject({ see: target.optional(), gone: target.optional(), at: z.string().min(1).max(4000).optional() })
    .refine((given) => Object.values(given).filter((one) => one !== undefined).length === 1, "name one of see, gone and at"),
};
