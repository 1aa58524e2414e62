/** What a net was at a moment, as a document. */
import type { Past } from "../../actors/past.ts";
import { isoTime } from "../../contract/clock.ts";
import type { NetEvent, PlacedId } from "../../contract/event.ts";
import type { Decision, NetState, OpenFiring } from "../../net/state.ts";

export interface FiringThen {
  firing: string;
  transition: string;
  persona: string | null;
  attempt: number;
  executor: string | null;
  since: string;
  /** An attempt that failed waits until then. */
  notBefore: string | null;
  consumes: PlacedId[];
  reads: PlacedId[];
  netVersion: string;
}
export interface GateThen {
  gate: string;
  firing: string;
  transition: string;
  since: string;
  expires: string | null;
  approvers: string[];
  quorum: number;
  decisions: Decision[];
}
export interface Picture {
  net: string;
  seq: number;
  at: string | null;
  /** The event that led there. */
  event: NetEvent | null;
  state: "running" | "paused" | "killed";
  definition: string | null;
  personas: Record<string, string>;
  places: { place: string; waiting: number; reserved: number; tokens: string[] }[];
  firings: FiringThen[];
  gates: GateThen[];
}

export function pictureOf({ state, last }: Past): Picture {
  const open = [...state.firings.values()];
  return {
    net: state.net,
    seq: state.seq,
    at: last?.ts ?? null,
    event: last,
    state: state.killed ? "killed" : state.paused ? "paused" : "running",
    definition: state.definition,
    personas: state.personas,
    places: placesOf(state),
    firings: open.filter(({ gate }) => gate === null).map(firingThen),
    gates: open.flatMap(gateThen),
  };
}

function placesOf(state: NetState): Picture["places"] {
  return [...state.places]
    .filter(([, tokens]) => tokens.size > 0)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([place, tokens]) => {
      const reserved = [...tokens.values()].filter(({ reservedBy }) => reservedBy !== null).length;
      return { place, waiting: tokens.size - reserved, reserved, tokens: [...tokens.keys()] };
    });
}

function firingThen(firing: OpenFiring): FiringThen {
  return {
    firing: firing.firing,
    transition: firing.transition,
    persona: firing.persona,
    attempt: firing.attempt,
    executor: firing.claim?.executor ?? null,
    since: isoTime(firing.startedAt),
    notBefore: firing.notBefore === null ? null : isoTime(firing.notBefore),
    consumes: firing.consumed,
    reads: firing.read,
    netVersion: firing.netVersion,
  };
}

function gateThen({ gate, firing, transition, openedAt }: OpenFiring): GateThen[] {
  if (!gate) return [];
  const { name, approvers, quorum, decisions, expiresAt } = gate;
  const expires = expiresAt === null ? null : isoTime(expiresAt);
  return [{ gate: name, firing, transition, since: isoTime(openedAt), expires, approvers, quorum, decisions }];
}
