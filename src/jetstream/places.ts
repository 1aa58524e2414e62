/**
 * Place streams: what a net's places show to eyes and to readers outside (E5). They follow the log and decide nothing.
 * A change publishes first and removes then, so an id that stands on both sides is gone afterwards.
 */
import type { PlaceSpec, PlaceStreams } from "../contract/broker.ts";
import { PetrelError, Retryable } from "../contract/errors.ts";
import { streams, subjects } from "../contract/subjects.ts";
import type { Token } from "../contract/token.ts";
import { apiCodes, isApiCode, publishAcked } from "./jetstream-api.ts";
import type { Link } from "./link.ts";
import type { StreamConfig } from "./streams.ts";
import { declareStream, purgeStream, streamInfo } from "./streams.ts";
import { windowed } from "./windowed.ts";

const PUBLISHES_IN_FLIGHT = 500;
const API_CALLS_IN_FLIGHT = 200;
const DECLARATIONS_IN_FLIGHT = 16;

export class JetStreamPlaces implements PlaceStreams {
  readonly #link: Link;
  readonly #net: string;
  readonly #storage: "file" | "memory";

  constructor(link: Link, net: string, storage: "file" | "memory") {
    this.#link = link;
    this.#net = net;
    this.#storage = storage;
  }

  async declare(places: PlaceSpec[]): Promise<void> {
    await windowed(places, DECLARATIONS_IN_FLIGHT, async (spec) => {
      await declareStream(this.#link, placeConfig(spec, this.#storage));
    });
  }

  async update(change: { add: { place: string; token: Token }[]; remove: { place: string; id: string }[] }): Promise<void> {
    const gone = new Set(change.remove.map(({ place, id }) => subjects.token(this.#net, place, id)));
    const add = change.add.filter(({ place, token }) => !gone.has(subjects.token(this.#net, place, token.id)));
    await windowed(add, PUBLISHES_IN_FLIGHT, async ({ place, token }) => {
      await this.#there(place, () => publishAcked(this.#link, subjects.token(this.#net, place, token.id), JSON.stringify(token)));
    });
    await windowed(change.remove, API_CALLS_IN_FLIGHT, async ({ place, id }) => {
      await this.#there(place, () =>
        purgeStream(this.#link, streams.place(this.#net, place), { filter: subjects.token(this.#net, place, id) }),
      );
    });
  }

  async ids(place: string): Promise<Set<string>> {
    const ids = new Set<string>();
    for (;;) {
      // The server hands out at most 100,000 subjects a page; `total` counts them all.
      const query = { subjects_filter: subjects.tokens(this.#net, place), offset: ids.size };
      const info = await streamInfo(this.#link, streams.place(this.#net, place), query);
      if (info === null) throw missingPlace(this.#net, place);
      const page = Object.keys(info.state.subjects ?? {});
      for (const subject of page) ids.add(subject.slice(subject.lastIndexOf(".") + 1));
      if (page.length === 0 || ids.size >= (info.total ?? 0)) return ids;
    }
  }

  /** A stream that was deleted by hand is an error that a new declaration cures. */
  async #there(place: string, work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const missing = isApiCode(error, apiCodes.streamNotFound) || (error instanceof PetrelError && error.code === "no-responders");
      throw missing ? missingPlace(this.#net, place) : error;
    }
  }
}

function placeConfig(spec: PlaceSpec, storage: "file" | "memory"): StreamConfig {
  const { net, place, title, capacity, open } = spec;
  return {
    name: streams.place(net, place),
    subjects: [subjects.tokens(net, place)],
    retention: "limits",
    storage,
    // The log is the truth, so a place need not be synced at each message; memory streams know no such mode.
    ...(storage === "file" ? { persist_mode: "async" as const } : {}),
    max_msgs_per_subject: 1,
    allow_direct: true,
    description: `Place ${place} of net ${net}${title ? `: ${title}` : ""}. One message is one token at rest; look, do not publish here.`,
    metadata: { net, place, role: "place", capacity: capacity === null ? "none" : String(capacity), open: String(open) },
  };
}

const missingPlace = (net: string, place: string) =>
  new Retryable({ code: "place-stream-missing", message: `the stream of place ${place} of net ${net} is not on the broker`, where: place });
