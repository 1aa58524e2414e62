import * as z from "zod";
import { given } from "../hands.ts";
import { masterTool } from "../port.ts";

export const netWhy = masterTool({
  name: "net.why",
  flag: "r",
  description: "Why your transition, or a place or a token on your arcs, does or does not move on. With the flag l: any name of the net.",
  input: z.strictObject({ name: z.string().min(1).max(160) }),
  output: z.strictObject({ answers: z.array(z.json()) }),
  limits: { seconds: 10, bytes: 32 * 1024 },
  errors: {
    "name-not-wired": "the name lies beyond the persona's arcs, and it has not the flag l",
    "nothing-of-that-name": "the net has no such transition, place or token",
  },
  run: async ({ name }, { net }) => {
    const answer = await given(net, "the net").why(name);
    return { answers: Array.isArray(answer) ? answer : [answer] };
  },
});
