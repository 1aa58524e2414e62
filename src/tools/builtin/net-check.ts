import * as z from "zod";
import { given } from "../hands.ts";
import { masterTool } from "../port.ts";

export const netCheck = masterTool({
  name: "net.check",
  flag: "r",
  description: "Check a whole net definition as `petrel net check` does. Nothing is applied.",
  input: z.strictObject({ definition: z.record(z.string(), z.json()) }),
  output: z.strictObject({ ok: z.boolean(), problems: z.array(z.record(z.string(), z.json())) }),
  limits: { seconds: 20, bytes: 32 * 1024 },
  errors: {},
  run: ({ definition }, { net }) => given(net, "the checker").check(definition),
});
