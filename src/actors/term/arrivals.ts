/**
 * The two doors for tokens from outside (E6): `put` answers after the commit, the letter box is taken in in order.
 *
 * A1 A put key counts once in 24 hours and stands for one place and one payload, a letter once for ever. A2 What cannot be taken in lies in `rejected`, with the
 * reason and a hint, and its payload as an artefact. A3 A full place holds back its own drops, and nobody else's. A4 A letter
 * event names the lowest letter that is not in the log yet, so that nothing above the mark is ever taken for done.
 */
import type { Artifacts, Delivery, Door, PutAnswer } from "../../contract/broker.ts";
import { type Clock, isoTime } from "../../contract/clock.ts";
import { type ErrorData, errorData, Refused, Retryable } from "../../contract/errors.ts";
import type { EventDraft } from "../../contract/event.ts";
import { derivedId, sha256 } from "../../contract/hash.ts";
import { type IdSource, isId } from "../../contract/ids.ts";
import type { Json, JsonObject } from "../../contract/json.ts";
import { jsonFlaw } from "../../contract/json-limits.ts";
import { jsonTextFlaw } from "../../contract/json-text.ts";
import type { Logger } from "../../contract/logger.ts";
import type { Serving } from "../../contract/serving.ts";
import { REJECTED } from "../../contract/subjects.ts";
import { TOKEN_DATA_LIMIT, type Token } from "../../contract/token.ts";
import { type CompiledNet, placeOf } from "../../net/compiled-net.ts";
import { roomIn } from "../../net/decide.ts";
import { letterIsIn } from "../../net/fold.ts";
import { cutLargeFields } from "../../net/large-fields.ts";
import { schemaProblem } from "../../net/place-schema.ts";
import { type NetState, PUT_MEMORY_MS } from "../../net/state.ts";
import { placeWords, titleIn } from "../../net/summary.ts";
import type { CommitLoop, Waiter } from "./commit-loop.ts";
import { LetterBox } from "./letter-box.ts";

export interface ArrivalPorts {
  net(): CompiledNet | null;
  state: NetState;
  loop: CommitLoop;
  door: Door;
  artifacts: Artifacts;
  clock: Clock;
  ids: IdSource;
  logger: Logger;
  /** Settles when the owner has no reason to keep new work out: comparisons and checkpoints need a quiet log. Null: there is none now. */
  free(): Promise<void> | null;
  /** Why the log takes no entries now; null when it does. */
  stalled(): ErrorData | null;
  /** Applies an event and looks for work after it. */
  commit(draft: EventDraft, waiter: Waiter): void;
}

/** Letters that may be decided and not in the log. */
const LETTERS_AHEAD = 1000;
/** The same for puts. The others wait as they came: as an event each takes several times as much memory, and for longer. */
const PUTS_AHEAD = 250;

type Refusal = { code: string; reason: string; hint: string };

export class Arrivals {
  readonly #ports: ArrivalPorts;
  /** Letters that wait for room in their place, in order. */
  #held: Delivery[] = [];
  #retrying = false;
  /** Sequences of letters that came and are not in the log (A4). */
  readonly #unsettled = new Set<number>();
  #chain: Promise<void> = Promise.resolve();
  /** Puts whose event waits for the log: they are told when it takes no entries. */
  readonly #hoping = new Set<(why: ErrorData) => void>();
  #putsAhead = 0;
  readonly #putsWaiting: (() => void)[] = [];
  #putting = new Map<string, { mark: string; answer: Promise<PutAnswer> }>();
  #serving: Serving[] = [];
  #from: { outside: string } = { outside: "" };
  readonly letterBox: LetterBox;

  constructor(ports: ArrivalPorts) {
    this.#ports = ports;
    this.letterBox = new LetterBox({
      ...ports,
      anew: () => {
        this.#held = [];
      },
      take: (delivery) => this.#letter(delivery),
    });
  }

  async open(): Promise<void> {
    const { door, state } = this.#ports;
    this.#serving.push(await door.servePut(state.net, (delivery) => this.put(delivery)));
    await this.letterBox.declare();
  }

