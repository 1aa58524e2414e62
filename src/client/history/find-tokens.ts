/** Where a query finds its tokens: at the owner of the running net, or in the log as it was. */
import { pastOf } from "../../actors/past.ts";
import type { Broker } from "../../contract/broker.ts";
import type { Clock } from "../../contract/clock.ts";
import type { JsonObject } from "../../contract/json.ts";
import { answerOf, type Candidate, compileQuery, type QueryAnswer } from "../../net/arcql.ts";
import type { Moment } from "../../net/moment.ts";
import { queryAnswer, readAnswer } from "../answers.ts";
import { askNet } from "../ask.ts";
import { noSuchNet } from "../known-nets.ts";
import { tokensThen } from "./past.ts";

/** What an owner gives when the query names no limit. */
const OWNER_LIMIT = 100;
/** A query of the past holds nobody up but the one who asks. */
const PAST_MS = 60_000;

/** All places in one moment of the owner. */
export async function findRunning(broker: Broker, net: string, places: string[], text: string): Promise<QueryAnswer> {
  const answer = readAnswer(queryAnswer, await askNet(broker, net, "query", { query: text, places, limit: OWNER_LIMIT }), "query");
  return { rows: answer.rows as JsonObject[], total: answer.total };
}

/** The clock of the past is that of the event that led there. Errors: those of `pastOf` and `tokensThen`. */
export async function findPast(
  broker: Broker,
  net: string,
  places: string[],
  text: string,
  at: Moment,
  clock: Clock,
): Promise<QueryAnswer> {
  await noSuchNet(broker, net);
  const past = await pastOf(broker, net, at);
  const now = at.kind === "time" ? at.ms : Date.parse(past.last?.ts ?? "") || 0;
  const all: Candidate[] = [];
  for (const place of places) for (const { token } of await tokensThen(broker, past, place)) all.push({ token, place });
  const began = clock.now();
  return answerOf(compileQuery(text), all, now, Number.POSITIVE_INFINITY, () => clock.now() - began > PAST_MS);
}
