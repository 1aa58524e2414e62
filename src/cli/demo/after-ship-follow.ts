/** What happens in both nets, until somebody was told, or it cannot go on. */
import type { Broker } from "../../contract/broker.ts";
import type { NetEvent } from "../../contract/event.ts";
import { isJsonObject, type JsonObject } from "../../contract/json.ts";
import { TEAM, WATCH } from "./after-ship-nets.ts";

/** Where tokens end, by net and place. */
const STUCK = new Set([
  `${WATCH}/trouble`,
  `${WATCH}/rejected`,
  `${WATCH}/dead-letter`,
  `${TEAM}/escalations`,
  `${TEAM}/rejected`,
  `${TEAM}/dead-letter`,
]);

export interface Course {
  events: NetEvent[];
  /** Data of tokens by `net/place`, in the order in which they came. */
  tokens: Map<string, JsonObject[]>;
}

export type CourseEnd = "reached" | "stuck" | "paused" | "cancelled";

export class CourseWatch {
  readonly course: Course = { events: [], tokens: new Map() };
  readonly #broker: Broker;
  readonly #signal: AbortSignal;
  readonly #see: (event: NetEvent) => void;
  #stuck: CourseEnd | null = null;
  #look: () => void = () => {};
  readonly #ending = new AbortController();
  readonly #following: Promise<void>;

  constructor(broker: Broker, see: (event: NetEvent) => void, signal: AbortSignal) {
    this.#broker = broker;
    this.#see = see;
    this.#signal = AbortSignal.any([signal, this.#ending.signal]);
    this.#following = Promise.all([this.#follow(WATCH), this.#follow(TEAM)]).then(() => {});
    this.#following.catch(() => {});
  }

  tokens(net: string, place: string): JsonObject[] {
    return this.course.tokens.get(`${net}/${place}`) ?? [];
  }

  /** Settles when so many tokens have come to a place, or nothing will come of it any more. */
  until(net: string, place: string, count: number): Promise<CourseEnd> {
    return new Promise((resolve, reject) => {
      this.#look = () => {
        if (this.tokens(net, place).length >= count) resolve("reached");
        else if (this.#stuck) resolve(this.#stuck);
        else if (this.#signal.aborted) resolve("cancelled");
      };
      this.#signal.addEventListener("abort", () => this.#look(), { once: true });
      this.#following.catch(reject);
      this.#look();
    });
  }

  async end(): Promise<void> {
    this.#ending.abort();
    await this.#following.catch(() => {});
  }

  async #follow(net: string): Promise<void> {
    for await (const entry of this.#broker.log(net).follow(0, this.#signal)) {
      for (const event of entry.events) this.#note(net, event);
      this.#look();
    }
  }

  #note(net: string, event: NetEvent): void {
    this.course.events.push(event);
    this.#see(event);
    if (event.type === "paused" && event.attributes?.code !== undefined) this.#stuck = "paused";
    if (event.type === "started" || event.type === "gated" || (event.type === "failed" && event.attributes?.final !== true)) return;
    for (const { place, token } of event.produced ?? []) {
      const at = `${net}/${place}`;
      if (!isJsonObject(token.data)) continue;
      this.course.tokens.set(at, [...(this.course.tokens.get(at) ?? []), token.data]);
      if (STUCK.has(at)) this.#stuck ??= "stuck";
    }
  }
}