  async close(): Promise<void> {
    await Promise.all([this.letterBox.close(), ...this.#serving.splice(0).map((each) => each.stop())]);
  }

  put(delivery: Delivery): Promise<PutAnswer> {
    const key = delivery.put;
    if (key === undefined) return this.#putOnce(delivery);
    const known = this.#ports.state.puts.get(key);
    // A put that is not in the log yet is answered by its own commit (A1).
    const running = this.#putting.get(key);
    const mark = markOf(delivery);
    if (running) return running.mark === mark ? running.answer.then(again) : Promise.resolve(reused(key));
    if (known && this.#ports.clock.now() - known.at <= PUT_MEMORY_MS) {
      return (known.mark ?? mark) === mark ? this.#again(known).then(again) : Promise.resolve(reused(key, known.id));
    }
    const answer = this.#putOnce(delivery).finally(() => this.#putting.delete(key));
    this.#putting.set(key, { mark, answer });
    return answer;
  }

  /** Tries held letters again: a place may have room now. */
  room(): void {
    if (this.#held.length === 0 || this.#retrying) return;
    this.#retrying = true;
    this.#chain = this.#chain.then(async () => {
      // Room that comes from here on is worth another look.
      this.#retrying = false;
      for (const letter of this.#held.splice(0)) await this.#takeLetter(letter);
    });
  }

  async #putOnce(delivery: Delivery): Promise<PutAnswer> {
    if (this.#putsAhead < PUTS_AHEAD) this.#putsAhead += 1;
    else await new Promise<void>((turn) => this.#putsWaiting.push(turn));
    try {
      return await this.#putNow(delivery);
    } finally {
      const turn = this.#putsWaiting.shift();
      if (turn) turn();
      else this.#putsAhead -= 1;
    }
  }

  async #putNow(delivery: Delivery): Promise<PutAnswer> {
    try {
      const full = this.#ports.stalled();
      if (full) return { ok: false, error: { ...full, message: `${full.message}; nothing was stored` } };
      const free = this.#ports.free();
      if (free) await free;
      const parsed = parse(delivery.payload);
      const refusal = this.#refusal(delivery, parsed);
      if (refusal) {
        await this.#refuse(delivery, refusal);
        return {
          ok: false,
          error: errorData(new Refused({ code: refusal.code, message: refusal.reason, hint: refusal.hint, where: delivery.place })),
        };
      }
      const fitting = this.#fitting(parsed, delivery.payload);
      const answer = this.#accept(delivery, parsed.value, fitting instanceof Promise ? await fitting : fitting, true);
      if (answer) return await answer;
      const message = `the place ${delivery.place} is full`;
      return { ok: false, error: errorData(new Retryable({ code: "place-full", message, hint: "try again later; nothing was stored" })) };
    } catch (error) {
      return { ok: false, error: errorData(error) };
    }
  }

  /** The answer to a put that came before, once that is in the log. */
  async #again({ id, seq, place }: { id: string; seq: number; place: string }): Promise<PutAnswer> {
    try {
      // A term that is over has nothing pending either: what it knows may never have come into the log.
      if (this.#ports.loop.backlog === 0 && !this.#ports.loop.isOver) return { ok: true, id, seq, place };
      const full = this.#ports.stalled();
      if (full) return { ok: false, error: full };
      const known: PutAnswer = { ok: true, id, seq, place };
      return await this.#orStalled(this.#ports.loop.caughtUp().then(() => known));
    } catch (error) {
      return { ok: false, error: errorData(error) };
    }
  }

  /** The log takes no entries: who waits for it is told, since it may be for long. */
  stall(why: ErrorData): void {
    for (const tell of this.#hoping) tell(why);
  }

  /** What was decided is written when the log takes entries again, unless the owner ends before: that is all that can be said. */
  async #orStalled(answer: Promise<PutAnswer>): Promise<PutAnswer> {
    return new Promise((resolve, reject) => {
      const forget = this.#hope(resolve);
      answer.finally(forget).then(resolve, reject);
    });
  }

  /** Tells whoever waits when the log takes no entries. Gives back what ends that. */
  #hope(resolve: (answer: PutAnswer) => void): () => void {
    const tell = (why: ErrorData) => {
      const message = `${why.message}; the token may still come in when the log can be written, so put it again under the same id or not at all`;
      this.#hoping.delete(tell);
      resolve({ ok: false, error: { ...why, message } });
    };
    this.#hoping.add(tell);
    return () => void this.#hoping.delete(tell);
  }

  #letter(delivery: Delivery): void {
    if (delivery.letter) this.#unsettled.add(delivery.letter.seq);
    this.#chain = this.#chain.then(() => this.#takeLetter(delivery));
  }

