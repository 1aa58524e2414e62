import * as z from "zod";
import { Refused, Terminal } from "../../contract/errors.ts";
import { isJsonObject, type JsonObject } from "../../contract/json.ts";
import { given, handleOf } from "../hands.ts";
import { masterTool } from "../port.ts";

export const netPropose = masterTool({
  name: "net.propose",
  flag: "w",
  description:
    "Propose an edit of the net you work in: the whole new definition, checked, is put as a token before the people who decide (your output place `proposals`, or the one you name). Nothing is applied.",
  input: z.strictObject({
    definition: z.record(z.string(), z.json()),
    reason: z.string().min(1).max(4000),
    place: z.string().min(1).max(160).default("proposals"),
  }),
  output: z.strictObject({ id: z.string(), place: z.string() }),
  needs: ["writes"],
  limits: { seconds: 30, bytes: 4 * 1024 },
  errors: {
    "place-not-wired": "no output arc leads to the place",
    "net-invalid": "the definition does not pass the check",
    "other-net": "it defines another net",
    "gate-removed": "it takes a gate away",
  },
  run: async ({ definition, reason, place }, { net, writes, about, call }) => {
    const writer = handleOf(writes, place, "write to");
    const hand = given(net, "the net");
    if (definition.net !== about.net) {
      throw new Refused({
        code: "other-net",
        message: `it defines ${JSON.stringify(definition.net)?.slice(0, 60)}, and you work in ${about.net}`,
      });
    }
    const { ok, problems } = hand.check(definition);
    if (!ok)
      throw new Terminal({
        code: "net-invalid",
        message: problems
          .map(({ message }) => String(message))
          .join("; ")
          .slice(0, 2000),
      });
    const lost = gatesOf(hand.describe()).filter((gate) => !gatesOf(definition).includes(gate));
    if (lost.length > 0) {
      throw new Refused({
        code: "gate-removed",
        message: `the gate of ${lost.join(", ")} is gone in it`,
        hint: "Gates are taken away by people only.",
      });
    }
    const grant = about.flags.replace("x", "-");
    const proposal = { kind: "net", net: about.net, base: hand.version(), definition, reason, by: about.persona, grant };
    return { ...(await writer.put(proposal, call)), place };
  },
});

function gatesOf({ transitions }: JsonObject): string[] {
  if (!isJsonObject(transitions)) return [];
  return Object.entries(transitions).flatMap(([name, one]) => (isJsonObject(one) && one.gate ? [name] : []));
}
