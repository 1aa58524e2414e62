import * as z from "zod";
import type { ToolDefinition } from "../port.ts";

/** Acts on the net's authority, under the executor's policy: the command is the project's own, not the model's choice. */
export const testsRun: ToolDefinition = {
  name: "tests.run",
  flag: "r",
  description: "Run the project's tests on the files as they are now.",
  input: z.strictObject({}),
  output: z.strictObject({
    ok: z.boolean(),
    exitCode: z.int(),
    countable: z.boolean().describe("The output tells how many tests there were"),
    passed: z.int(),
    failed: z.int(),
    failing: z.array(z.strictObject({ name: z.string(), message: z.string() })),
    output: z.string(),
  }),
  runs: "executor",
  limits: { seconds: 600, bytes: 16 * 1024 },
  errors: {
    "no-test-command": "the project does not say how it is tested",
  },
};
