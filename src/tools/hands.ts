/**
 * What a tool on the master can reach: handles that a firing was given, each for one thing. A hand that the persona's flags and arcs
 * do not call for is null, so that there is nothing to misuse.
 */
import type { Clock } from "../contract/clock.ts";
import { Refused } from "../contract/errors.ts";
import type { EventStatus, EventType, NetEvent } from "../contract/event.ts";
import type { Json, JsonObject } from "../contract/json.ts";
import type { ArtifactRef, Token } from "../contract/token.ts";

export interface RestingToken {
  token: Token;
  /** The firing that holds it. */
  reservedBy: string | null;
}
export interface PlaceReader {
  readonly place: string;
  /** Tokens at rest, reserved ones included, in order of arrival. Copies. */
  peek(): RestingToken[];
}
export interface PlaceWriter {
  readonly place: string;
  /** Settles when the token is in the log. The same call with the same data puts one token. Errors: Terminal `schema`, Retryable `place-full`. */
  put(data: Json, call: string): Promise<{ id: string }>;
}
export interface PlaceTaker {
  readonly place: string;
  /** Moves a token at rest to one of the persona's own output places. Errors: Terminal `no-such-token`, Refused `token-reserved`. */
  move(id: string, to: PlaceWriter, data: Json | undefined, call: string): Promise<{ id: string }>;
}

export interface NetHands {
  /** Places, transitions and arcs, without tokens and prompts. */
  describe(): JsonObject;
  /** Errors: Refused `name-not-wired`, for what lies beyond the persona's own arcs. */
  why(name: string): Promise<Json>;
  check(definition: JsonObject): { ok: boolean; problems: JsonObject[] };
  /** The definition that runs, by its hash. */
  version(): string;
}

export interface EventFilter {
  types?: readonly EventType[] | undefined;
  status?: EventStatus | undefined;
  transition?: string | undefined;
  persona?: string | undefined;
  firing?: string | undefined;
  correlation?: string | undefined;
  /** Stands in the summary, whatever the case. */
  text?: string | undefined;
}
export interface EventHands {
  /** The newest that match, oldest first. `whole`: the log was read to its beginning. */
  newest(filter: EventFilter, limit: number): Promise<{ events: NetEvent[]; whole: boolean }>;
}

export interface Lesson {
  id: string;
  text: string;
  tags: string[];
  at: string;
  by: string;
  /** ISO time after which it is forgotten, or null. */
  expires: string | null;
  /** Of a recall: higher fits better. */
  score?: number;
}
export interface MemoryHands {
  recall(query: string, limit: number): Promise<Lesson[]>;
  list(limit: number): Promise<{ lessons: Lesson[]; total: number }>;
  /** `days` until it is forgotten; null: the memory's own rule. */
  write(lesson: { text: string; tags: string[]; days: number | null }, call: string): Promise<{ id: string }>;
  forget(id: string): Promise<{ forgotten: boolean }>;
}

export interface KnowledgeHands {
  /** Passages of the persona's own files, the best first. */
  search(
    query: string,
    limit: number,
  ): { file: string; sha256: string; lines: [number, number]; heading: string; text: string; score: number }[];
}

export interface ArtifactHands {
  /** Errors: Refused `artifact-not-named`, when no token of this firing's places names it; Terminal `artifact-gone`. */
  get(id: string): Promise<{ ref: ArtifactRef; content: Uint8Array }>;
  put(content: Uint8Array, type: string): Promise<ArtifactRef>;
}

export interface HttpRequestParts {
  method: "GET" | "POST";
  url: string;
  headers: Record<string, string>;
  body: Uint8Array | null;
  maxBytes: number;
}
export interface HttpHands {
  /** Errors: those of the HTTP client, among them Refused `http-host-refused`. Any status is an answer. */
  send(
    request: HttpRequestParts,
    call: string,
  ): Promise<{ status: number; type: string; headers: Record<string, string>; body: Uint8Array }>;
}

