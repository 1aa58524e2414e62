/** ArcQL over one place or several. Each place's owner answers for its place; several answers are put together here. */
import type { Json } from "../../contract/json.ts";
import type { Token } from "../../contract/token.ts";
import { compileQuery, runQuery, selected } from "../../net/arcql.ts";
import { readAnswer, tokensAnswer } from "../answers.ts";
import { askNet, checkName } from "../ask.ts";
import { usage } from "../failure.ts";
import { oneLine } from "../output.ts";
import { EXIT, type Verb } from "../verb.ts";

export const queryVerb: Verb = {
  command: "query <net> <arcql>",
  summary: "ask for tokens by an ArcQL query",
  details:
    "[SELECT a, b] FROM $ [WHERE expression] [ORDER BY path ASC|DESC, ...] [LIMIT n]; `$` is the token's data, `$meta` its envelope.",
  examples: [
    `petrel query safe-teams 'FROM $ WHERE $.attempt > 1 ORDER BY $meta.at DESC LIMIT 5' --place tasks`,
    `petrel query safe-teams 'SELECT $.title, $meta.id FROM $' --place inbox --place backlog --json`,
  ],
  options: [{ flags: "--place <place...>", about: "where to look, one place or several" }],
  run: async (call) => {
    const places = call.list("place").map((place) => checkName(place, "place"));
    if (places.length === 0) throw usage("a query needs to know where to look", `petrel query ${call.arg("net")} '...' --place inbox`);
    const text = call.arg("arcql");
    const query = compileQuery(text);
    const found = await call.withBroker(async (broker) => {
      const all: { token: Token; place: string }[] = [];
      for (const place of places) {
        const answer = readAnswer(tokensAnswer, await askNet(broker, call.arg("net"), "tokens", { place, query: text }), "tokens");
        all.push(...answer.tokens.map((token) => ({ token: token as unknown as Token, place })));
      }
      return places.length === 1 ? all : runQuery(query, all, undefined, call.petrel.clock.now());
    });
    const rows = found.map((one) => ({
      place: one.place,
      id: one.token.id,
      value: selected(query, one, undefined, call.petrel.clock.now()),
    }));
    call.out.result(rows as Json, () =>
      rows.length === 0
        ? "no token"
        : call.out.table(
            ["PLACE", "TOKEN", "VALUE"],
            rows.map((row) => [row.place, row.id, oneLine(row.value)]),
          ),
    );
    return EXIT.ok;
  },
};
