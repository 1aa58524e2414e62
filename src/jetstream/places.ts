/**
 * Place streams: what a net's places show to eyes and to readers outside (E5). They follow the log and decide nothing.
 * A change publishes first and removes then, so an id that stands on both sides is gone afterwards.
 */
import type { PlaceChange, PlaceLayout, PlaceSpec, PlaceStreams } from "../contract/broker.ts";
import { PetrelError, Retryable } from "../contract/errors.ts";
import { streams, subjects } from "../contract/subjects.ts";
import { apiCodes, isApiCode } from "./jetstream-api.ts";
import type { Keeping } from "./keeping.ts";
import type { Link } from "./link.ts";
import { otherLayout, ownConfig, sharedConfig } from "./place-config.ts";
import { type LaneMessage, PlaceLane } from "./place-lane.ts";
import { declareRebuildable } from "./rebuild.ts";
import { declareStream, deleteStream, type StreamInfo, silentStreams, streamInfo, streamNames } from "./streams.ts";
import { windowed } from "./windowed.ts";

const STREAMS_AT_ONCE = 16;
const DECLARATIONS_IN_FLIGHT = 16;

export class JetStreamPlaces implements PlaceStreams {
  readonly #link: Link;
  readonly #net: string;
  readonly #keeping: Keeping;
  /** Null in a client that only reads, until it has found the streams. */
  #layout: PlaceLayout | null = null;
  readonly #lanes = new Map<string, PlaceLane>();

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
    if (this.#layout !== layout) this.#lanes.clear();
    this.#layout = layout;
    if (layout === "shared") {
      this.#declared("", await declareStream(this.#link, sharedConfig(this.#net, places, this.#keeping)));
      return;
    }
    await windowed(places, DECLARATIONS_IN_FLIGHT, async (spec) => {
      const { info } = await declareRebuildable(this.#link, this.#keeping, ownConfig(spec, this.#keeping));
      this.#declared(spec.place, info);
    });
  }

  /** An empty stream is known whole at once: a net that has just begun need not be looked at place by place. */
  #declared(place: string, { config, state }: StreamInfo): void {
    if (state.messages > 0 || this.#lanes.has(config.name)) return;
    this.#lane(place).look(new Set(), state.last_seq);
  }

  async update(change: PlaceChange, options: { later?: boolean } = {}): Promise<void> {
    const gone = new Map<string, Set<string>>();
    const changes = new Map<string, { add: LaneMessage[]; remove: string[]; place: string }>();
    const of = (place: string) => remembered(changes, this.#streamOf(place), () => ({ add: [], remove: [], place }));
    for (const { place, id } of change.remove) {
      remembered(gone, place, () => new Set<string>()).add(id);
      of(place).remove.push(this.#keyOf(place, id));
    }
    for (const { place, token } of change.add)
      if (!gone.get(place)?.has(token.id)) of(place).add.push({ key: this.#keyOf(place, token.id), token });
    // Removals that were put off wait in their lanes.
    if (!options.later)
      for (const [stream, lane] of this.#lanes) if (lane.waits) remembered(changes, stream, () => ({ add: [], remove: [], place: "" }));
    await windowed([...changes], STREAMS_AT_ONCE, async ([stream, { add, remove, place }]) => {
      const lane = this.#lanes.get(stream) ?? this.#lane(place);
      try {
        await lane.publish(add);
        await lane.remove(remove, options.later ?? false);
      } catch (error) {
        lane.forget();
        const missing = isApiCode(error, apiCodes.streamNotFound) || (error instanceof PetrelError && error.code === "no-responders");
        throw missing ? missingPlace(this.#net, place) : error;
      }
    });
  }

  async ids(place: string): Promise<Set<string>> {
    const ids = new Set<string>();
    let last: number | null = null;
    for (;;) {
      // The server hands out at most 100,000 subjects a page; `total` counts them all.
      const info = await this.#info(place, { subjects_filter: subjects.tokens(this.#net, place), offset: ids.size });
      if (info === null) throw missingPlace(this.#net, place);
      last ??= info.state.last_seq;
      const page = Object.keys(info.state.subjects ?? {});
      for (const subject of page) ids.add(subject.slice(subject.lastIndexOf(".") + 1));
      if (page.length === 0 || ids.size >= (info.total ?? 0)) break;
    }
    this.#looked(place, ids, last);
    return ids;
  }

  async silent(): Promise<string[]> {
    return this.#keeping.num_replicas === 1 ? [] : await silentStreams(this.#link, subjects.tokensAll(this.#net));
  }

  /** A stream of many places is not known whole by a look at one of them. */
  #looked(place: string, ids: ReadonlySet<string>, last: number): void {
    if (this.#layout !== "own") return;
    this.#lane(place).look(ids, last);
  }

  /** In a stream of one place an id is enough, and is there already: of 100,000 tokens their subjects would be 6 MB. */
  #keyOf(place: string, id: string): string {
    return this.#layout === "shared" ? `${place}.${id}` : id;
  }

  #lane(place: string): PlaceLane {
    const stream = this.#streamOf(place);
    const under = this.#layout === "shared" ? subjects.tokensUnder(this.#net) : subjects.token(this.#net, place, "");
    return remembered(this.#lanes, stream, () => new PlaceLane(this.#link, stream, under));
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
}

function remembered<T>(known: Map<string, T>, key: string, make: () => T): T {
  const value = known.get(key) ?? make();
  known.set(key, value);
  return value;
}

const streamOf = (net: string, place: string, layout: PlaceLayout) =>
  layout === "shared" ? streams.places(net) : streams.place(net, place);

const missingPlace = (net: string, place: string) =>
  new Retryable({ code: "place-stream-missing", message: `the stream of place ${place} of net ${net} is not on the broker`, where: place });
