/** How tokens come in from outside: put, answered after the commit, and the letter box (E6). */
import { headers, type MsgHdrs } from "@nats-io/transport-node";
import type { Delivery, Door, PutAnswer, Serving } from "../contract/broker.ts";
import { errorData } from "../contract/errors.ts";
import { headerNames, streams, subjects } from "../contract/subjects.ts";
import { askOwner, lastToken, serve } from "./answering.ts";
import { apiCodes, isApiCode } from "./jetstream-api.ts";
import type { Keeping } from "./keeping.ts";
import type { Link } from "./link.ts";
import { persist } from "./retry.ts";
import { declareStream, purgeStream, streamInfo } from "./streams.ts";
import { tail } from "./tail.ts";

const PUT_TIMEOUT_MS = 15_000;

export function jetStreamDoor(link: Link, keeping: Keeping): Door {
  return {
    servePut: async (net, handle) =>
      serve(link, subjects.putAll(net), async (msg) => {
        const put = msg.headers?.get(headerNames.token) ?? "";
        const delivery: Delivery = {
          place: lastToken(msg.subject),
          payload: msg.data,
          by: who(msg.headers?.get(headerNames.by)),
          ...(put ? { put } : {}),
        };
        const answer = await handle(delivery).catch((error: unknown): PutAnswer => ({ ok: false, error: errorData(error) }));
        return JSON.stringify(answer);
      }),

    put: async (net, place, payload, options) => {
      const call = { timeoutMs: options?.timeoutMs ?? PUT_TIMEOUT_MS, ...marksOf(options) };
      return (await askOwner(link, subjects.put(net, place), payload, `net ${net}`, call)).json<PutAnswer>();
    },

    openLetterBox: (net, places, after, take) => openLetterBox(link, keeping, net, places, after, take),

    purgeLetters: async (net, upTo) => {
      try {
        const box = await persist(link, 3, () => streamInfo(link, streams.letterBox(net)));
        if (box?.created !== upTo.created) return;
        await persist(link, 3, () => purgeStream(link, streams.letterBox(net), { seq: upTo.seq + 1 }));
      } catch (error) {
        if (!isApiCode(error, apiCodes.streamNotFound)) throw error;
      }
    },
  };
}

/** Empty headers are still headers: both sides would parse them. */
function marksOf(options: { token?: string; by?: string } = {}): { headers?: MsgHdrs } {
  if (!options.token && !options.by) return {};
  const marks = headers();
  if (options.token) marks.set(headerNames.token, options.token);
  if (options.by) marks.set(headerNames.by, options.by);
  return { headers: marks };
}

/** What a caller says of itself, cut to what fits a line. */
function who(said: string | undefined): string {
  return said?.replace(/\s+/g, " ").trim().slice(0, 128) || "put";
}

async function openLetterBox(
  link: Link,
  keeping: Keeping,
  net: string,
  places: string[],
  after: () => { created: string; seq: number } | null,
  take: (delivery: Delivery) => void,
): Promise<Serving> {
  const stream = streams.letterBox(net);
  const open = new Set(places);
  const closing = new AbortController();
  const strays = strayLetters(link, net, open, take);
  if (places.length === 0 && (await streamInfo(link, stream)) === null) return strays;
  const declare = () =>
    declareStream(link, {
      name: stream,
      subjects: places.length > 0 ? places.map((place) => subjects.letter(net, place)) : [subjects.noLetters(net)],
      retention: "limits",
      ...keeping,
      allow_direct: true,
      description: `Letter box of net ${net}: publish JSON to place.${net}.<place>. A letter lies here until the net's log has it.`,
      metadata: { net, role: "letter-box" },
    });
  let info = await declare();
  /** Somebody has deleted it: letters would find nobody. */
  const away = async () => {
    const before = info.created;
    info = await declare();
    return info.created !== before;
  };
  const known = after();
  // A stream that was made anew counts from 1 again: the old mark says nothing of it.
  const from = known && known.created === info.created ? known.seq : 0;
  const reading = (async () => {
    for await (const message of tail(link, stream, from, subjects.letterAll(net), closing.signal, away)) {
      const letter = { created: info.created, seq: message.seq };
      take({ place: lastToken(message.subject), payload: message.data, letter, by: "letter" });
    }
  })();
  return {
    stop: async () => {
      closing.abort();
      await strays.stop();
      await reading;
    },
  };
}

/** Letters to places that are closed or unknown are stored nowhere; the owner hears them while it is there, and can say so. */
function strayLetters(link: Link, net: string, open: Set<string>, take: (delivery: Delivery) => void): Serving {
  return link.subscribe(subjects.letterAll(net), (msg) => {
    const place = lastToken(msg.subject);
    if (!open.has(place)) take({ place, payload: msg.data, by: "letter" });
  });
}
