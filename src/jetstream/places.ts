/**
 * Place streams: what a net's places show to eyes and to readers outside (E5). They follow the log and decide nothing.
 * A change publishes first and removes then, so an id that stands on both sides is gone afterwards.
 */
import type { PlaceLayout, PlaceSpec, PlaceStreams } from "../contract/broker.ts";
import { PetrelError, Retryable } from "../contract/errors.ts";
import { streams, subjects } from "../contract/subjects.ts";
import type { Token } from "../contract/token.ts";
import { apiCodes, isApiCode, publishAcked } from "./jetstream-api.ts";
import type { Keeping } from "./keeping.ts";
import type { Link } from "./link.ts";
import { otherLayout, ownConfig, sharedConfig } from "./place-config.ts";
import { declareRebuildable } from "./rebuild.ts";
import { declareStream, deleteStream, purgeStream, type StreamInfo, streamInfo, streamNames } from "./streams.ts";
import { windowed } from "./windowed.ts";

const PUBLISHES_IN_FLIGHT = 500;
const API_CALLS_IN_FLIGHT = 200;
const DECLARATIONS_IN_FLIGHT = 16;

export class JetStreamPlaces implements PlaceStreams {
  readonly #link: Link;
  readonly #net: string;
  readonly #keeping: Keeping;
  /** Null in a client that only reads, until it has found the streams. */
  #layout: PlaceLayout | null = null;

  constructor(link: Link, net: string, keeping: Keeping) {
    this.#link = link;
    this.#net = net;
    this.#keeping = keeping;
  }

  async declare(places: PlaceSpec[], layout: PlaceLayout = "own"): Promise<void> {
    const there = await streamNames(this.#link, subjects.tokensAll(this.#net));
    // Their subjects overlap with those of the other layout, so both cannot stand.
    const others = there.filter((name) => otherLayout(this.#net, name, layout));
    await windowed(others, DECLARATIONS_IN_FLIGHT, (name) => deleteStream(this.#link, name));
    this.#layout = layout;
    if (layout === "shared") {
      await declareStream(this.#link, sharedConfig(this.#net, places, this.#keeping));
      return;
    }
    await windowed(places, DECLARATIONS_IN_FLIGHT, async (spec) => {
      await declareRebuildable(this.#link, this.#keeping, ownConfig(spec, this.#keeping));
    });
  }

  async update(change: { add: { place: string; token: Token }[]; remove: { place: string; id: string }[] }): Promise<void> {
    const gone = new Set(change.remove.map(({ place, id }) => subjects.token(this.#net, place, id)));
    const add = change.add.filter(({ place, token }) => !gone.has(subjects.token(this.#net, place, token.id)));
    await windowed(add, PUBLISHES_IN_FLIGHT, async ({ place, token }) => {
      await this.#there(place, () => publishAcked(this.#link, subjects.token(this.#net, place, token.id), JSON.stringify(token)));
    });
    await windowed(change.remove, API_CALLS_IN_FLIGHT, async ({ place, id }) => {
      await this.#there(place, () => purgeStream(this.#link, this.#streamOf(place), { filter: subjects.token(this.#net, place, id) }));
    });
  }

  async ids(place: string): Promise<Set<string>> {
    const ids = new Set<string>();
    for (;;) {
      // The server hands out at most 100,000 subjects a page; `total` counts them all.
      const info = await this.#info(place, { subjects_filter: subjects.tokens(this.#net, place), offset: ids.size });
      if (info === null) throw missingPlace(this.#net, place);
      const page = Object.keys(info.state.subjects ?? {});
      for (const subject of page) ids.add(subject.slice(subject.lastIndexOf(".") + 1));
      if (page.length === 0 || ids.size >= (info.total ?? 0)) return ids;
    }
  }

  /** A reader looks where the place was last, and then in the other layout: an edit may have changed it. */
  async #info(place: string, query: { subjects_filter: string; offset: number }): Promise<StreamInfo | null> {
    const info = await streamInfo(this.#link, this.#streamOf(place), query);
    if (info !== null) return info;
    const other = this.#layout === "shared" ? "own" : "shared";
    const found = await streamInfo(this.#link, streamOf(this.#net, place, other), query);
    if (found !== null) this.#layout = other;
    return found;
  }

  #streamOf(place: string): string {
    return streamOf(this.#net, place, this.#layout ?? "own");
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

const streamOf = (net: string, place: string, layout: PlaceLayout) =>
  layout === "shared" ? streams.places(net) : streams.place(net, place);

const missingPlace = (net: string, place: string) =>
  new Retryable({ code: "place-stream-missing", message: `the stream of place ${place} of net ${net} is not on the broker`, where: place });
