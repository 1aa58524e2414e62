/** Tokens above the limit lay their data in the artefact store, so that an entry always fits. */
import type { Artifacts } from "../../contract/broker.ts";
import { type Clock, delay } from "../../contract/clock.ts";
import type { EventDraft } from "../../contract/event.ts";
import type { Json } from "../../contract/json.ts";
import type { Logger } from "../../contract/logger.ts";
import { TOKEN_DATA_LIMIT } from "../../contract/token.ts";

/** Bytes of data that the tokens of one event may carry together. */
const EVENT_DATA_LIMIT = 256 * 1024;
/** A reference is about this long: nothing is won by storing less. */
const WORTH_STORING = 512;
const AGAIN_MS = 1000;

export async function fitTokens(draft: EventDraft, artifacts: Artifacts): Promise<EventDraft> {
  const stored = new Map<string, Json>();
  for (const { id, text } of tooBig(draft)) stored.set(id, { ...(await artifacts.put(Buffer.from(text), "application/json")) });
  return withStored(draft, stored);
}

interface FitPorts {
  artifacts: Artifacts;
  clock: Clock;
  logger: Logger;
  isOver(): boolean;
  again(transition: string): void;
}

/** The same for decisions, which cannot wait: the event comes again, with the same token ids, when its data lies in the store. */
export class TokenFit {
  readonly #ports: FitPorts;
  readonly #stored = new Map<string, Json>();
  readonly #storing = new Set<string>();

  constructor(ports: FitPorts) {
    this.#ports = ports;
  }

  fit(draft: EventDraft): EventDraft | null {
    const big = tooBig(draft);
    if (big.length === 0) return draft;
    if (big.some(({ id }) => !this.#stored.has(id))) {
      void this.#store(draft, big);
      return null;
    }
    const fitting = withStored(draft, this.#stored);
    for (const { id } of big) this.#stored.delete(id);
    return fitting;
  }

  async #store(draft: EventDraft, big: { id: string; text: string }[]): Promise<void> {
    const { artifacts, clock, logger, isOver, again } = this.#ports;
    const key = draft.firing ?? "";
    if (this.#storing.has(key)) return;
    this.#storing.add(key);
    for (const { id, text } of big) {
      while (!isOver() && !this.#stored.has(id)) {
        try {
          this.#stored.set(id, { ...(await artifacts.put(Buffer.from(text), "application/json")) });
        } catch (error) {
          logger.warn({ err: error, firing: key }, "a big token could not be stored yet");
          await delay(clock, AGAIN_MS);
        }
      }
    }
    this.#storing.delete(key);
    if (!isOver()) again(draft.transition ?? "");
  }
}

/** Each token over its own limit, then the biggest until the event fits. */
function tooBig(draft: EventDraft): { id: string; text: string }[] {
  const produced = draft.produced ?? [];
  let left = TOKEN_DATA_LIMIT;
  for (const { token } of produced) if (left > 0) left -= atMost(token.data, left);
  if (left > 0) return [];
  const sized = produced.map(({ token }) => {
    const text = JSON.stringify(token.data);
    return { id: token.id, text, bytes: Buffer.byteLength(text) };
  });
  let total = sized.reduce((sum, { bytes }) => sum + bytes, 0);
  if (total <= TOKEN_DATA_LIMIT) return [];
  const chosen = [];
  for (const each of sized.sort((a, b) => b.bytes - a.bytes)) {
    if (each.bytes <= TOKEN_DATA_LIMIT && (total <= EVENT_DATA_LIMIT || each.bytes <= WORTH_STORING)) break;
    total -= each.bytes;
    chosen.push(each);
  }
  return chosen;
}

/** Bytes that the value surely stays under as JSON, counted no further than `enough`: cheaper than writing it down. */
function atMost(value: Json, enough: number): number {
  if (typeof value === "string") return value.length * 6 + 2;
  if (typeof value !== "object" || value === null) return 24;
  // More than the brackets: what is nested deep is counted no deeper than the stack goes.
  let bytes = 32;
  for (const key in value) {
    bytes += key.length * 6 + 4 + atMost((value as { [key: string]: Json })[key] as Json, enough - bytes);
    if (bytes > enough) break;
  }
  return bytes;
}

function withStored(draft: EventDraft, stored: ReadonlyMap<string, Json>): EventDraft {
  if (!draft.produced || stored.size === 0) return draft;
  const produced = draft.produced.map(({ place, token }) => {
    const data = stored.get(token.id);
    return { place, token: data === undefined ? token : { ...token, data } };
  });
  return { ...draft, produced };
}
