import * as z from "zod";
import { masterTool } from "../port.ts";

export const gateList = masterTool({
  name: "gate.list",
  flag: "r",
  description: "What waits for people in your net: each gate with who may decide and how many have. Decisions are people's alone.",
  input: z.strictObject({}),
  output: z.strictObject({
    gates: z.array(
      z.strictObject({
        gate: z.string(),
        firing: z.string(),
        transition: z.string(),
        since: z.string(),
        approvers: z.array(z.string()),
        quorum: z.int(),
        approvals: z.int(),
      }),
    ),
  }),
  limits: { seconds: 5, bytes: 32 * 1024 },
  errors: {},
  run: (_, { gates }) => ({ gates: gates.list() }),
});
