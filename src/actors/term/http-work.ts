/**
 * `http` firings: requests that run inside the master, like a model's.
 *
 * R1 A request is made after its `started` is in the log, under the key of its firing (E4); one that dies with the master is made
 * again under the same key, as the next attempt (E8). R2 An attempt that is called off brings nothing back. R3 The values of
 * secrets live from here to the socket: what comes back has lost them before anybody else sees it (S1).
 */
import type { Broker } from "../../contract/broker.ts";
import { type Clock, delay } from "../../contract/clock.ts";
import { Cancelled, type ErrorData, errorData, PetrelError, Retryable, Terminal } from "../../contract/errors.ts";
import type { EventDraft } from "../../contract/event.ts";
import type { Json, JsonObject } from "../../contract/json.ts";
import { mediaText } from "../../contract/media-text.ts";
import { TOKEN_DATA_LIMIT } from "../../contract/token.ts";
import type { HttpAnswer, HttpFacts, HttpPort } from "../../http/port.ts";
import { mustBeFor, type SecretSource, withoutSecrets } from "../../http/secrets.ts";
import { inputScope } from "../../net/binding.ts";
import type { CompiledTransition } from "../../net/compiled-net.ts";
import { boundInputs } from "../../net/held-inputs.ts";
import { type HttpTransition, SECRET, secretNames } from "../../net/http-request.ts";
import { isCutField } from "../../net/large-fields.ts";
import type { Outcome } from "../../net/outcome.ts";
import type { BoundInput } from "../../net/routing.ts";
import type { NetState, OpenFiring } from "../../net/state.ts";
import type { Persona } from "../../personas/persona-schema.ts";
import { grantedSecret } from "./granted-secrets.ts";
import { requestOf, targetOf } from "./http-rendering.ts";
import { showsCutFields, wholeInputs } from "./load-fields.ts";

/** What a master needs for `http` transitions. */
export interface HttpHands {
  client: HttpPort;
  secrets: SecretSource;
}

export interface HttpWorkPorts {
  state: NetState;
  broker: Broker;
  clock: Clock;
  http: HttpHands | null;
  timeoutOf(firing: OpenFiring): number;
  /** On whose behalf it acts, or null. */
  personaOf(transition: CompiledTransition): Persona | null;
  settle(firing: string, attempt: number, outcome: Outcome, extra: Partial<EventDraft>): void;
}

const STORE_AGAIN_MS = 500;

export class HttpWork {
  readonly #ports: HttpWorkPorts;
  readonly #running = new Map<string, { attempt: number; abort: AbortController }>();

  constructor(ports: HttpWorkPorts) {
    this.#ports = ports;
  }