  async #takeLetter(delivery: Delivery): Promise<void> {
    const { state, logger, loop, free } = this.#ports;
    try {
      const held = free();
      if (held) await held;
      // What waits for the log is bounded; the letter box keeps the rest.
      if (loop.backlog > LETTERS_AHEAD) await loop.caughtUp();
      if (delivery.letter && letterIsIn(state, delivery.letter.created, delivery.letter.seq)) {
        this.#unsettled.delete(delivery.letter.seq);
        return;
      }
      const parsed = parse(delivery.payload);
      const refusal = this.#refusal(delivery, parsed);
      if (refusal) await this.#refuse(delivery, refusal);
      // Behind those that wait already, in order.
      else if (this.#held.some(({ place }) => place === delivery.place)) this.#held.push(delivery);
      else {
        const answer = this.#accept(delivery, parsed.value, await this.#fitting(parsed, delivery.payload), false);
        if (!answer) this.#held.push(delivery);
        // The letter box keeps it until the log has it, so nobody has to wait here.
        else answer.catch(() => {});
      }
    } catch (error) {
      if (loop.isOver) return;
      logger.warn({ err: error }, "a letter could not be taken in now; it stays in the letter box");
      this.#held.push(delivery);
    }
  }

  #hasRoom(place: string): boolean {
    const net = this.#ports.net();
    return net !== null && roomIn(this.#ports.state, net, place) > 0;
  }

