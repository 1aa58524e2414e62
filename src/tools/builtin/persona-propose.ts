import * as z from "zod";
import { parseFlags } from "../../contract/capability.ts";
import { Refused, Terminal } from "../../contract/errors.ts";
import { given, handleOf } from "../hands.ts";
import { masterTool } from "../port.ts";

export const personaPropose = masterTool({
  name: "persona.propose",
  flag: "w",
  description:
    "Propose a new specialist: its persona definition, checked, is put as a token before the people who decide (your output place `proposals`, or the one you name). It may have no more flags than you, and never x. With `transition` it gets a position in your net: one that reads and takes nothing from others.",
  input: z.strictObject({
    definition: z.record(z.string(), z.json()),
    knowledge: z.string().max(60_000).optional(),
    transition: z.strictObject({ id: z.string().min(1).max(48), definition: z.record(z.string(), z.json()) }).optional(),
    reason: z.string().min(1).max(4000),
    place: z.string().min(1).max(160).default("proposals"),
  }),
  output: z.strictObject({ id: z.string(), place: z.string() }),
  needs: ["writes"],
  limits: { seconds: 30, bytes: 4 * 1024 },
  errors: {
    "place-not-wired": "no output arc leads to the place",
    "persona-invalid": "the definition does not pass the check",
    "too-much-granted": "it asks for flags that the proposer has not, or for x",
  },
  run: async ({ definition, knowledge, transition, reason, place }, { personas, writes, about, call }) => {
    const writer = handleOf(writes, place, "write to");
    const faults = given(personas, "the checker of personas").check(definition);
    if (faults.length > 0) throw new Terminal({ code: "persona-invalid", message: faults.join("; ").slice(0, 2000) });
    const own = parseFlags(about.flags);
    const wanted = [...parseFlags(String(definition.flags))];
    const over = wanted.filter((flag) => flag === "x" || !own.has(flag));
    if (over.length > 0) {
      throw new Refused({
        code: "too-much-granted",
        message: `the proposed persona has ${over.join(", ")}, which ${about.persona} (${about.flags}) may not propose`,
        hint: "Only a person gives these.",
      });
    }
    const grant = about.flags.replace("x", "-");
    const draft = { definition, ...(knowledge === undefined ? {} : { knowledge }), ...(transition === undefined ? {} : { transition }) };
    return { ...(await writer.put({ kind: "persona", net: about.net, ...draft, reason, by: about.persona, grant }, call)), place };
  },
});
