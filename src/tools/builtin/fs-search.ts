import * as z from "zod";
import type { ToolDefinition } from "../port.ts";

/** As ripgrep searches: hidden, ignored and binary files are left out unless asked for. */
export const fsSearch: ToolDefinition = {
  name: "fs.search",
  flag: "r",
  description:
    "Find lines in the files below `path`, as ripgrep does: files that .gitignore names, hidden and binary files are left out. Give `text` (taken as it is) or `pattern` (a regular expression).",
  input: z
    .strictObject({
      text: z.string().min(1).max(500).optional(),
      pattern: z.string().min(1).max(500).optional(),
      path: z.string().max(1000).default("."),
      glob: z.string().min(1).max(200).optional().describe('Only files like this, such as "*.ts" or "src/**"; with ! in front, all others'),
      ignoreCase: z.boolean().default(false),
      wholeWord: z.boolean().default(false),
      context: z.int().min(0).max(10).default(0).describe("Lines shown before and after"),
      hidden: z.boolean().default(false).describe("Hidden files too"),
      ignored: z.boolean().default(false).describe("Files that .gitignore names too"),
      filesOnly: z.boolean().default(false),
      limit: z.int().min(1).max(500).default(100),
    })
    .refine(({ text, pattern }) => (text === undefined) !== (pattern === undefined), "give one of `text` and `pattern`"),
  output: z.strictObject({
    matches: z.array(
      z.strictObject({
        path: z.string(),
        line: z.int(),
        text: z.string(),
        match: z.literal(false).optional().describe("A line of the context"),
      }),
    ),
    truncated: z.boolean(),
  }),
  runs: "executor",
  limits: { seconds: 20, bytes: 48 * 1024 },
  errors: {
    "path-outside": "the path leaves the project",
    "no-such-file": "there is no such folder",
    "pattern-unsound": "it is no regular expression",
    "search-too-long": "it took more than the limit",
  },
};
