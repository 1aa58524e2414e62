import * as z from "zod";
import { given } from "../hands.ts";
import { masterTool } from "../port.ts";

export const memoryWrite = masterTool({
  name: "memory.write",
  flag: "w",
  description: "Keep a lesson for later work, in one or two sentences that stand alone. `days`: how long it holds.",
  input: z.strictObject({
    text: z.string().min(1).max(4000),
    tags: z.array(z.string().min(1).max(50)).max(10).default([]),
    days: z.int().min(1).max(3650).nullable().default(null),
  }),
  output: z.strictObject({ id: z.string() }),
  needs: ["memory"],
  limits: { seconds: 30, bytes: 1024 },
  errors: { "place-full": "the memory holds as many lessons as it may" },
  run: ({ text, tags, days }, { memory, call }) => given(memory, "a memory").write({ text, tags, days }, call),
});
