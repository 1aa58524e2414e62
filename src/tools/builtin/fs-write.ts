import * as z from "zod";
import type { ToolDefinition } from "../port.ts";

export const fsWrite: ToolDefinition = {
  name: "fs.write",
  flag: "w",
  description: "Write a whole text file of the project; folders are made, an existing file is replaced.",
  input: z.strictObject({ path: z.string().min(1).max(1000), text: z.string().max(512 * 1024) }),
  output: z.strictObject({ path: z.string(), bytes: z.int(), created: z.boolean() }),
  runs: "executor",
  limits: { seconds: 10, bytes: 512 * 1024 },
  errors: {
    "path-outside": "the path leaves the project",
    "is-folder": "it is a folder",
    "file-protected": "the file may not be changed here",
    "not-a-file": "it is a pipe or a device",
    "not-a-folder": "a part of the path is a file",
    "name-too-long": "a name in it has more than 255 bytes",
  },
};
