import * as z from "zod";
import { given } from "../hands.ts";
import { lesson } from "../lesson.ts";
import { masterTool } from "../port.ts";

export const memoryRecall = masterTool({
  name: "memory.recall",
  flag: "r",
  description: "Find lessons of earlier work in your memory by words, the best first.",
  input: z.strictObject({ query: z.string().min(1).max(1000), limit: z.int().min(1).max(50).default(5) }),
  output: z.strictObject({ lessons: z.array(lesson) }),
  needs: ["memory"],
  limits: { seconds: 10, bytes: 32 * 1024 },
  errors: {},
  run: async ({ query, limit }, { memory }) => ({ lessons: await given(memory, "a memory").recall(query, limit) }),
});
