import * as z from "zod";
import { given } from "../hands.ts";
import { masterTool } from "../port.ts";

export const memoryForget = masterTool({
  name: "memory.forget",
  flag: "w",
  description: "Forget a lesson that turned out wrong, by its id.",
  input: z.strictObject({ id: z.string().min(1).max(64) }),
  output: z.strictObject({ forgotten: z.boolean() }),
  needs: ["memory"],
  limits: { seconds: 30, bytes: 1024 },
  errors: {},
  run: ({ id }, { memory }) => given(memory, "a memory").forget(id),
});
