/** Tokens above the limit lay their largest fields in the artefact store, so that an entry always fits. */
import type { Artifacts } from "../../contract/broker.ts";
import { type Clock, delay } from "../../contract/clock.ts";
import type { EventDraft } from "../../contract/event.ts";
import type { Json } from "../../contract/json.ts";
import type { Logger } from "../../contract/logger.ts";
import { EVENT_DATA_LIMIT, TOKEN_DATA_LIMIT, WORTH_STORING } from "../../contract/token.ts";
import { cutLargeFields, type StoredPart, sizeOf } from "../../net/large-fields.ts";

const AGAIN_MS = 1000;

export async function fitTokens(draft: EventDraft, artifacts: Artifacts): Promise<EventDraft> {
  const fitting = fitted(draft);
  for (const { ref, bytes } of fitting.parts) await artifacts.put(bytes, ref.type);
  return fitting.draft;
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
  /** Artefacts that lie there for an event that comes again. */
  readonly #stored = new Set<string>();
  readonly #storing = new Set<string>();

  constructor(ports: FitPorts) {
    this.#ports = ports;
  }

  fit(draft: EventDraft): EventDraft | null {
    const { draft: fitting, parts } = fitted(draft);
    if (parts.some(({ ref }) => !this.#stored.has(ref.$artifact))) {
      void this.#store(draft, parts);
      return null;
    }
    for (const { ref } of parts) this.#stored.delete(ref.$artifact);
    return fitting;
  }

  async #store(draft: EventDraft, parts: StoredPart[]): Promise<void> {
    const { artifacts, clock, logger, isOver, again } = this.#ports;
    const key = draft.firing ?? "";
    if (this.#storing.has(key)) return;
    this.#storing.add(key);
    for (const { ref, bytes } of parts) {
      while (!isOver() && !this.#stored.has(ref.$artifact)) {
        try {
          await artifacts.put(bytes, ref.type);
          this.#stored.add(ref.$artifact);
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

/** Each token within its own limit, and all of them within the event's. */
function fitted(draft: EventDraft): { draft: EventDraft; parts: StoredPart[] } {
  const produced = draft.produced ?? [];
  let left = TOKEN_DATA_LIMIT;
  for (const { token } of produced) if (left > 0) left -= atMost(token.data, left);
  if (left > 0) return { draft, parts: [] };
  const limit = levelOf(produced.map(({ token }) => sizeOf(token.data)));
  const parts: StoredPart[] = [];
  const fitting = produced.map(({ place, token }) => {
    if (sizeOf(token.data) <= limit) return { place, token };
    const cut = cutLargeFields(token.data, limit);
    parts.push(...cut.parts);
    return { place, token: { ...token, data: cut.data } };
  });
  return { draft: parts.length > 0 ? { ...draft, produced: fitting } : draft, parts };
}

/** Bytes that each may have so that together they are within the event's limit: the largest ones give. */
function levelOf(sizes: number[]): number {
  const ascending = [...sizes].sort((a, b) => a - b);
  let room = EVENT_DATA_LIMIT;
  for (const [at, size] of ascending.entries()) {
    const share = Math.floor(room / (ascending.length - at));
    if (size > share) return Math.max(WORTH_STORING, Math.min(share, TOKEN_DATA_LIMIT));
    room -= size;
  }
  return TOKEN_DATA_LIMIT;
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
