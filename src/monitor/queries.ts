/** What the screens ask of the gateway, in the shapes of its public API. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import type { NetEvent, PlacedId } from "../contract/event.ts";
import type { Json } from "../contract/json.ts";
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
export interface PlaceView {
  place: string;
  title: string;
  waiting: number;
  reserved: number;
  oldestAt: string | null;
  capacity: number | null;
  open: boolean;
}
export interface FiringView {
  firing: string;
  transition: string;
  persona: string | null;
  attempt: number;
  executor: string | null;
  instance: number | null;
  correlation: string;
  since: string;
  notBefore: string | null;
  gate: string | null;
  consumed: PlacedId[];
  read: PlacedId[];
}
export interface Marking {
  net: string;
  seq: number;
  at: string;
  state: "running" | "paused" | "stopped";
  version: string | null;
  places: PlaceView[];
  firings: FiringView[];
}
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
}
export interface PersonaRow {
  persona: string;
  title: string;
  flags: string;
  tier: string;
  version: string;
  tools: string[];
  net?: string;
}
export interface ExecutorRow {
  name: string;
  pools: string[];
  labels: string[];
  version: string;
  host?: string;
  slots?: number;
  busy?: number;
  [more: string]: unknown;
}
export type PlacedToken = Token & { reservedBy?: string | null };

const SOON_MS = 250;

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
      call<{ tokens: PlacedToken[]; total: number; next: number | null }>(
        `/api/nets/${net}/places/${place}/tokens?limit=100${at === null ? "" : `&at=${encodeURIComponent(at)}`}`,
      ),
  });
export const useFirings = (net: string, transition: string, until: string | null) =>
  useQuery({
    queryKey: ["firings", net, transition, until ?? "now"],
    queryFn: () =>
      call<{ events: NetEvent[] }>(`/api/event-line/${net}?transition=${transition}&limit=200${until === null ? "" : `&as-of=${until}`}`),
    select: ({ events }) => events,
  });
export const useGates = () =>
  useQuery({
    queryKey: ["gates"],
    queryFn: () => call<{ gates: GateRow[] }>("/api/gates"),
    refetchInterval: 3000,
    select: ({ gates }) => gates,
  });
export const usePersonas = () =>
  useQuery({
    queryKey: ["personas"],
    queryFn: () => call<{ personas: PersonaRow[] }>("/api/personas"),
    refetchInterval: 10_000,
    select: ({ personas }) => personas,
  });
export const useExecutors = () =>
  useQuery({
    queryKey: ["executors"],
    queryFn: () => call<{ executors: ExecutorRow[] }>("/api/executors"),
    refetchInterval: 3000,
    select: ({ executors }) => executors,
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
        for (const key of ["marking", "tokens", "firings", "gates"]) void client.invalidateQueries({ queryKey: [key] });
        if (edited) for (const key of ["definition", "versions", "personas"]) void client.invalidateQueries({ queryKey: [key] });
        edited = false;
      }, SOON_MS);
    });
    return () => {
      stop();
      if (timer) clearTimeout(timer);
    };
  }, [store, client]);
}
