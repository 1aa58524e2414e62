/** ArcQL over one place or several, now or then. Each place's owner answers for its place; the past is read from the log. */

import { checkName } from "../../client/ask.ts";
import { findPast, findRunning } from "../../client/history/find-tokens.ts";
import { AS_OF, momentOf } from "../../client/history/moment.ts";
import { usage } from "../../client/usage.ts";
import type { Json, JsonObject } from "../../contract/json.ts";
import { type CompiledQuery, compileQuery } from "../../net/arcql.ts";
import type { Moment } from "../../net/moment.ts";
import { oneLine } from "../output.ts";
import { EXIT, type Verb, type VerbCall } from "../verb.ts";

export const queryVerb: Verb = {
  command: "query <net> <arcql>",
  summary: "ask for tokens by an ArcQL query",
  details:
    "[SELECT a, count(*) AS n] FROM $ | place, ... [AS OF moment] [WHERE expression] [GROUP BY a, ...] [ORDER BY path ASC|DESC, ...] [LIMIT n]; `$` is the token's data, `$meta` its envelope. FROM $ looks where --place says.",
  examples: [
    `petrel query safe-teams 'FROM tasks WHERE attempt > 1 ORDER BY $meta.at DESC LIMIT 5'`,
    `petrel query safe-teams 'SELECT $meta.place AS place, count(*) AS tokens FROM inbox, tasks GROUP BY $meta.place'`,
    `petrel query safe-teams 'SELECT title, $meta.id FROM $' --place inbox --place backlog --json`,
    `petrel query safe-teams 'FROM tasks AS OF 12'`,
  ],
  options: [
    { flags: "--place <place...>", about: "where FROM $ looks, one place or several" },
    { flags: "--as-of <moment>", about: "as it was: the number of an event, or a time; the same as AS OF in the query" },
  ],
  run: async (call) => {
    const net = checkName(call.arg("net"), "net");
    const text = call.arg("arcql");
    const query = compileQuery(text);
    const places = placesOf(call, query, net);
    const { clock } = call.petrel;
    const at = momentOfQuery(call, query, clock.now());
    const { rows, total } = await call.withBroker((broker) =>
      at === null ? findRunning(broker, net, places, text) : findPast(broker, net, places, text, at, clock),
    );
    call.out.result(rows as Json, () => tableOf(call, query, rows));
    if (total > rows.length)
      call.out.say(`${rows.length} of ${total} ${query.groups ? "groups" : "tokens"}; LIMIT in the query asks for more`);
    return EXIT.ok;
  },
};

function placesOf(call: VerbCall, query: CompiledQuery, net: string): string[] {
  const named = [...new Set(call.list("place").map((place) => checkName(place, "place")))];
  if (query.from && named.length > 0) throw usage("FROM names the places already", "leave --place out, or write FROM $");
  const places = query.from ?? named;
  if (places.length === 0)
    throw usage("a query needs to know where to look", `petrel query ${net} 'FROM inbox', or FROM $ and --place inbox`);
  return places;
}

/** Null for the running net. */
function momentOfQuery(call: VerbCall, { asOf }: CompiledQuery, now: number): Moment | null {
  const option = call.text("asOf");
  if (asOf && option !== undefined) throw usage("the query says AS OF already", "leave --as-of out");
  if (option !== undefined) return momentOf(option, "--as-of", now);
  if (!asOf) return null;
  return asOf.kind === "event" ? { kind: "event", seq: asOf.seq } : momentOf(asOf.kind === "now" ? "now" : asOf.text, AS_OF, now);
}

function tableOf(call: VerbCall, { groups }: CompiledQuery, rows: JsonObject[]): string {
  if (rows.length === 0) return groups ? "no group" : "no token";
  const columns = groups ? groups.columns.map(({ name }) => name) : ["place", "id", "value"];
  const heads = groups ? columns : ["PLACE", "TOKEN", "VALUE"];
  return call.out.table(
    heads,
    rows.map((row) => columns.map((column) => wordOf(row[column] ?? null))),
  );
}

function wordOf(value: Json): string {
  return typeof value === "string" ? value : oneLine(value);
}
