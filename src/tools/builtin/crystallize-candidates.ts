import * as z from "zod";
import { given } from "../hands.ts";
import { masterTool } from "../port.ts";

export const crystallizeCandidates = masterTool({
  name: "crystallize.candidates",
  flag: "l",
  description:
    "The steps of this net that ask a model, from its log: firings, forms of input, stability of the answer, cost, time, tools, how often the answer was sent back, rejected or corrected. Ranked by the money and time to be saved.",
  input: z.strictObject({ limit: z.int().min(1).max(50).default(20) }),
  output: z.strictObject({ candidates: z.array(z.record(z.string(), z.json())), total: z.int() }),
  limits: { seconds: 60, bytes: 16 * 1024 },
  errors: {},
  run: async ({ limit }, { crystals }) => {
    const candidates = await given(crystals, "crystallization").candidates();
    return { candidates: candidates.slice(0, limit), total: candidates.length };
  },
});
