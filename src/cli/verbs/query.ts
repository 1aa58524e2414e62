/** ArcQL over one place or several, now or then. Each place's owner answers for its place; the past is read from the log. */
import type { Json } from "../../contract/json.ts";
import { compileQuery, selected } from "../../net/arcql.ts";
import { checkName } from "../ask.ts";
import { usage } from "../failure.ts";
import { findPast, findRunning } from "../history/find-tokens.ts";
import { momentOf } from "../history/moment.ts";
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
    `petrel query safe-teams 'FROM $' --place tasks --as-of 12`,
  ],
  options: [
    { flags: "--place <place...>", about: "where to look, one place or several" },
    { flags: "--as-of <moment>", about: "as it was: the number of an event, or a time" },
  ],
  run: async (call) => {
    const net = checkName(call.arg("net"), "net");
    const places = [...new Set(call.list("place").map((place) => checkName(place, "place")))];
    if (places.length === 0) throw usage("a query needs to know where to look", `petrel query ${net} '...' --place inbox`);
    const text = call.arg("arcql");
    const query = compileQuery(text);
    const now = call.petrel.clock.now();
    const asOf = call.text("asOf");
    const at = asOf === undefined ? null : momentOf(asOf, "--as-of", now);
    const found = await call.withBroker((broker) =>
      at === null ? findRunning(broker, net, places, text, now) : findPast(broker, net, places, text, at),
    );
    const rows = found.tokens.map((one) => ({
      place: one.place,
      id: one.token.id,
      value: selected(query, one, undefined, found.now),
    }));
    call.out.result(rows as Json, () =>
      rows.length === 0
        ? "no token"
        : call.out.table(
            ["PLACE", "TOKEN", "VALUE"],
            rows.map((row) => [row.place, row.id, oneLine(row.value)]),
          ),
    );
    if (found.total > rows.length) call.out.say(`${rows.length} of ${found.total} tokens; LIMIT in the query asks for more`);
    return EXIT.ok;
  },
};