  begin(firing: OpenFiring, transition: CompiledTransition): void {
    const { definition } = transition;
    if (definition.kind !== "http") return;
    const abort = new AbortController();
    const { firing: id, attempt } = firing;
    this.#running.get(id)?.abort.abort(calledOff());
    this.#running.set(id, { attempt, abort });
    void this.#attempt(firing, transition, definition, abort.signal).then((done) => {
      if (this.#running.get(id)?.abort === abort) this.#running.delete(id);
      if (done) this.#ports.settle(id, attempt, done.outcome, done.extra); // R2
    });
  }

  cancel(firing: string, attempt: number): void {
    const running = this.#running.get(firing);
    if (!running || running.attempt > attempt) return;
    this.#running.delete(firing);
    running.abort.abort(calledOff());
  }

  stop(): void {
    for (const { abort } of this.#running.values()) abort.abort(calledOff());
    this.#running.clear();
  }

  /** Null when it was called off. */
  async #attempt(
    firing: OpenFiring,
    transition: CompiledTransition,
    definition: HttpTransition,
    signal: AbortSignal,
  ): Promise<{ outcome: Outcome; extra: Partial<EventDraft> } | null> {
    const { clock, timeoutOf } = this.#ports;
    const began = clock.now();
    const timeoutMs = timeoutOf(firing);
    const late = new AbortController();
    const timer = clock.after(timeoutMs, () => late.abort(tooLong(transition.id, timeoutMs)));
    let facts: HttpFacts | null = null;
    let clean: (text: string) => string = (text) => text;
    try {
      const secrets = this.#secrets(transition);
      const strip = withoutSecrets(secrets);
      clean = (text) => strip(Buffer.from(text)).toString("utf8");
      const done = await this.#send(firing, transition, definition, secrets, strip, AbortSignal.any([signal, late.signal]));
      facts = done.facts;
      if ("error" in done) throw done.error;
      const value = await this.#valueOf(definition, done.answer, signal);
      return { outcome: { ok: true, value }, extra: { attributes: attributesOf(facts, clean, clock.now() - began) } };
    } catch (error) {
      if (signal.aborted) return null;
      const failure = cleaned(errorData(error), clean);
      const told = facts ?? { method: definition.method, host: "" };
      return { outcome: { ok: false, error: failure }, extra: { attributes: attributesOf(told, clean, clock.now() - began) } };
    } finally {
      timer.cancel();
    }
  }

  #secrets(transition: CompiledTransition): Map<string, string> {
    const { http } = this.#ports;
    if (!http) throw new Terminal({ code: "no-http", message: "this master makes no requests" });
    const persona = this.#ports.personaOf(transition);
    const { net } = this.#ports.state;
    return new Map(
      secretNames(transition.input?.expressions ?? []).map((name) => [name, grantedSecret(http.secrets, name, net, persona).value]),
    );
  }

  async #send(
    firing: OpenFiring,
    transition: CompiledTransition,
    definition: HttpTransition,
    secrets: ReadonlyMap<string, string>,
    strip: (bytes: Uint8Array) => Uint8Array,
    signal: AbortSignal,
  ) {
    const { state, broker, http } = this.#ports;
    if (!http || !transition.input) throw new Terminal({ code: "no-http", message: "this master makes no requests" });
    const extra = { [SECRET]: { data: Object.fromEntries(secrets) as JsonObject, meta: null } };
    const { input } = transition;
    const render = (inputs: BoundInput[]) => input.render(inputScope(inputs, extra), firing.openedAt);
    const inputs = boundInputs(state, transition, firing);
    const first = render(inputs) as JsonObject;
    // A body that is a reference and nothing else is sent as the bytes that it stands for.
    const { body, ...rest } = first;
    const isWhole = !showsCutFields(rest) && (isCutField(body ?? null) || !showsCutFields(body ?? null));
    const rendered = isWhole ? first : render(await wholeInputs(inputs, broker.artifacts));
    const key = `${state.net}/${transition.id}/${firing.firing}`;
    const request = await requestOf(definition, rendered as JsonObject, key, broker.artifacts);
    const target = targetOf(request.url);
    for (const name of secrets.keys()) if (target) mustBeFor(name, http.secrets(name), target);
    return http.client.send({ ...request, strip }, signal);
  }

  async #valueOf({ answer: wanted }: HttpTransition, answer: HttpAnswer, signal: AbortSignal): Promise<Json> {
    const { status, headers, type } = answer;
    return { status, headers, type, body: await this.#bodyOf(wanted, answer, signal) };
  }

  async #bodyOf(wanted: HttpTransition["answer"], { body, type, headers }: HttpAnswer, signal: AbortSignal): Promise<Json> {
    if (body.byteLength === 0) return null;
    const how = wanted === "auto" ? readingOf(type) : wanted;
    if (how === "binary") return this.#stored(body, type || "application/octet-stream", signal);
    const text = mediaText(body, headers["content-type"]);
    if (how === "json") return parsed(text);
    // Whoever reads it from the store reads UTF-8.
    const bytes = Buffer.from(text);
    return bytes.byteLength > TOKEN_DATA_LIMIT ? this.#stored(bytes, type || "text/plain", signal) : text;
  }

  /** The request is not made again because the store is away for a moment. */
  async #stored(body: Uint8Array, type: string, signal: AbortSignal): Promise<Json> {
    for (;;) {
      try {
        return { ...(await this.#ports.broker.artifacts.put(body, type)) };
      } catch (error) {
        if (!(error instanceof PetrelError) || error.outlook !== "retryable") throw error;
        await delay(this.#ports.clock, STORE_AGAIN_MS, signal);
      }
    }
  }
}

function readingOf(type: string): "json" | "text" | "binary" {
  if (type === "application/json" || type.endsWith("+json")) return "json";
  const isText =
    type.startsWith("text/") ||
    type.endsWith("+xml") ||
    /^application\/(xml|javascript|x-www-form-urlencoded|yaml|x-ndjson|graphql)$/.test(type);
  return isText ? "text" : "binary";
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    const shown = text.slice(0, 80).replace(/\s+/g, " ");
    throw new Terminal({ code: "http-answer-not-json", message: `the answer is no JSON: ${shown}`, hint: 'set "answer": "text"' });
  }
}

function cleaned(error: ErrorData, clean: (text: string) => string): ErrorData {
  return { ...error, message: clean(error.message), ...(error.hint === undefined ? {} : { hint: clean(error.hint) }) };
}

function attributesOf(
  { method, host, status, size, redirects }: HttpFacts,
  clean: (text: string) => string,
  durationMs: number,
): JsonObject {
  return {
    method: clean(method),
    host: clean(host),
    durationMs,
    ...(status === undefined ? {} : { status }),
    ...(size === undefined ? {} : { size }),
    ...(redirects === undefined ? {} : { redirects }),
  };
}

function calledOff(): Cancelled {
  return new Cancelled({ code: "attempt-over", message: "this attempt is over" });
}

function tooLong(transition: string, ms: number): Retryable {
  return new Retryable({
    code: "timeout",
    message: `${transition} had no answer within ${ms >= 1000 ? `${Math.round(ms / 1000)} s` : `${ms} ms`}`,
  });
}
