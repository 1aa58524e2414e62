import * as z from "zod";
import { masterTool } from "../port.ts";

export const knowledgeSearch = masterTool({
  name: "knowledge.search",
  flag: null,
  description: "Find passages in your knowledge files by words, the best first, with file and lines.",
  input: z.strictObject({ query: z.string().min(1).max(1000), limit: z.int().min(1).max(20).default(5) }),
  output: z.strictObject({
    passages: z.array(
      z.strictObject({
        file: z.string(),
        sha256: z.string(),
        lines: z.tuple([z.int(), z.int()]),
        heading: z.string(),
        text: z.string(),
        score: z.number(),
      }),
    ),
  }),
  limits: { seconds: 10, bytes: 32 * 1024 },
  errors: {},
  run: ({ query, limit }, { knowledge }) => ({ passages: knowledge.search(query, limit) }),
});
