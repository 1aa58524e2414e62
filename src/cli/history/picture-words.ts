/** What a net was at a moment, in words. */

import type { FiringThen, GateThen, Picture } from "../../client/history/picture.ts";
import type { Placed } from "../../net/state.ts";
import { type Output, oneLine } from "../output.ts";

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