export interface GateView {
  gate: string;
  firing: string;
  transition: string;
  since: string;
  approvers: string[];
  quorum: number;
  approvals: number;
}
export interface GateHands {
  list(): GateView[];
  /** Names of the gates that stand behind a place: what lies there waits for people. */
  behind(place: string): string[];
}

export interface PersonaView extends JsonObject {
  persona: string;
  title: string;
  flags: string;
  tools: string[];
  tier: string;
  transitions: string[];
}
export interface PersonaHands {
  list(): PersonaView[];
  /** What is wrong with a persona's definition; empty when it is sound. */
  check(definition: JsonObject): string[];
}

/** The stages of crystallization for the net that the persona works in, for steps of others. Each answer is JSON as its tool describes it. */
export interface CrystalHands {
  candidates(): Promise<JsonObject[]>;
  /** Learns and proves, and tells both in the log; `withModel`: a model is asked for a rule too, once for a step. Errors: Terminal `unknown-transition`, `no-model-step`. */
  learn(transition: string, withModel: boolean): Promise<JsonObject>;
  show(transition: string): JsonObject;
  /** Puts the proven rule beside its model. Errors: Refused `own-step`, Terminal `nothing-learned`, `not-proven`. */
  shadow(transition: string, firings: number | undefined, withModel: boolean): Promise<JsonObject>;
  /** Who says yes, and where they are asked; it says yes for nobody. Errors: Terminal `no-rule`, Refused `shadow-not-over`, `rule-demoted`, `rule-off`. */
  promote(transition: string): JsonObject;
  undo(transition: string, reason: string): Promise<JsonObject>;
}

export interface DataHands {
  /** Places that the query names; null for `FROM $`. Errors: Terminal `expression-syntax`. */
  placesOf(query: string): string[] | null;
  /** Errors: Terminal `expression-syntax`, `expression-limit`, `query-too-long`. */
  query(query: string, candidates: readonly { token: Token; place: string }[], limit: number): { rows: JsonObject[]; total: number };
  /** What is wrong with a value, a line each. Errors: Terminal `schema-unsound`. */
  mismatches(schema: JsonObject, value: Json): string[];
}

export interface HelperWish {
  task: string;
  flags: string;
  tools: string[];
}

/** Of one call. */
export interface MasterHands {
  /** The same for the same step of the same firing. */
  call: string;
  about: { net: string; transition: string; firing: string; persona: string; flags: string; correlation: string };
  clock: Clock;
  signal: AbortSignal;
  reads: ReadonlyMap<string, PlaceReader>;
  writes: ReadonlyMap<string, PlaceWriter>;
  takes: ReadonlyMap<string, PlaceTaker>;
  net: NetHands | null;
  events: EventHands | null;
  memory: MemoryHands | null;
  knowledge: KnowledgeHands;
  artifacts: ArtifactHands;
  http: HttpHands | null;
  gates: GateHands;
  personas: PersonaHands | null;
  crystals: CrystalHands | null;
  data: DataHands;
  /** Calls back for each event of the net from now on. Gives back what ends it. */
  follow(call: (event: NetEvent) => void): () => void;
  /** A question to a small model, paid from the firing's budget. */
  say(system: string, text: string, maxOutputTokens: number): Promise<string>;
  /** A helper with at most this persona's rights. Errors: Refused `helper-too-deep`. */
  help(wish: HelperWish): Promise<JsonObject>;
}

/** The hand, or Refused `hand-not-given`: the policy lets nobody come here, and if it did there would be nothing. */
export function given<T>(hand: T | null, what: string): T {
  if (hand !== null) return hand;
  throw new Refused({ code: "hand-not-given", message: `this firing was given no way to ${what}` });
}

/** The handle of a place that a call named. Errors: Refused `place-not-wired`. */
export function handleOf<T>(handles: ReadonlyMap<string, T>, place: string, verb: string): T {
  const handle = handles.get(place);
  if (handle) return handle;
  throw new Refused({
    code: "place-not-wired",
    message: `no arc lets this persona ${verb} ${place.slice(0, 100)}`,
    hint: `It may ${verb} ${[...handles.keys()].join(", ") || "no place"}.`,
  });
}
