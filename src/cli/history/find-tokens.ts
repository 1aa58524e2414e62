/** Where a query finds its tokens: at the owner of the running net, or in the log as it was. */
import { pastOf } from "../../actors/past.ts";
import type { Broker } from "../../contract/broker.ts";
import type { Json } from "../../contract/json.ts";
import type { Token } from "../../contract/token.ts";
import { type Candidate, type CompiledQuery, compileQuery, runQuery } from "../../net/arcql.ts";
import type { Moment } from "../../net/moment.ts";
import { readAnswer, tokensAnswer } from "../answers.ts";
import { askNet } from "../ask.ts";
import { noSuchNet } from "../known-nets.ts";
import { tokensThen } from "./past.ts";

/** What an owner gives when the query names no limit. */
const OWNER_LIMIT = 100;

export interface Found {
  tokens: Candidate[];
  /** How many match in all places; the owner gives no more than its limit. */
  total: number;
  /** What `now()` is to the query, ms since the epoch. */
  now: number;
}

export async function findRunning(broker: Broker, net: string, places: string[], text: string, now: number): Promise<Found> {
  const query = compileQuery(text);
  const all: Candidate[] = [];
  let total = 0;
  // Whole tokens: what SELECT leaves out may be needed to put the places in one order.
  const whole = withoutSelect(query, text);
  for (const place of places) {
    const body: { [key: string]: Json } = { place, query: whole };
    if ((query.limit ?? 0) > OWNER_LIMIT) body.limit = query.limit ?? null;
    const answer = readAnswer(tokensAnswer, await askNet(broker, net, "tokens", body), "tokens");
    all.push(...answer.tokens.map((token) => ({ token: token as unknown as Token, place })));
    total += answer.total;
  }
  const tokens = places.length === 1 ? all : runQuery(query, all, undefined, now);
  return { tokens, total: Math.min(total, query.limit ?? total), now };
}

/** The clock of the past is that of the event that led there. Errors: those of `pastOf` and `tokensThen`. */
export async function findPast(broker: Broker, net: string, places: string[], text: string, at: Moment): Promise<Found> {
  await noSuchNet(broker, net);
  const past = await pastOf(broker, net, at);
  const now = at.kind === "time" ? at.ms : Date.parse(past.last?.ts ?? "") || 0;
  const all: Candidate[] = [];
  for (const place of places) for (const { token } of await tokensThen(broker, past, place)) all.push({ token, place });
  const tokens = runQuery(compileQuery(text), all, undefined, now);
  return { tokens, total: tokens.length, now };
}

/** The query from its FROM on. A FROM inside a text of the SELECT begins nothing that parses. */
function withoutSelect(query: CompiledQuery, text: string): string {
  if (!query.select) return text;
  for (const { index } of text.matchAll(/\bFROM\b/gi)) {
    const rest = text.slice(index);
    try {
      if (!compileQuery(rest).select) return rest;
    } catch {
      // Not this one.
    }
  }
  return text;
}
