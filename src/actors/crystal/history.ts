/**
 * The past of a net's model steps, as its log tells it: what each firing was given, what its model answered, what it cost, and what
 * became of the answer. One pass over the log; what a rule answered is counted and never learned from.
 *
 * H1 A reader stands where it has read up to, and reads on from there: a further look costs what is new. H2 It holds nothing that is not in
 * the log: whoever has none reads from the beginning, and finds the same.
 */
import type { Broker } from "../../contract/broker.ts";
import type { NetEvent } from "../../contract/event.ts";
import { hashJson } from "../../contract/hash.ts";
import { canonicalJson, isJsonObject, type Json, type JsonObject } from "../../contract/json.ts";
import type { Token } from "../../contract/token.ts";
import type { Example } from "../../crystallize/example.ts";
import { bindsMany, type CompiledNet, type CompiledTransition, compileNet } from "../../net/compiled-net.ts";
import { cameBack, reworkersOf } from "../../net/crystal/rework.ts";
import { netSchema } from "../../net/definition.ts";
import { applyEvent } from "../../net/fold.ts";
import { requestParts } from "../../net/request-key.ts";
import { isCalm, verdict } from "../../net/rule/watch.ts";
import type { NetState } from "../../net/state.ts";
import { beginningOf, othersTurn, type Past, readGently } from "../past.ts";
import { type AnswerEvent, answerIn, answerOf } from "../term/recordings.ts";
import { callsOf } from "../turn-report.ts";
import { personaAsks } from "./asks.ts";
import { Origins } from "./origins.ts";

export interface StepHistory {
  transition: string;
  persona: string;
  kind: "llm" | "agent";
  examples: Example[];
  /** Firings that ended with the model's answer, and those that a rule answered. */
  asked: number;
  byRule: number;
  /** Firings that finally failed. */
  failed: number;
  /** Of the asked ones: under an older request or persona, or before drift took a rule away: they say nothing of today's. */
  outdated: number;
  /** The last rule that a model wrote for it, if that was for today's request: as it was told, and up to which event its writer has seen. */
  written?: { rule: Json; id: string; seenTo: number };
}
export interface HistoryOptions {
  /** Only this transition. */
  transition?: string;
  /** Examples kept of each transition, the newest. */
  most?: number;
  onProgress?(events: number): void;
}

const MOST = 20_000;
const TELL_EVERY = 5000;
/** Examples beyond the most that are kept, before they are forgotten together. */
const FORGET_AT_ONCE = 500;
/** Examples between which the process that asks does something else. */
const TURN = 500;

/** By transition, in the order of the net file. Errors: those of reading the log. */
export async function historyOf(broker: Broker, net: CompiledNet, options: HistoryOptions = {}): Promise<StepHistory[]> {
  const reader = new HistoryReader(broker, net, options);
  await reader.read();
  return reader.steps();
}

interface Draft {
  /** Version of the persona that was asked. */
  voice: string | undefined;
  example: Omit<Example, "output" | "bad">;
  event: AnswerEvent;
  /** Characters of JSON that it holds, about. */
  length: number;
  bad?: string;
  /** What it answered, once that was looked up; null: nothing. */
  whole?: Pick<Example, "output" | "tools"> | null;
}
interface Step extends Omit<StepHistory, "examples"> {
  compiled: CompiledTransition;
  reworkers: ReadonlySet<string>;
  /** What its request is today. */
  request: string;
  drafts: Map<string, Draft>;
  /** Where the disagreements of now began, and from where on the history counts. */
  suspect: number;
  begins: number;
  told: { event: NetEvent; written: NonNullable<StepHistory["written"]> } | null;
}

export class HistoryReader {
  readonly #broker: Broker;
  #net: CompiledNet;
  readonly #options: HistoryOptions;
  /** H1. */
  #past: Past | null = null;
  readonly #steps = new Map<string, Step>();
  /** Firing -> its inputs and its persona's version, from its beginning on. */
  readonly #open = new Map<string, { input: JsonObject; voice: string | undefined }>();
  /** Net version and transition -> what was asked then, as a hash; null: there was no such step. */
  readonly #requests = new Map<string, Promise<string | null>>();
  /** Persona and version -> what it added to a request. */
  readonly #voices = new Map<string, Promise<string>>();
  /** Versions of personas by name, at the end of the log. */
  #personas: Readonly<Record<string, string>> = {};
  readonly #origins: Origins;

