/** Waiting for what comes of a token, woken by the log itself. */

import { entryAfter } from "../../client/log-positions.ts";
import type { Token } from "../../contract/token.ts";
import { compileQuery, runQuery } from "../../net/arcql.ts";
import type { McpPorts } from "./ports.ts";

export interface Wanted {
  net: string;
  /** Id and event number of the token that was put. */
  id: string;
  seq: number;
  place?: string | undefined;
  where?: string | undefined;
  seconds: number;
}

/** The first token of the same story that lies where it is asked for; null when there is none in time. Errors: Terminal `expression-syntax`. */
export async function waitForAnswer(
  { broker, clock, stopping }: McpPorts,
  wanted: Wanted,
  gone: AbortSignal,
): Promise<{ place: string; token: Token; seq: number } | null> {
  const query = wanted.where === undefined ? null : compileQuery(`FROM $ WHERE ${wanted.where}`);
  const fits = (place: string, token: Token) =>
    (wanted.place === undefined || wanted.place === place) && (query === null || runQuery(query, [{ token, place }]).length > 0);
  const over = new AbortController();
  const timer = clock.after(wanted.seconds * 1000, () => over.abort());
  const from = await entryAfter(broker, wanted.net, wanted.seq - 1);
  let correlation: string | null = null;
  try {
    for await (const entry of broker.log(wanted.net).follow(from - 1, AbortSignal.any([over.signal, gone, stopping]))) {
      for (const { seq, produced } of entry.events) {
        for (const { place, token } of produced ?? []) {
          if (token.id === wanted.id) correlation = token.correlation;
          else if (token.correlation === correlation && fits(place, token)) return { place, token, seq };
        }
      }
    }
    return null;
  } finally {
    timer.cancel();
  }
}
