/** The exact request that a persona would send for a token. */
import * as z from "zod";
import { readAnswer } from "../../client/answers.ts";
import { askRuntime } from "../../client/ask.ts";
import { usage } from "../../client/usage.ts";
import type { Json } from "../../contract/json.ts";
import { EXIT, type Verb } from "../verb.ts";

const answer = z.looseObject({
  net: z.string(),
  transition: z.string(),
  tier: z.string(),
  provider: z.string(),
  model: z.string(),
  maxOutputTokens: z.int(),
  tokens: z.int(),
  parts: z.array(z.looseObject({ part: z.string(), tokens: z.int(), trimmed: z.string().optional() })),
  body: z.string(),
});

export const personaPreviewVerb: Verb = {
  command: "persona preview <persona>",
  summary: "print the exact request that a persona would send for a token, and what each part of it takes",
  details:
    "Nobody is asked and nothing fires. The request goes to stdout, byte for byte as the provider would receive it; the parts with their\nestimated tokens go to stderr.",
  examples: ["petrel persona preview architect --token t-0iop3vlaji1tmd9ns7vkc", "petrel persona preview qa --token t-1 --json"],
  options: [
    { flags: "--token <id>", about: "the token that it would work on" },
    { flags: "--transition <name>", about: "which of its positions (default: the first that takes the token)" },
  ],
  run: async (call) => {
    const token = call.text("token");
    if (token === undefined) throw usage("which token?", `petrel tokens NET PLACE lists them; then --token ID`);
    const transition = call.text("transition");
    const body = { persona: call.arg("persona"), token, ...(transition === undefined ? {} : { transition }) };
    const raw = await call.withBroker((broker) => askRuntime(broker, "preview-persona", body));
    const found = readAnswer(answer, raw, "preview-persona");
    if (!call.json) {
      const { paint } = call.out;
      call.out.say(
        `${found.transition} in ${found.net}: ${found.provider}/${found.model} (${found.tier}), at most ${found.maxOutputTokens} tokens back`,
      );
      call.out.say(
        call.out.table(
          ["PART", "TOKENS", ""],
          [
            ...found.parts.map((each) => [each.part, String(each.tokens), each.trimmed ? paint.yellow(each.trimmed) : ""]),
            ["all", String(found.tokens), "estimated"],
          ],
        ),
      );
    }
    call.out.result(raw as Json, () => found.body);
    return EXIT.ok;
  },
};
