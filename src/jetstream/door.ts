/** How tokens come in from outside: put, answered after the commit, and the letter box (E6). */
import { headers, type MsgHdrs } from "@nats-io/transport-node";
import type { Delivery, Door, PutAnswer } from "../contract/broker.ts";
import { errorData, PetrelError } from "../contract/errors.ts";
import type { Serving } from "../contract/serving.ts";
import { headerNames, streams, subjects } from "../contract/subjects.ts";
import { askOwner, lastToken, serve } from "./answering.ts";
import { apiCodes, isApiCode } from "./jetstream-api.ts";
import { type Keeping, onOneServer } from "./keeping.ts";
import type { Link } from "./link.ts";
import { pause, persist } from "./retry.ts";
import { declareStream, purgeStream, type StreamConfig, streamInfo } from "./streams.ts";
import { tail } from "./tail.ts";

const PUT_TIMEOUT_MS = 15_000;
/** In a cluster, for the server of the letter box; and between two tries while it is away. */
const ANSWER_MS = 3000;
const AGAIN_MS = 5000;

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

/**
 * Others than masters write here, and one header of theirs can ruin a stream of several replicas for good: it lies on one server. While
 * that is away its letters wait there, and the owner does everything else.
 */
async function openLetterBox(
  link: Link,
  keeping: Keeping,
  net: string,
  places: string[],
  after: () => { created: string; seq: number } | null,
  take: (delivery: Delivery) => void,
): Promise<Serving> {
  const stream = streams.letterBox(net);
  const isOneOfMany = keeping.num_replicas > 1;
  const open = new Set(places);
  const closing = new AbortController();
  const strays = strayLetters(link, net, open, take);
  const orSilent = (error: unknown) => {
    if (isOneOfMany && isSilence(error)) return undefined;
    throw error;
  };
  if (places.length === 0 && (await streamInfo(link, stream).catch(orSilent)) === null) return strays;
  const config = letterBoxConfig(net, places, keeping);
  const declare = () => declareStream(link, config, isOneOfMany ? ANSWER_MS : undefined, true);
  const first = await declare().catch(orSilent);
  const reading = (async () => {
    let info = first;
    while (info === undefined && !closing.signal.aborted) {
      await pause(link.clock, AGAIN_MS, closing.signal).catch(() => undefined);
      info = closing.signal.aborted ? undefined : await declare().catch(() => undefined);
    }
    if (info === undefined) return;
    let box = info;
    /** Somebody has deleted it: letters would find nobody. */
    const away = async () => {
      const before = box.created;
      box = await declare();
      return box.created !== before;
    };
    const known = after();
    // A stream that was made anew counts from 1 again: the old mark says nothing of it.
    const from = known && known.created === box.created ? known.seq : 0;
    for await (const message of tail(link, stream, from, subjects.letterAll(net), closing.signal, away)) {
      const letter = { created: box.created, seq: message.seq };
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

function letterBoxConfig(net: string, places: string[], keeping: Keeping): StreamConfig {
  return {
    name: streams.letterBox(net),
    subjects: places.length > 0 ? places.map((place) => subjects.letter(net, place)) : [subjects.noLetters(net)],
    retention: "limits",
    ...onOneServer(keeping),
    allow_direct: true,
    description: `Letter box of net ${net}: publish JSON to place.${net}.<place>. A letter lies here until the net's log has it.`,
    metadata: { net, role: "letter-box" },
  };
}

const isSilence = (error: unknown) => error instanceof PetrelError && error.code === "no-answer";

/** Letters to places that are closed or unknown are stored nowhere; the owner hears them while it is there, and can say so. */
function strayLetters(link: Link, net: string, open: Set<string>, take: (delivery: Delivery) => void): Serving {
  return link.subscribe(subjects.letterAll(net), (msg) => {
    const place = lastToken(msg.subject);
    if (!open.has(place)) take({ place, payload: msg.data, by: "letter" });
  });
}
