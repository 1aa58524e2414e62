/** The lineage of one token as a document: what led to it from outside on, and what became of it. */
import { beginningOf, pastOf, readOn } from "../../actors/past.ts";
import type { Broker } from "../../contract/broker.ts";
import type { ModelUse, NetEvent, PlacedToken } from "../../contract/event.ts";
import { sha256 } from "../../contract/hash.ts";
import { isJsonObject } from "../../contract/json.ts";
import type { Token } from "../../contract/token.ts";
import type { NetState } from "../../net/state.ts";
import type { FoundToken } from "./find-token.ts";
import { type Reach, reachOf } from "./lineage-index.ts";
import { walkLineage } from "./lineage-walk.ts";
import { withRuleOrigins } from "./rule-origins.ts";
import { addModel, type Step, stepOf } from "./step-story.ts";

export interface Bounds {
  /** Steps in a row, each way. */
  depth: number;
  /** Steps in all, each way. */
  steps: number;
}
export interface Totals {
  steps: number;
  modelCalls: number;
  inputTokens: number;
  outputTokens: number;
  costUsd: number;
  listUsd: number;
  toolCalls: number;
  refusedCalls: number;
  /** Who decided, or moved tokens by hand. */
  people: string[];
}
/** `gone` when a step has consumed it. */
export interface Whereabouts {
  state: "at rest" | "held" | "gone";
  firing: string | null;
}
export interface Lineage {
  net: string;
  token: Token;
  place: string;
  now: Whereabouts;
  /** Nearest first; both begin with the steps next to the token. */
  before: Step[];
  after: Step[];
  /** Every token that a step in here made, by id. */
  tokens: { [id: string]: PlacedToken & { now: Whereabouts } };
  /** Steps seen behind the bounds. */
  cut: { before: number; after: number };
  totals: { before: Totals; after: Totals };
}

export async function lineageOf(broker: Broker, found: FoundToken, bounds: Bounds): Promise<Lineage> {
  const { net, id } = found;
  const index = await walkLineage(broker, found);
  const { state } = await pastOf(broker, net, { kind: "now" });
  const before = reachOf(index, id, "before", bounds);
  const after = reachOf(index, id, "after", bounds);
  const story = await readSteps(broker, state, [before, after]);
  await withRuleOrigins(broker, net, story.steps.values());
  const focus = story.tokens[id];
  if (!focus) throw new Error(`the log of ${net} no longer holds what made ${id}`);
  const told = ({ steps }: Reach) => [...steps].map(([step, distance]) => ({ ...(story.steps.get(step.key) as Step), distance }));
  const lineage = { before: told(before), after: told(after) };
  return {
    net,
    token: focus.token,
    place: focus.place,
    now: nowOf(state, focus),
    ...lineage,
    tokens: Object.fromEntries(Object.values(story.tokens).map((made) => [made.token.id, { ...made, now: nowOf(state, made) }])),
    cut: { before: before.cut, after: after.cut },
    totals: { before: totalsOf(lineage.before), after: totalsOf(lineage.after) },
  };
}

/** The last reading: whole events, but only those of the steps that were found. */
async function readSteps(broker: Broker, state: NetState, reaches: Reach[]) {
  const wanted = new Map<number, string>();
  for (const { steps } of reaches) for (const step of steps.keys()) for (const seq of step.seqs) wanted.set(seq, step.key);
  const events = new Map<string, NetEvent[]>();
  const versions = new Map<string, string>();
  const versionThen = new Map<string, Map<string, string>>();
  const tokens: { [id: string]: PlacedToken } = {};
  const past = await beginningOf(broker, state.net);
  for (const [name, hash] of Object.entries(past.state.personas)) versions.set(name, hash);
  const end = Math.max(0, ...wanted.keys());
  await readOn(broker, past, { kind: "event", seq: end }, (event) => {
    const personas = event.type === "edited" ? event.attributes?.personas : undefined;
    if (isJsonObject(personas)) for (const [name, hash] of Object.entries(personas)) versions.set(name, String(hash));
    const key = wanted.get(event.seq);
    if (key === undefined) return;
    const known = events.get(key);
    if (known) known.push(event);
    else {
      events.set(key, [event]);
      versionThen.set(key, new Map(versions));
    }
    for (const made of event.produced ?? []) tokens[made.token.id] = made;
  });
  const steps = new Map<string, Step>();
  for (const [key, own] of events) {
    const version = (persona: string) => versionThen.get(key)?.get(persona) ?? null;
    steps.set(key, stepOf(key, own, { distance: 0, open: state.firings.has(key), version }));
  }
  return { steps, tokens };
}

function nowOf(state: NetState, { place, token }: PlacedToken): Whereabouts {
  const placed = state.places.get(place)?.get(token.id);
  if (!placed) return { state: "gone", firing: null };
  return { state: placed.reservedBy === null ? "at rest" : "held", firing: placed.reservedBy };
}

export function totalsOf(steps: Step[]): Totals {
  const none: ModelUse = { provider: "", name: "", calls: 0, inputTokens: 0, outputTokens: 0, costUsd: 0 };
  const { calls, inputTokens, outputTokens, costUsd, listUsd = 0 } = steps.flatMap(({ model }) => model ?? []).reduce(addModel, none);
  const tools = steps.flatMap((step) => step.tools);
  return {
    steps: steps.length,
    modelCalls: calls,
    inputTokens,
    outputTokens,
    costUsd,
    listUsd,
    toolCalls: tools.length,
    refusedCalls: Math.max(
      tools.filter(({ refused }) => refused === true).length,
      steps.reduce((sum, { refused }) => sum + refused.length, 0),
    ),
    people: [...new Set(steps.flatMap(({ people }) => people.filter(({ did }) => did !== "put").map(({ by }) => by)))],
  };
}

/** Fetches the exact prompts; null where the store no longer has one. */
export async function withPrompts(broker: Broker, steps: Step[]): Promise<void> {
  for (const { prompt } of steps) {
    if (!prompt) continue;
    const content = await broker.artifacts.get(prompt.artifact);
    prompt.text = content === null ? null : new TextDecoder().decode(content);
    prompt.intact = content !== null && sha256(content) === prompt.sha256;
  }
}
