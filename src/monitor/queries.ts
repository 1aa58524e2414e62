/** What the screens ask of the gateway, in the shapes of its public API. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import type { ModelUse, NetEvent, PlacedToken, ToolUse } from "../contract/event.ts";
import type { Json } from "../contract/json.ts";
import type { FiringView, MarkingView } from "../contract/marking.ts";
import type { Token } from "../contract/token.ts";
import type { EventStore } from "./event-store.ts";
import { call, type Me } from "./session.ts";

export interface NetRow {
  net: string;
  title?: string;
  state: string;
  version: string;
  seq?: number;
  tokens?: number;
  open?: number;
  waiting?: number;
}
/** A marking of the live net, or as it was at a moment. */
export type Marking = MarkingView & { at: string };
export interface GateRow {
  net: string;
  gate: string;
  firing: string;
  transition: string;
  since: string;
  expires: string | null;
  approvers: string[];
  quorum: number;
  approvals: number;
  decisions: { by: string; approve: boolean; comment?: string; at?: string }[];
  inputs?: Json;
  summary?: string;
  correlation?: string;
  /** What it holds, by input. */
  tokens?: { input: string; place: string; id: string; data: Json }[];
  /** JSON Schema of each of these places, where it has one. */
  schemas?: Record<string, Json>;
  /** It asks about a step's rule, and holds no work. */
  crystal?: { about: "promote" | "replace" | "demoted" | "unwatched"; rule: string };
}
export interface CostRow {
  by: Record<string, string>;
  firings: number;
  calls: number;
  inputTokens: number;
  outputTokens: number;
  usd: number;
  listUsd: number;
}
export interface Costs {
  rows: CostRow[];
  total: CostRow;
  budgets: { of: "net" | "persona"; name: string; budget: Record<string, Json> }[];
}
export interface RightsRow {
  transition: string;
  kind: string;
  persona: string;
  flags: string;
  tools: string[];
  without: string[];
  reads: string[];
  writes: string[];
  releases: boolean;
}
export interface TeamRow {
  persona: string;
  title: string;
  description: string | null;
  flags: string;
  tier: string;
  model: string | null;
  tools: string[];
  budget: Record<string, Json>;
  at: RightsRow[];
  spent: CostRow | null;
  doing: FiringView[];
  last: Pick<NetEvent, "seq" | "ts" | "type" | "status" | "summary" | "transition" | "firing">[];
}
export interface FiringRow {
  step: string;
  firing: string | null;
  transition: string;
  outcome: string;
  open: boolean;
  began: { seq: number; at: string };
  ended: { seq: number; at: string } | null;
  durationMs: number | null;
  summary: string;
  attempts: { attempt: number; began: string; ended: string | null; executor: string | null; how: string; reason: string | null }[];
  model: ModelUse | null;
  tools: ToolUse[];
  refused: { tool: string; reason: string; at: string }[];
  gate: { name: string } | null;
  produced: { place: string; id: string }[];
  error: Json;
  prompt: { text?: string | null } | null;
}
export interface FiringWhole extends FiringRow {
  inputs: (PlacedToken & { read: boolean })[];
  outputs: PlacedToken[];
  events: NetEvent[];
}
export interface Hands {
  executors: ExecutorRow[];
  running: { net: string; transition: string; firing: string; attempt: number; executor: string; persona: string | null; since: string }[];
  waiting: { net: string; transition: string; firing: string; since: string; pool: string }[];
  blocked: {
    net: string;
    transition: string;
    firing: string;
    since: string;
    pool: string;
    missing: string[];
    text: string;
    command: string;
  }[];
}
export interface Proposal {
  id: string;
  state: string;
  net: string;
  need: string;
  persona?: string;
  flags?: string;
  why?: string;
  findings?: string;
  draft?: Json;
}
export interface ExecutorRow {
  name: string;
  pools: string[];
  labels: string[];
  version: string;
  host?: string;
  slots?: number;
  busy?: number;
  isolation?: string;
  /** What holds its commands to their memory and number of processes. */
  limits?: string;
  /** It takes nothing new until there is room on its disk: a clause that says so. */
  full?: string;
  /** ISO time until which it gets no work, since it let its claims lapse. */
  heldOff?: string;
  heard?: string;
  at: string;
}
/** How a rule stands in the net file, but for the rule itself. */
export interface RuleTerms {
  shadow: number;
  bound: number;
  proof?: {
    learner: string;
    from: number;
    to: number;
    learned: number;
    held: number;
    covered: number;
    wrong: number;
    bound: number;
    confidence: number;
    coverage: number;
    savedUsd: number;
    savedMs: number;
    by: string;
    at: string;
  };
}
export interface CrystalRow {
  transition: string;
  persona: string;
  mode: "none" | "shadow" | "live" | "off" | "demoted";
  rule: string | null;
  definition: (RuleTerms & { next?: RuleTerms }) | null;
  /** Lines. */
  readable: string[];
  /** Of the later rule beside it. */
  laterReadable?: string[];
  record: {
    since: number;
    next?: { same: number; other: number } | null;
    answered: number;
    declined: number;
    bad: number;
    shadow: { same: number; other: number };
    audit: { same: number; other: number };
    demoted: { seq: number; reason: string } | null;
  } | null;
}
export type LyingToken = Token & { reservedBy?: string | null };

const SOON_MS = 250;
/** Events before a moment of the past: enough to see what failed last. */
const PAST = 200;

export const useMe = () => useQuery({ queryKey: ["me"], queryFn: () => call<Me>("/api/me") });
export const useNets = () =>
  useQuery({ queryKey: ["nets"], queryFn: () => call<{ nets: NetRow[] }>("/api/nets"), refetchInterval: 3000, select: ({ nets }) => nets });
