import * as z from "zod";
import { given } from "../hands.ts";
import { lesson } from "../lesson.ts";
import { masterTool } from "../port.ts";

export const memoryList = masterTool({
  name: "memory.list",
  flag: "r",
  description: "List the lessons in your memory, the newest first.",
  input: z.strictObject({ limit: z.int().min(1).max(100).default(20) }),
  output: z.strictObject({ lessons: z.array(lesson), total: z.int() }),
  needs: ["memory"],
  limits: { seconds: 10, bytes: 32 * 1024 },
  errors: {},
  run: ({ limit }, { memory }) => given(memory, "a memory").list(limit),
});
