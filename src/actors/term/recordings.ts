/**
 * Answers of models, servers and executors that the log keeps, so that a fork of the net need not ask again.
 *
 * R1 An answer stands with its request in the event that ended the firing; where a produced token holds the same data, by that
 * token's id. R2 A fork's answers lie in one artefact that its log names: nothing of the parent is needed to run it.
 */
import type { Artifacts, Broker } from "../../contract/broker.ts";
import type { EventDraft, NetEvent } from "../../contract/event.ts";
import { canonicalJson, isJsonObject, type Json, type JsonObject } from "../../contract/json.ts";
import type { CompiledTransition } from "../../net/compiled-net.ts";
import type { Outcome } from "../../net/outcome.ts";
import { requestKey } from "../../net/request-key.ts";
import type { NetState, OpenFiring } from "../../net/state.ts";

/** Bytes that an event carries itself. */
const INLINE = 2048;
/** Answers beyond this many bytes are asked for again in a fork. */
const MOST = 1024 * 1024;

export interface Recorded {
  value: Json;
  /** Of the event in the parent's log. */
  seq: number;
  net: string;
}
export type RecordedAnswers = { [request: string]: Recorded };

/** The answers that a fork was given along. */
export class Recordings {
  readonly #artifacts: Artifacts;
  #answers: RecordedAnswers = {};

  constructor(artifacts: Artifacts) {
    this.#artifacts = artifacts;
  }

  async load({ origin }: NetState): Promise<void> {
    this.#answers = origin?.answers ? await loadAnswers(this.#artifacts, origin.answers) : {};
  }

  of(state: NetState, transition: CompiledTransition, firing: OpenFiring): { outcome: Outcome; extra: Partial<EventDraft> } | null {
    if (Object.keys(this.#answers).length === 0) return null;
    const recorded = this.#answers[requestKey(state, transition, firing) ?? ""];
    if (!recorded) return null;
    const { value, seq, net } = recorded;
    return { outcome: { ok: true, value }, extra: { attributes: { recorded: { net, seq } } } };
  }
}

/** R1. What the event that ends a firing says of the answer; null for steps that ask nobody, and for failures. */
export async function answerAttributes(
  state: NetState,
  transition: CompiledTransition,
  firing: OpenFiring,
  draft: EventDraft,
  value: Json,
  artifacts: Artifacts,
): Promise<JsonObject | null> {
  const request = draft.type === "fired" ? requestKey(state, transition, firing) : null;
  if (request === null) return null;
  const text = canonicalJson(value);
  const same = draft.produced?.find(({ token }) => canonicalJson(token.data) === text);
  if (same) return { request, answer: { $token: same.token.id } };
  if (text.length <= INLINE) return { request, answer: { $json: value } };
  return { request, answer: { ...(await artifacts.put(Buffer.from(text), "application/json")) } };
}

/**
 * The answers in a log, by request. Where the same was asked more than once, the first answer after `seq` counts, else the last
 * before it: what the fork would have been told.
 */
export async function collectAnswers(broker: Broker, parent: NetState, net: string, seq: number): Promise<RecordedAnswers> {
  const answers: RecordedAnswers = parent.origin?.answers ? await loadAnswers(broker.artifacts, parent.origin.answers) : {};
  const found = new Map<string, NetEvent>();
  const { first } = await broker.log(net).bounds();
  await broker.log(net).read(first - 1, (entry) => {
    for (const event of entry.events) {
      const request = event.attributes?.request;
      if (event.type !== "fired" || typeof request !== "string") continue;
      const known = found.get(request);
      if (!known || known.seq <= seq) found.set(request, event);
    }
  });
  for (const [request, event] of found) {
    const value = await answerOf(event, broker.artifacts);
    if (value !== undefined) answers[request] = { value, seq: event.seq, net };
  }
  return answers;
}

/** Of the event that ended a firing: as much as tells of its answer, its calls and when that was. */
export type AnswerEvent = Pick<NetEvent, "seq" | "netVersion" | "attributes" | "produced">;

export function answerIn({ seq, netVersion, attributes, produced = [] }: NetEvent): AnswerEvent {
  const answer = attributes?.answer;
  const made = isJsonObject(answer) ? produced.filter(({ token }) => token.id === answer.$token) : [];
  return {
    ...{ seq, produced: made, ...(netVersion === undefined ? {} : { netVersion }) },
    attributes: { ...(answer === undefined ? {} : { answer }), ...(attributes?.calls === undefined ? {} : { calls: attributes.calls }) },
  };
}

/** What a firing was answered, as its last event has it; undefined where the answer lies too deep or is gone. */
export async function answerOf(event: Pick<NetEvent, "attributes" | "produced">, artifacts: Artifacts): Promise<Json | undefined> {
  const answer = event.attributes?.answer;
  if (!isJsonObject(answer)) return undefined;
  if ("$json" in answer) return answer.$json;
  const token = event.produced?.find((made) => made.token.id === answer.$token)?.token;
  const content = token ? token.data : answer;
  if (!isJsonObject(content) || typeof content.$artifact !== "string") return content === answer ? undefined : content;
  // A token whose data became too big for the log; one whose answer was an artefact keeps its reference.
  if (content.type !== "application/json" || Number(content.size) > MOST) return token ? content : undefined;
  const bytes = await artifacts.get(content.$artifact);
  return bytes === null ? undefined : (JSON.parse(new TextDecoder().decode(bytes)) as Json);
}

export async function storeAnswers(artifacts: Artifacts, answers: RecordedAnswers): Promise<string | null> {
  if (Object.keys(answers).length === 0) return null;
  return (await artifacts.put(Buffer.from(JSON.stringify(answers)), "application/json")).$artifact;
}

/** R2. None where the artefact is gone: then everything is asked again. */
export async function loadAnswers(artifacts: Artifacts, id: string): Promise<RecordedAnswers> {
  const bytes = await artifacts.get(id);
  return bytes === null ? {} : (JSON.parse(new TextDecoder().decode(bytes)) as RecordedAnswers);
}
