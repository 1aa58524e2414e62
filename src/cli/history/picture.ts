/** What a net was at a moment, as a document and in words. */
import type { Past } from "../../actors/past.ts";
import { isoTime } from "../../contract/clock.ts";
import type { NetEvent, PlacedId } from "../../contract/event.ts";
import type { Decision, NetState, OpenFiring, Placed } from "../../net/state.ts";
import { type Output, oneLine } from "../output.ts";

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

export function pictureText(picture: Picture, out: Output): string {
  const { event } = picture;
  const head = event === null ? `${picture.net} before its first event` : `${picture.net} after event ${event.seq}, ${event.ts}`;
  const version = picture.definition === null ? "no definition yet" : `definition ${picture.definition.slice(0, 12)}`;
  const lines = [out.paint.bold(head)];
  if (event !== null) lines.push(`  ${event.type}${event.transition ? ` ${event.transition}` : ""}: ${event.summary}`);
  lines.push(`  ${picture.state}, ${version}`, "", placesTable(picture, out));
  if (picture.firings.length > 0) lines.push("", "under way", firingsTable(picture.firings, out));
  if (picture.gates.length > 0) lines.push("", "waiting for people", gatesTable(picture.gates, out));
  return lines.join("\n");
}

function placesTable({ places }: Picture, out: Output): string {
  if (places.length === 0) return "no token in any place";
  return out.table(
    ["PLACE", "WAITING", "RESERVED", "TOKENS"],
    places.map(({ place, waiting, reserved, tokens }) => [
      place,
      String(waiting),
      String(reserved),
      `${tokens.slice(0, 3).join(" ")}${tokens.length > 3 ? " …" : ""}`,
    ]),
  );
}

function firingsTable(firings: FiringThen[], out: Output): string {
  return out.table(
    ["TRANSITION", "FIRING", "ATTEMPT", "PERSONA", "EXECUTOR", "SINCE", "HOLDS"],
    firings.map((one) => [
      one.transition,
      one.firing,
      `${one.attempt}${one.notBefore === null ? "" : `, from ${one.notBefore.slice(11, 19)}`}`,
      one.persona ?? "-",
      one.executor ?? "-",
      one.since.slice(0, 19),
      [...one.consumes, ...one.reads].map(({ place, id }) => `${place}/${id}`).join(" "),
    ]),
  );
}

function gatesTable(gates: GateThen[], out: Output): string {
  return out.table(
    ["GATE", "FIRING", "SINCE", "EXPIRES", "DECIDED", "WHO MAY"],
    gates.map((one) => [
      one.gate,
      one.firing,
      one.since.slice(0, 19),
      one.expires?.slice(0, 19) ?? "-",
      `${one.decisions.filter(({ approve }) => approve).length} of ${one.quorum}`,
      one.approvers.join(", "),
    ]),
  );
}

export function placeText(place: string, placed: Placed[], out: Output): string {
  if (placed.length === 0) return `no token lay in ${place}`;
  return out.table(
    ["TOKEN", "AT", "BY", "HELD BY", "DATA"],
    placed.map(({ token, reservedBy }) => [token.id, token.at.slice(0, 19), token.by, reservedBy ?? "-", oneLine(token.data)]),
  );
}
