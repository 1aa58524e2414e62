/** The tokens at rest in a place. */

import { readAnswer, tokensAnswer } from "../../client/answers.ts";
import { askNet, checkName } from "../../client/ask.ts";
import type { Json } from "../../contract/json.ts";
import { oneLine } from "../output.ts";
import { EXIT, type Verb } from "../verb.ts";

const LIMIT = 100;

export const tokensVerb: Verb = {
  command: "tokens <net> <place>",
  summary: "list the tokens in a place",
  examples: ["petrel tokens safe-teams inbox", `petrel tokens safe-teams review --where '$.attempt > 1' --limit 5 --json`],
  options: [
    { flags: "--where <expression>", about: "ArcQL condition: `$` is the data, `$meta` the envelope" },
    { flags: "--order-by <order>", about: `ArcQL order, like '$.priority DESC'` },
    { flags: "--limit <n>", about: `how many at most (default: ${LIMIT})` },
  ],
  run: async (call) => {
    const body: { [key: string]: Json } = { place: checkName(call.arg("place"), "place"), limit: call.integer("limit", 1) ?? LIMIT };
    const where = call.text("where");
    const orderBy = call.text("orderBy");
    if (where !== undefined) body.where = where;
    if (orderBy !== undefined) body.orderBy = orderBy;
    const answer = readAnswer(tokensAnswer, await call.withBroker((broker) => askNet(broker, call.arg("net"), "tokens", body)), "tokens");
    call.out.result(answer as unknown as Json, () =>
      answer.tokens.length === 0
        ? "no token"
        : call.out.table(
            ["TOKEN", "AT", "BY", "DATA"],
            answer.tokens.map((token) => [token.id, token.at.slice(0, 19), token.by, oneLine(token.data)]),
          ),
    );
    if (answer.total > answer.tokens.length) call.out.say(`${answer.tokens.length} of ${answer.total} tokens; --limit shows more`);
    return EXIT.ok;
  },
};
