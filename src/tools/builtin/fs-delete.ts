import * as z from "zod";
import type { ToolDefinition } from "../port.ts";

export const fsDelete: ToolDefinition = {
  name: "fs.delete",
  flag: "w",
  description: "Delete one file of the project.",
  input: z.strictObject({ path: z.string().min(1).max(1000) }),
  output: z.strictObject({ path: z.string(), deleted: z.literal(true) }),
  runs: "executor",
  limits: { seconds: 10, bytes: 4 * 1024 },
  errors: {
    "path-outside": "the path leaves the project",
    "no-such-file": "there is no such file",
    "is-folder": "it is a folder",
    "file-protected": "the file may not be changed here",
  },
};
