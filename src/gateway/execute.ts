/**
 * The call that waits: a token goes in, and the answer is the token of the same correlation that comes to rest where it was asked for.
 * Woken by the log itself. What is not there in time is asked for again under a ticket that says all, so any gateway can answer it.
 */
import * as z from "zod";
import { Terminal } from "../contract/errors.ts";
import type { NetEvent } from "../contract/event.ts";
import type { Token } from "../contract/token.ts";
import { compileQuery, runQuery } from "../net/arcql.ts";
import type { House } from "./api.ts";

export const untilSchema = z
  .object({ place: z.string().optional(), where: z.string().max(10_000).optional() })
  .refine(({ place, where }) => place !== undefined || where !== undefined, "place, where, or both")
  .describe("the token that is the answer: where it lies, and an ArcQL condition on it");
export type Until = z.output<typeof untilSchema>;

export interface Ticket {
  /** Number of the event that took the token in. */
  seq: number;
  id: string;
  until: Until;
}
const ticketSchema = z.object({ seq: z.int().min(1), id: z.string(), until: untilSchema });

export const ticketText = (ticket: Ticket): string => Buffer.from(JSON.stringify(ticket)).toString("base64url");
/** Errors: Terminal `no-such-ticket`. */
export function readTicket(text: string): Ticket {
  try {
    return ticketSchema.parse(JSON.parse(Buffer.from(text, "base64url").toString("utf8")));
  } catch {
    throw new Terminal({ code: "no-such-ticket", message: "the address names no execution", hint: "it is the `url` of a 202 answer" });
  }
}

export interface Outcome {
  place: string;
  token: Token;
  /** Number of the event that made it. */
  seq: number;
}

/** Throws what makes no sense before anything is put in. Errors: those of the query's parser. */
export function untilTest(until: Until): (place: string, token: Token) => boolean {
  const query = until.where === undefined ? null : compileQuery(`FROM $ WHERE ${until.where}`);
  return (place, token) =>
    (until.place === undefined || until.place === place) && (query === null || runQuery(query, [{ token, place }]).length > 0);
}

/** Null when it is not there within `waitMs`, or the caller is gone. */
export async function outcomeOf(house: House, net: string, ticket: Ticket, waitMs: number, gone: AbortSignal): Promise<Outcome | null> {
  const over = new AbortController();
  const timer = house.clock.after(waitMs, () => over.abort());
  const fits = untilTest(ticket.until);
  let correlation: string | null = null;
  try {
    for await (const event of house.feeds.of(net).from(ticket.seq - 1, AbortSignal.any([over.signal, gone, house.stopping]))) {
      correlation ??= correlationIn(event, ticket.id);
      const made = correlation === null ? undefined : answerIn(event, ticket.id, correlation, fits);
      if (made) return { ...made, seq: event.seq };
    }
    return null;
  } finally {
    timer.cancel();
  }
}

function correlationIn(event: NetEvent, id: string): string | null {
  return event.produced?.find(({ token }) => token.id === id)?.token.correlation ?? null;
}

function answerIn(
  event: NetEvent,
  id: string,
  correlation: string,
  fits: (place: string, token: Token) => boolean,
): { place: string; token: Token } | undefined {
  return event.produced?.find(({ place, token }) => token.id !== id && token.correlation === correlation && fits(place, token));
}
