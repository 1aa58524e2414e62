import { z } from "zod";
import type { ToolDefinition } from "../port.ts";

export const fsSearch: ToolDefinition = {
  name: "fs.search",
  flag: "r",
  description: "Find lines that contain a text (no pattern), in all files below `path`.",
  input: z.strictObject({
    text: z.string().min(1).max(500),
    path: z.string().max(1000).default("."),
    ignoreCase: z.boolean().default(false),
    limit: z.int().min(1).max(500).default(100),
  }),
  output: z.strictObject({
    matches: z.array(z.strictObject({ path: z.string(), line: z.int(), text: z.string() })),
    truncated: z.boolean(),
  }),
  runs: "executor",
  limits: { seconds: 20, bytes: 48 * 1024 },
};
