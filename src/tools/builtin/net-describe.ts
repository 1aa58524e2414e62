import * as z from "zod";
import { given } from "../hands.ts";
import { masterTool } from "../port.ts";

export const netDescribe = masterTool({
  name: "net.describe",
  flag: "r",
  description:
    "Describe the net that you work in: its places, its transitions with arcs and personas, its gates, and the hash of its definition. No tokens.",
  input: z.strictObject({}),
  output: z.record(z.string(), z.json()),
  limits: { seconds: 5, bytes: 64 * 1024 },
  errors: {},
  run: (_, { net }) => given(net, "the net's definition").describe(),
});
