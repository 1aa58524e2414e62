import * as z from "zod";
import type { ToolDefinition } from "../port.ts";

export const fsRead: ToolDefinition = {
  name: "fs.read",
  flag: "r",
  description: "Read a text file of the project. `from` is the first line (counted from 1), `lines` how many.",
  input: z.strictObject({
    path: z.string().min(1).max(1000),
    from: z.int().min(1).default(1),
    lines: z.int().min(1).max(5000).default(2000),
  }),
  output: z.strictObject({ path: z.string(), text: z.string(), lines: z.int(), truncated: z.boolean() }),
  runs: "executor",
  limits: { seconds: 10, bytes: 64 * 1024 },
  errors: {
    "path-outside": "the path leaves the project",
    "no-such-file": "there is no such file",
    "not-a-file": "it is a folder or a device",
    "binary-file": "the file holds no text",
    "file-too-large": "it has more than 4 MiB",
  },
};
