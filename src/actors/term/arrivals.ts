/**
 * The two doors for tokens from outside (E6): `put` answers after the commit, the letter box is taken in in order.
 *
 * A1 A put key counts once in 24 hours, a letter once for ever. A2 What cannot be taken in lies in `rejected`, with the
 * reason and a hint, and its payload as an artefact. A3 A full place holds back its own drops, and nobody else's.
 */
import type { Artifacts, Delivery, Door, PutAnswer, Serving } from "../../contract/broker.ts";
import { type Clock, isoTime } from "../../contract/clock.ts";
import { errorData, Refused, Retryable } from "../../contract/errors.ts";
import type { EventDraft } from "../../contract/event.ts";
import { derivedId } from "../../contract/hash.ts";
import { type IdSource, isId } from "../../contract/ids.ts";
import { isJsonObject, type Json, type JsonObject } from "../../contract/json.ts";
import type { Logger } from "../../contract/logger.ts";
import { REJECTED } from "../../contract/subjects.ts";
import { TOKEN_DATA_LIMIT, type Token } from "../../contract/token.ts";
import { type CompiledNet, placeOf } from "../../net/compiled-net.ts";
import { roomIn } from "../../net/decide.ts";
import { letterIsIn } from "../../net/fold.ts";
import { schemaProblem } from "../../net/place-schema.ts";
import type { NetState } from "../../net/state.ts";
import type { CommitLoop } from "./commit-loop.ts";

export interface ArrivalPorts {
  net(): CompiledNet | null;
  state: NetState;
  loop: CommitLoop;
  door: Door;
  artifacts: Artifacts;
  clock: Clock;
  ids: IdSource;
  logger: Logger;
  /** Looks for work after an arrival. */
  pump(): void;
}

type Refusal = { code: string; reason: string; hint: string };

export class Arrivals {
  readonly #ports: ArrivalPorts;
  /** Letters that wait for room in their place, in order. */
  #held: Delivery[] = [];
  #chain: Promise<void> = Promise.resolve();
  #putting = new Map<string, Promise<PutAnswer>>();
  #serving: Serving[] = [];
  #letters: Serving | null = null;

  constructor(ports: ArrivalPorts) {
    this.#ports = ports;
  }

  async open(): Promise<void> {
    const { door, state } = this.#ports;
    this.#serving.push(await door.servePut(state.net, (delivery) => this.put(delivery)));
    await this.declareLetterBox();
  }

  /** Opens the letter box for the places that are open now. */
  async declareLetterBox(): Promise<void> {
    const { door, state } = this.#ports;
    await this.#letters?.stop();
    this.#held = [];
    const places = Object.entries(this.#ports.net()?.definition.places ?? {})
      .filter(([, { open }]) => open)
      .map(([place]) => place);
    if (places.length === 0) return;
    const after = () => (state.letter ? { created: state.letter.created, seq: state.letter.seq } : null);
    this.#letters = await door.openLetterBox(state.net, places, after, (delivery) => this.#letter(delivery));
  }

  async close(): Promise<void> {
    await this.#letters?.stop();
    for (const serving of this.#serving.splice(0)) await serving.stop();
  }

  put(delivery: Delivery): Promise<PutAnswer> {
    const key = delivery.put;
    if (key === undefined) return this.#putOnce(delivery);
    const known = this.#ports.state.puts.get(key);
    // A put that is not in the log yet is answered by its own commit (A1).
    const running = this.#putting.get(key);
    if (running) return running;
    if (known) return Promise.resolve({ ok: true, id: known.id, seq: known.seq, place: known.place });
    const answer = this.#putOnce(delivery).finally(() => this.#putting.delete(key));
    this.#putting.set(key, answer);
    return answer;
  }

  /** Tries held letters again: a place may have room now. */
  room(): void {
    if (this.#held.length === 0) return;
    for (const letter of this.#held.splice(0)) this.#letter(letter);
  }

  async #putOnce(delivery: Delivery): Promise<PutAnswer> {
    try {
      const refusal = this.#refusal(delivery);
      if (refusal) {
        await this.#refuse(delivery, refusal);
        return {
          ok: false,
          error: errorData(new Refused({ code: refusal.code, message: refusal.reason, hint: refusal.hint, where: delivery.place })),
        };
      }
      if (!this.#hasRoom(delivery.place)) {
        const message = `the place ${delivery.place} is full`;
        return { ok: false, error: errorData(new Retryable({ code: "place-full", message, hint: "try again later; nothing was stored" })) };
      }
      return await this.#accept(delivery);
    } catch (error) {
      return { ok: false, error: errorData(error) };
    }
  }

  #letter(delivery: Delivery): void {
    this.#chain = this.#chain.then(async () => {
      const { state, logger } = this.#ports;
      if (delivery.letter && letterIsIn(state, delivery.letter.created, delivery.letter.seq)) return;
      try {
        const refusal = this.#refusal(delivery);
        if (refusal) await this.#refuse(delivery, refusal);
        else if (this.#held.some(({ place }) => place === delivery.place) || !this.#hasRoom(delivery.place)) this.#held.push(delivery);
        else await this.#accept(delivery);
      } catch (error) {
        logger.warn({ err: error }, "a letter could not be taken in now; it stays in the letter box");
      }
    });
  }

  #hasRoom(place: string): boolean {
    const net = this.#ports.net();
    return net !== null && roomIn(this.#ports.state, net, place) > 0;
  }

  #refusal(delivery: Delivery): Refusal | null {
    const net = this.#ports.net();
    const definition = net?.definition;
    const place = net ? placeOf(net, delivery.place) : undefined;
    const open = Object.entries(definition?.places ?? {})
      .filter(([, { open }]) => open)
      .map(([name]) => name);
    const doors = open.length > 0 ? `open places: ${open.join(", ")}` : "the net has no open place";
    if (!place) return { code: "unknown-place", reason: `the net has no place ${delivery.place}`, hint: doors };
    if (!place.open) return { code: "place-not-open", reason: `the place ${delivery.place} takes nothing from outside`, hint: doors };
    if (delivery.put !== undefined && !isId(delivery.put)) {
      return { code: "bad-token-id", reason: "the header Petrel-Token is no id", hint: "use 1 to 64 of A-Z, a-z, 0-9, _ and -" };
    }
    const parsed = parse(delivery.payload);
    if (!parsed.ok)
      return { code: "not-json", reason: `the payload is no JSON: ${parsed.problem}`, hint: `send JSON, like '{"title":"..."}'` };
    const problem = place.schema ? schemaProblem(place.schema, parsed.value) : null;
    if (problem)
      return {
        code: "schema",
        reason: `it does not meet the schema of ${delivery.place}: ${problem}`,
        hint: `petrel net pull ${this.#ports.state.net} shows the schema`,
      };
    return null;
  }