  #refusal(delivery: Delivery, parsed: Parsed): Refusal | null {
    const net = this.#ports.net();
    const place = net ? placeOf(net, delivery.place) : undefined;
    if (!place) return { code: "unknown-place", reason: `the net has no place ${delivery.place}`, hint: openPlaces(net) };
    if (!place.open)
      return { code: "place-not-open", reason: `the place ${delivery.place} takes nothing from outside`, hint: openPlaces(net) };
    if (delivery.put !== undefined && !isId(delivery.put)) {
      return { code: "bad-token-id", reason: "the header Petrel-Token is no id", hint: "use 1 to 64 of A-Z, a-z, 0-9, _ and -" };
    }
    if (parsed.problem !== null)
      return { code: "not-json", reason: `the payload is no JSON: ${parsed.problem}`, hint: `send JSON, like '{"title":"..."}'` };
    const flaw = jsonFlaw(parsed.value);
    if (flaw) return flaw;
    const problem = place.schema ? schemaProblem(place.schema, parsed.value) : null;
    if (problem)
      return {
        code: "schema",
        reason: `it does not meet the schema of ${delivery.place}: ${problem}`,
        hint: `petrel net pull ${this.#ports.state.net} shows the schema`,
      };
    return null;
  }

  /** Null when the place is full: nothing was stored. No moment lies between that look and the event. */
  #accept(delivery: Delivery, value: Json, data: Json, told: boolean): Promise<PutAnswer> | null {
    if (!this.#hasRoom(delivery.place)) return null;
    const token = this.#token(delivery, data);
    return new Promise<PutAnswer>((resolve, reject) => {
      const forget = told ? this.#hope(resolve) : () => {};
      const draft: EventDraft = {
        category: "token",
        type: "arrived",
        status: "ok",
        summary: `${named(value)} arrived in ${this.#wordsOf(delivery.place)}.`,
        produced: [{ place: delivery.place, token }],
        correlation: token.correlation,
        attributes: this.#identity(delivery),
      };
      this.#ports.commit(draft, {
        resolve: (event) => {
          forget();
          resolve({ ok: true, id: token.id, seq: event.seq, place: delivery.place });
        },
        reject: (error) => {
          forget();
          reject(error);
        },
      });
    });
  }

  #wordsOf(place: string): string {
    const net = this.#ports.net();
    return placeWords(place, net ? placeOf(net, place)?.title : undefined);
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
    const token = this.#token(delivery, data, sha256(delivery.payload));
    // The same refusal told again, because the answer was lost, is not another one.
    if (delivery.put !== undefined && this.#ports.state.places.get(REJECTED)?.has(token.id)) return this.#ports.loop.caughtUp();
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

  /** A letter names its token; a put key does with the event that takes it in, since after a day it may stand for another. */
  #token(delivery: Delivery, data: Json, refused: string | null = null): Token {
    const { state, clock, ids } = this.#ports;
    const id = delivery.letter
      ? derivedId("t-", state.net, delivery.letter.created, delivery.letter.seq)
      : delivery.put !== undefined
        ? derivedId("t-", state.net, refused === null ? "put" : "refused", delivery.put, refused ?? state.seq + 1)
        : `t-${ids.next()}`;
    // Tokens of one sender share what is said of it: of 100,000 at rest that is 3 MB.
    if (this.#from.outside !== delivery.by) this.#from = { outside: delivery.by };
    return { id, data, from: this.#from, by: delivery.by, at: isoTime(clock.now()), correlation: `c-${id.slice(2)}`, v: 1 };
  }

  #identity(delivery: Delivery): JsonObject {
    if (delivery.letter) {
      // From here on it counts as taken in: the event is applied with this call.
      this.#unsettled.delete(delivery.letter.seq);
      // They came in order, so the first is the lowest.
      const [lowest] = this.#unsettled;
      return { letter: { ...delivery.letter, low: Math.min(delivery.letter.seq, lowest ?? delivery.letter.seq) } };
    }
    return delivery.put === undefined ? {} : { put: delivery.put, mark: markOf(delivery) };
  }

  #fitting(parsed: Parsed, payload: Uint8Array): Json | Promise<Json> {
    if (payload.byteLength <= TOKEN_DATA_LIMIT) return parsed.value;
    return this.#stored(cutLargeFields(parsed.value, TOKEN_DATA_LIMIT));
  }

  async #stored({ data, parts }: ReturnType<typeof cutLargeFields>): Promise<Json> {
    for (const { ref, bytes } of parts) await this.#ports.artifacts.put(bytes, ref.type);
    return data;
  }
}

interface Parsed {
  value: Json;
  problem: string | null;
}
const utf8 = new TextDecoder("utf-8", { fatal: true });

function parse(payload: Uint8Array): Parsed {
  try {
    const text = utf8.decode(payload);
    const value = JSON.parse(text) as Json;
    const flaw = jsonTextFlaw(text);
    return flaw
      ? { value: null, problem: `it would not arrive as it was written: line ${flaw.line}, column ${flaw.column}: ${flaw.reason}` }
      : { value, problem: null };
  } catch (error) {
    return { value: null, problem: error instanceof Error ? error.message : String(error) };
  }
}
function openPlaces(net: CompiledNet | null): string {
  const open = Object.entries(net?.definition.places ?? {}).filter(([, { open }]) => open);
  return open.length > 0 ? `open places: ${open.map(([name]) => name).join(", ")}` : "the net has no open place";
}
function named(value: Json): string {
  const title = titleIn(value);
  return title === null ? "A token" : `“${title}”`;
}

/** Place and payload, byte for byte, as whoever asks again sends them: short, since a day's puts are remembered. */
function markOf({ place, payload }: Delivery): string {
  return derivedId("", place, sha256(payload));
}
function again(answer: PutAnswer): PutAnswer {
  return answer.ok ? { ...answer, duplicate: true } : answer;
}
function reused(key: string, id?: string): PutAnswer {
  const message = `the token id ${key} was put before with other data or in another place${id === undefined ? "" : `: it is ${id}`}`;
  const hint = "repeat a put with the same bytes, or take another id; nothing was stored";
  return { ok: false, error: errorData(new Refused({ code: "token-reused", message, hint })) };
}
