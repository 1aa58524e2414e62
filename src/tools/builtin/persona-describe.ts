import * as z from "zod";
import { Terminal } from "../../contract/errors.ts";
import { given } from "../hands.ts";
import { masterTool } from "../port.ts";

export const personaDescribe = masterTool({
  name: "persona.describe",
  flag: "r",
  description: "The personas of your net, or one of them: title, flags, tools, tier and transitions. Without `persona`: all.",
  input: z.strictObject({ persona: z.string().max(48).optional() }),
  output: z.strictObject({
    personas: z.array(
      z.strictObject({
        persona: z.string(),
        title: z.string(),
        flags: z.string(),
        tools: z.array(z.string()),
        tier: z.string(),
        transitions: z.array(z.string()),
      }),
    ),
  }),
  limits: { seconds: 5, bytes: 64 * 1024 },
  errors: { "no-such-persona": "no transition of the net has it" },
  run: ({ persona }, { personas }) => {
    const all = given(personas, "the roster").list();
    const found = persona === undefined ? all : all.filter((one) => one.persona === persona);
    if (found.length === 0 && persona !== undefined) {
      throw new Terminal({
        code: "no-such-persona",
        message: `your net has no persona ${persona}`,
        hint: `It has ${all.map((one) => one.persona).join(", ")}.`,
      });
    }
    return { personas: found as never };
  },
});