  constructor(broker: Broker, net: CompiledNet, options: HistoryOptions) {
    this.#broker = broker;
    this.#net = net;
    this.#options = options;
    this.#origins = new Origins((name) => ["llm", "agent"].includes(this.#net.transitions.get(name)?.definition.kind ?? ""));
    for (const [id, step] of stepsOf(net, options.transition)) {
      const counts = { asked: 0, byRule: 0, failed: 0, outdated: 0 };
      this.#steps.set(id, { ...step, ...counts, drafts: new Map(), suspect: 0, begins: 0, told: null });
    }
  }

  /** Goes on under another version of the net. False: what it knows was read for other steps, and another reader has to begin. */
  follows(net: CompiledNet): boolean {
    const now = stepsOf(net, this.#options.transition);
    if (now.size !== this.#steps.size) return false;
    for (const [id, step] of now) if (formOf(step) !== formOf(this.#steps.get(id))) return false;
    for (const [id, step] of now) Object.assign(this.#steps.get(id) ?? {}, step);
    this.#net = net;
    return true;
  }

  /** Tokens that it holds beside those of the net's owner. */
  get tokens(): number {
    return [...(this.#past?.state.places.values() ?? [])].reduce((sum, place) => sum + place.size, 0);
  }

  /** Of all that it keeps of answers, in characters of JSON, about. */
  get length(): number {
    return [...this.#steps.values()].reduce((sum, { drafts }) => [...drafts.values()].reduce((so, { length }) => so + length, sum), 0);
  }

  /** H1. */
  async read(): Promise<void> {
    this.#past ??= await beginningOf(this.#broker, this.#net.definition.net);
    const past = this.#past;
    let seen = 0;
    await readGently(this.#broker, past, (event) => {
      this.#take(past.state, event);
      applyEvent(past.state, event);
      seen += 1;
      if (seen % TELL_EVERY === 0) this.#options.onProgress?.(seen);
    });
    this.#options.onProgress?.(seen);
    this.#personas = past.state.personas;
  }

  /** `only`: of this transition. */
  async steps(only?: string): Promise<StepHistory[]> {
    const found: StepHistory[] = [];
    for (const { compiled: _, reworkers: _r, suspect: _s, begins, request, drafts, told, ...step } of this.#steps.values()) {
      if (only !== undefined && only !== step.transition) continue;
      const examples: Example[] = [];
      let outdated = 0;
      let seen = 0;
      for (const draft of [...drafts.values()].slice(-this.#most)) {
        seen += 1;
        if (seen % TURN === 0) await othersTurn();
        const isOfToday = draft.event.seq >= begins && (await this.#isOfToday(draft.event, step.transition, request));
        if (!isOfToday || !(await this.#isSameVoice(step.persona, draft.voice))) {
          outdated += 1;
          continue;
        }
        if (draft.whole === undefined) {
          draft.whole = await this.#wholeOf(draft);
          draft.length += lengthOf(draft.whole);
        }
        const { example, bad, whole } = draft;
        if (whole) examples.push({ ...example, ...whole, ...(bad === undefined ? {} : { bad }) });
      }
      const isKept = told && told.event.seq >= begins && (await this.#isOfToday(told.event, step.transition, request));
      found.push({ ...step, outdated, examples, ...(isKept ? { written: told.written } : {}) });
    }
    return found;
  }

  get #most(): number {
    return this.#options.most ?? MOST;
  }

  async #wholeOf({ event, example }: Draft): Promise<NonNullable<Draft["whole"]> | null> {
    const output = await answerOf(event, this.#broker.artifacts);
    if (output === undefined) return null;
    return { output, tools: (await callsOf(event, this.#broker.artifacts)) ?? example.tools };
  }

  #take(state: NetState, event: NetEvent): void {
    const { transition, firing } = event;
    const step = transition === undefined ? undefined : this.#steps.get(transition);
    if (step && firing !== undefined) this.#follow(state, event, step, firing);
    this.#drifts(state, event);
    const why = event.type === "decided" ? "rejected" : "corrected";
    for (const id of rejected(event))
      for (const [name, firings] of this.#origins.nearest(id)) for (const one of firings) this.#blame(name, one, why);
    this.#origins.follow(event);
  }

  /** What the stages told. What was true before the answers changed is no example any more. The change is where the watch was calm last before it was sure. */
  #drifts(state: NetState, event: NetEvent): void {
    const { seq, transition, attributes } = event;
    const step = transition === undefined ? undefined : this.#steps.get(transition);
    const record = step && state.crystals.get(step.transition);
    if (step && (!record || isCalm(record.watch))) step.suspect = seq;
    const stages = attributes?.crystallized;
    for (const stage of Array.isArray(stages) ? stages.filter(isJsonObject) : []) {
      const written = step && isJsonObject(stage.written) ? stage.written : {};
      const { rule, id, seenTo } = written;
      if (step && isJsonObject(rule) && typeof id === "string") {
        step.told = { event, written: { rule, id, seenTo: typeof seenTo === "number" ? seenTo : event.seq } };
      }
      if (stage.stage !== "demoted" || typeof stage.transition !== "string") continue;
      const [of, was] = [this.#steps.get(stage.transition), state.crystals.get(stage.transition)];
      // A rule that was no good in its shadow says nothing of what it was learned from.
      if (of && was && (was.mode === "live" || verdict(was.watch).drift)) of.begins = isCalm(was.watch) ? seq : of.suspect;
    }
  }

  #follow(state: NetState, event: NetEvent, step: Step, firing: string): void {
    const begins = !this.#open.has(firing) && !state.firings.has(firing);
    if (begins) this.#comesBack(state, event, step);
    switch (event.type) {
      case "gated":
      case "started":
        if (begins) this.#open.set(firing, { input: inputsOf(state, event, step.compiled), voice: state.personas[step.persona] });
        return;
      case "fired":
        this.#ended(event, step, firing);
        return;
      case "failed":
        if (event.attributes?.final !== true) return;
        step.failed += 1;
        this.#open.delete(firing);
        return;
      case "decided":
      case "expired":
        if (event.consumed) this.#open.delete(firing);
    }
  }

  #ended(event: NetEvent, step: Step, firing: string): void {
    const open = this.#open.get(firing);
    this.#open.delete(firing);
    const said = event.attributes?.crystal;
    if (isJsonObject(said) && said.by === "rule") {
      step.byRule += 1;
      return;
    }
    step.asked += 1;
    // What a program began is not all the model's.
    if (isJsonObject(said) && said.handed === true) return;
    if (!open || event.attributes?.answer === undefined) return;
    const example = {
      ...{ input: open.input, at: event.ts, seq: event.seq, latencyMs: event.durationMs ?? 0 },
      ...{ costUsd: event.model?.listUsd ?? event.model?.costUsd ?? 0, toolMs: toolMsOf(event) },
      tools: (event.tools ?? []).map(({ name }) => ({ name, input: null, output: null })),
    };
    const kept = answerIn(event);
    const length = lengthOf(open.input) + lengthOf(kept);
    step.drafts.set(firing, { example, event: kept, length, voice: event.personaVersion ?? open.voice });
    this.#forget(step.drafts);
  }

  /** The newest are enough. */
  #forget(drafts: Step["drafts"]): void {
    if (drafts.size <= this.#most + FORGET_AT_ONCE) return;
    for (const firing of [...drafts.keys()].slice(0, drafts.size - this.#most)) drafts.delete(firing);
  }

  /** A loop of the net led work back: what this step answered for it before was no good. */
  #comesBack(state: NetState, { consumed = [] }: NetEvent, step: Step): void {
    const makers = consumed.map(({ place, id }) => {
      const from = tokenAt(state, place, id)?.from;
      return { id, by: from !== undefined && "transition" in from ? from.transition : "" };
    });
    for (const { id } of cameBack(makers, step.reworkers, step.transition))
      for (const firing of this.#origins.firingsOf(id, step.transition)) this.#blame(step.transition, firing, "reworked");
  }

  #blame(step: string, firing: string, why: string): void {
    const draft = this.#steps.get(step)?.drafts.get(firing);
    if (draft) draft.bad ??= why;
  }

  /** The words of the request and the persona must be those that would be asked now. */
  async #isOfToday(event: Pick<NetEvent, "netVersion">, transition: string, request: string): Promise<boolean> {
    const version = event.netVersion ?? "";
    if (version === this.#net.version || version === "") return true;
    const key = `${version} ${transition}`;
    let then = this.#requests.get(key);
    if (!then) {
      then = this.#requestIn(version, transition);
      this.#requests.set(key, then);
    }
    return (await then) === request;
  }

  async #requestIn(version: string, transition: string): Promise<string | null> {
    const compiled = (await this.#versionOf(version))?.transitions.get(transition);
    return compiled ? hashJson(requestParts(compiled)) : null;
  }

  /** Versions of a persona that say the same in a request are one. */
  async #isSameVoice(persona: string, version: string | undefined): Promise<boolean> {
    const now = this.#personas[persona];
    if (version === undefined || now === undefined || version === now) return true;
    const [then, today] = await Promise.all([this.#voice(persona, version), this.#voice(persona, now)]);
    return then === today;
  }

  #voice(persona: string, version: string): Promise<string> {
    const known = this.#voices.get(`${persona}.${version}`);
    if (known) return known;
    const asked = personaAsks(this.#broker.personaVersions, persona, version);
    this.#voices.set(`${persona}.${version}`, asked);
    return asked;
  }

  async #versionOf(version: string): Promise<CompiledNet | null> {
    const stored = await this.#broker.netVersions.get(this.#net.definition.net, version);
    const parsed = stored === null ? null : netSchema.safeParse(stored);
    return parsed?.success ? compileNet(parsed.data, version) : null;
  }
}

type Shape = Pick<Step, "transition" | "persona" | "kind" | "compiled" | "reworkers" | "request">;

/** The steps that are looked at, by name. */
function stepsOf(net: CompiledNet, only: string | undefined): Map<string, Shape> {
  const found = new Map<string, Shape>();
  for (const compiled of net.transitions.values()) {
    const { id, definition } = compiled;
    if (definition.kind !== "llm" && definition.kind !== "agent") continue;
    if (only !== undefined && only !== id) continue;
    const { persona, kind } = definition;
    const [reworkers, request] = [reworkersOf(net.definition, id), hashJson(requestParts(compiled))];
    found.set(id, { transition: id, persona, kind, compiled, reworkers, request });
  }
  return found;
}

const lengthOf = (value: unknown): number => JSON.stringify(value)?.length ?? 0;

/** What is looked at in each event, whatever is asked. */
function formOf(step: Shape | undefined): string {
  if (!step) return "";
  const inputs = step.compiled.inputs.map((input) => [input.name, bindsMany(input)]);
  return canonicalJson([inputs, [...step.reworkers].sort(), step.kind] as Json);
}

/** Tokens that a person has turned down or changed, by id. */
function rejected({ type, attributes, consumed = [] }: NetEvent): string[] {
  const isNo = type === "decided" ? attributes?.decision === "reject" : type === "intervened" && attributes?.corrected === true;
  return isNo ? consumed.map(({ id }) => id) : [];
}

/** Time in calls of tools; those that end the work, or only note something, take none. */
function toolMsOf({ attributes }: NetEvent): number {
  const calls = Array.isArray(attributes?.timeline) ? attributes.timeline.filter(isJsonObject) : [];
  return calls.reduce((sum, { call, from, to }) => sum + (call === "tool" ? Math.max(0, Number(to) - Number(from)) || 0 : 0), 0);
}

function tokenAt(state: NetState, place: string, id: string): Token | undefined {
  return state.places.get(place)?.get(id)?.token;
}

/** The data of what it binds, by name, as a rule will see it. */
function inputsOf(state: NetState, event: NetEvent, { inputs }: CompiledTransition): JsonObject {
  const named = event.attributes?.inputs;
  const places = new Map([...(event.consumed ?? []), ...(event.read ?? [])].map(({ place, id }) => [id, place]));
  const data = (id: string): Json => tokenAt(state, places.get(id) ?? "", id)?.data ?? null;
  return Object.fromEntries(
    inputs.map((input): [string, Json] => {
      const ids = isJsonObject(named) && Array.isArray(named[input.name]) ? (named[input.name] as string[]) : [];
      return [input.name, bindsMany(input) ? ids.map(data) : data(ids[0] ?? "")];
    }),
  );
}
