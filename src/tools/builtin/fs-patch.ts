import * as z from "zod";
import type { ToolDefinition } from "../port.ts";

export const fsPatch: ToolDefinition = {
  name: "fs.patch",
  flag: "w",
  description: "Replace an exact piece of text in a file. `find` must stand there exactly once, unless `all` is true.",
  input: z.strictObject({
    path: z.string().min(1).max(1000),
    find: z
      .string()
      .min(1)
      .max(128 * 1024),
    replace: z.string().max(128 * 1024),
    all: z.boolean().default(false),
  }),
  output: z.strictObject({ path: z.string(), replaced: z.int() }),
  runs: "executor",
  limits: { seconds: 10, bytes: 512 * 1024 },
  errors: {
    "path-outside": "the path leaves the project",
    "no-such-file": "there is no such file",
    "text-not-found": "the text does not stand there",
    "text-not-unique": "it stands there more than once",
    "binary-file": "the file holds no text",
    "file-protected": "the file may not be changed here",
    "not-a-file": "it is a folder, a pipe or a device",
    "file-too-large": "it has more than 4 MiB",
  },
};