  async #accept(delivery: Delivery): Promise<PutAnswer> {
    const parsed = parse(delivery.payload);
    const value = parsed.ok ? parsed.value : null;
    const data = await this.#fitting(value, delivery.payload);
    const token = this.#token(delivery, data);
    const { loop, pump } = this.#ports;
    const committed = loop.commit({
      category: "token",
      type: "arrived",
      status: "ok",
      summary: `${named(value)} arrived in ${delivery.place}.`,
      produced: [{ place: delivery.place, token }],
      correlation: token.correlation,
      attributes: this.#identity(delivery),
    });
    pump();
    const event = await committed;
    return { ok: true, id: token.id, seq: event.seq, place: delivery.place };
  }

  async #refuse(delivery: Delivery, refusal: Refusal): Promise<void> {
    const artifact = await this.#ports.artifacts.put(delivery.payload, "application/octet-stream");
    const data: Json = {
      place: delivery.place,
      code: refusal.code,
      reason: refusal.reason,
      hint: refusal.hint,
      by: delivery.by,
      payload: { ...artifact },
    };
    const token = this.#token(delivery, data);
    const draft: EventDraft = {
      category: "token",
      type: "refused",
      status: "refused",
      summary: `A delivery to ${delivery.place} was refused: ${refusal.reason}.`,
      produced: [{ place: REJECTED, token }],
      correlation: token.correlation,
      attributes: { ...this.#identity(delivery), reason: refusal.reason, hint: refusal.hint },
    };
    await this.#ports.loop.commit(draft);
  }

  /** A put key or a letter names its token: the same delivery is the same token whoever takes it in. */
  #token(delivery: Delivery, data: Json): Token {
    const { state, clock, ids } = this.#ports;
    const id = delivery.letter
      ? derivedId("t-", state.net, delivery.letter.created, delivery.letter.seq)
      : delivery.put !== undefined
        ? derivedId("t-", state.net, "put", delivery.put)
        : `t-${ids.next()}`;
    return { id, data, from: { outside: delivery.by }, by: delivery.by, at: isoTime(clock.now()), correlation: `c-${id.slice(2)}`, v: 1 };
  }

  #identity(delivery: Delivery): JsonObject {
    if (delivery.letter) {
      const low = this.#held.reduce((least, { letter }) => Math.min(least, letter?.seq ?? least), delivery.letter.seq);
      return { letter: { ...delivery.letter, low } };
    }
    return delivery.put === undefined ? {} : { put: delivery.put };
  }

  async #fitting(value: Json, payload: Uint8Array): Promise<Json> {
    if (payload.byteLength <= TOKEN_DATA_LIMIT) return value;
    return { ...(await this.#ports.artifacts.put(payload, "application/json")) };
  }
}

function parse(payload: Uint8Array): { ok: true; value: Json } | { ok: false; problem: string } {
  try {
    return { ok: true, value: JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(payload)) as Json };
  } catch (error) {
    return { ok: false, problem: error instanceof Error ? error.message : String(error) };
  }
}
function named(value: Json): string {
  const title = isJsonObject(value) ? (value.title ?? value.name ?? value.text) : null;
  return typeof title === "string" ? `“${title.slice(0, 80)}”` : "A token";
}
