import * as z from "zod";
import type { ToolDefinition } from "../port.ts";

export const fsList: ToolDefinition = {
  name: "fs.list",
  flag: "r",
  description: "List files and folders of the project below `path` (default: its root), `depth` levels deep. Folders end with a slash.",
  input: z.strictObject({ path: z.string().max(1000).default("."), depth: z.int().min(1).max(10).default(3) }),
  output: z.strictObject({ entries: z.array(z.string()), truncated: z.boolean() }),
  runs: "executor",
  limits: { seconds: 10, bytes: 32 * 1024 },
  errors: {
    "path-outside": "the path leaves the project",
    "no-such-file": "there is no such folder",
  },
};