export const useDefinition = (net: string, version: string | null) =>
  useQuery({
    queryKey: ["definition", net, version ?? "now"],
    queryFn: () =>
      call<{ definition: Record<string, Json>; version: string }>(
        version === null ? `/api/nets/${net}` : `/api/nets/${net}/versions/${version}`,
      ),
    staleTime: version === null ? 0 : Number.POSITIVE_INFINITY,
    // A net that is not there yet is asked for again: the page may be open before it is applied.
    refetchInterval: ({ state }) => (state.error ? 1500 : false),
  });
/** `at` null: now. */
export const useMarking = (net: string, at: string | null) =>
  useQuery({
    queryKey: ["marking", net, at ?? "now"],
    queryFn: () => call<Marking>(`/api/nets/${net}/marking${at === null ? "" : `?at=${encodeURIComponent(at)}`}`),
    refetchInterval: at === null ? 5000 : false,
    placeholderData: (before) => before,
  });
export const useTokens = (net: string, place: string, at: string | null) =>
  useQuery({
    queryKey: ["tokens", net, place, at ?? "now"],
    queryFn: () =>
      call<{ tokens: LyingToken[]; total: number; next: number | null }>(
        `/api/nets/${net}/places/${place}/tokens?limit=100${at === null ? "" : `&at=${encodeURIComponent(at)}`}`,
      ),
  });
export const useFirings = (net: string, transition: string, until: string | null) =>
  useQuery({
    queryKey: ["firings", net, transition, until ?? "now"],
    queryFn: () =>
      call<{ firings: FiringRow[]; nextBeforeSeq: number | null }>(
        `/api/nets/${net}/firings?transition=${transition}&limit=50${until === null ? "" : `&before=${Number(until) + 1}`}`,
      ),
  });
export const useFiring = (net: string, firing: string) =>
  useQuery({ queryKey: ["firings", net, "one", firing], queryFn: () => call<FiringWhole>(`/api/nets/${net}/firings/${firing}`) });
export const useGates = () =>
  useQuery({
    queryKey: ["gates"],
    queryFn: () => call<{ gates: GateRow[] }>("/api/gates"),
    refetchInterval: 3000,
    select: ({ gates }) => gates,
  });
export const useTeam = (net: string) =>
  useQuery({
    queryKey: ["team", net],
    queryFn: () => call<{ personas: TeamRow[] }>(`/api/nets/${net}/personas`),
    refetchInterval: 5000,
    select: ({ personas }) => personas,
  });
export const useCosts = (by: string, net: string | null) =>
  useQuery({
    queryKey: ["costs", by, net],
    queryFn: () => call<Costs>(`/api/costs?by=${by}${net === null ? "" : `&net=${net}`}`),
    refetchInterval: 5000,
    placeholderData: (before) => before,
  });
export const useHands = () => useQuery({ queryKey: ["hands"], queryFn: () => call<Hands>("/api/executors"), refetchInterval: 2000 });
export const useProposals = () =>
  useQuery({
    queryKey: ["proposals"],
    queryFn: () => call<{ proposals: Proposal[] }>("/api/proposals"),
    refetchInterval: 5000,
    select: ({ proposals }) => proposals,
  });
export const useCrystals = (net: string) =>
  useQuery({
    queryKey: ["crystals", net],
    queryFn: () => call<{ transitions: CrystalRow[] }>(`/api/crystals/${net}`),
    refetchInterval: 3000,
    select: ({ transitions }) => transitions,
  });
export const useTaught = (net: string, transition: string, asked: boolean) =>
  useQuery({
    queryKey: ["taught", net, transition],
    queryFn: () =>
      call<{ proposal: { promotable: boolean; reasons: string[] } | null; readable: string[] }>(`/api/crystals/${net}/${transition}`),
    enabled: asked,
  });
export const useStory = (net: string, correlation: string | null) =>
  useQuery({
    queryKey: ["story", net, correlation],
    queryFn: () => call<{ events: NetEvent[] }>(`/api/event-line/${net}?correlation=${correlation}&limit=500`),
    enabled: correlation !== null,
    select: ({ events }) => events,
  });
/** The last events up to a moment, for one that lies before what is known here. */
export const usePast = (net: string, moment: number, asked: boolean) =>
  useQuery({
    queryKey: ["past", net, moment],
    queryFn: () => call<{ events: NetEvent[] }>(`/api/event-line/${net}?as-of=${moment}&limit=${PAST}`),
    enabled: asked,
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: (before) => before,
    select: ({ events }) => events,
  });
export const useVersions = (net: string) =>
  useQuery({
    queryKey: ["versions", net],
    queryFn: () => call<{ versions: { hash: string; at: string }[] }>(`/api/nets/${net}/versions`),
    select: ({ versions }) => versions,
  });

/** What an event has changed is asked anew, a moment later, and once for many events. */
export function useFresh(store: EventStore | null): void {
  const client = useQueryClient();
  useEffect(() => {
    if (store === null) return;
    let timer: ReturnType<typeof setTimeout> | null = null;
    let edited = false;
    const stop = store.onArrival((event) => {
      edited ||= event.type === "edited";
      timer ??= setTimeout(() => {
        timer = null;
        for (const key of ["marking", "tokens", "firings", "gates", "team", "hands"]) void client.invalidateQueries({ queryKey: [key] });
        if (edited)
          for (const key of ["definition", "versions", "proposals", "crystals"]) void client.invalidateQueries({ queryKey: [key] });
        edited = false;
      }, SOON_MS);
    });
    return () => {
      stop();
      if (timer) clearTimeout(timer);
    };
  }, [store, client]);
}
