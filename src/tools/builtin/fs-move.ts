import * as z from "zod";
import type { ToolDefinition } from "../port.ts";

export const fsMove: ToolDefinition = {
  name: "fs.move",
  flag: "w",
  description: "Move or rename one file of the project; folders are made, nothing is overwritten.",
  input: z.strictObject({ from: z.string().min(1).max(1000), to: z.string().min(1).max(1000) }),
  output: z.strictObject({ from: z.string(), to: z.string() }),
  runs: "executor",
  limits: { seconds: 10, bytes: 4 * 1024 },
  errors: {
    "path-outside": "a path leaves the project",
    "no-such-file": "there is no such file",
    "is-folder": "it is a folder",
    "file-exists": "there is something at the new path",
    "file-protected": "the file may not be changed here",
    "not-a-folder": "a part of the path is a file",
    "name-too-long": "a name in it has more than 255 bytes",
  },
};
