/** A P/T net as PNML; reading it again gives the same net. */
import { Terminal } from "../../contract/errors.ts";
import { isOrdinary, type PetriArc, type PetriNet, type PetriTransition, withRoomPlaces } from "./petri-net.ts";

const TYPE = "http://www.pnml.org/version-2009/grammar/ptnet";

/**
 * A test arc becomes a pair that takes and gives back, a capacity a place for the room that is left: both fire alike.
 * Errors: Terminal `pnml-inexpressible` for inhibitor and reset arcs, which P/T nets do not have.
 */
export function writePnml(net: PetriNet): string {
  if (!isOrdinary(net)) {
    throw new Terminal({
      code: "pnml-inexpressible",
      message: `${net.id} has inhibitor or reset arcs, and a P/T net of PNML has none`,
      hint: "write the net without them",
    });
  }
  const { places, transitions: named } = withRoomPlaces(net);
  // Ids are one space in PNML: a transition that is called like a place gets another one.
  const fresh = freshIds(new Set(places.map(({ id }) => id)));
  const transitions = named.map((one) => ({ ...one, id: fresh(one.id) }));
  const placeIds = places.map(({ id }) => id);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<pnml xmlns="http://www.pnml.org/version-2009/grammar/pnml">',
    `  <net id="${escaped(net.id)}" type="${TYPE}">`,
    `    ${label("name", net.name)}`,
    `    <page id="${escaped(fresh("page"))}">`,
    ...places.map(({ id, name, initial }) => {
      const marking = initial > 0 ? label("initialMarking", String(initial)) : "";
      return `      <place id="${escaped(id)}">${label("name", name)}${marking}</place>`;
    }),
    ...transitions.map(({ id, name }) => `      <transition id="${escaped(id)}">${label("name", name)}</transition>`),
    ...transitions.flatMap((one) => arcLines(one, placeIds, fresh)),
    "    </page>",
    "  </net>",
    "</pnml>",
    "",
  ].join("\n");
}

function arcLines(one: PetriTransition, placeIds: readonly string[], fresh: (wanted: string) => string): string[] {
  const line = (arc: PetriArc, inward: boolean) => {
    const place = placeIds[arc.place] ?? "";
    const [source, target] = inward ? [place, one.id] : [one.id, place];
    const id = fresh(arc.id ?? `${source}--to--${target}`);
    const inscription = arc.weight === 1 ? "" : label("inscription", String(arc.weight));
    return `      <arc id="${escaped(id)}" source="${escaped(source)}" target="${escaped(target)}">${inscription}</arc>`;
  };
  return [
    ...[...one.consume, ...one.read].map((arc) => line(arc, true)),
    ...[...one.produce, ...one.read.map(({ place, weight }) => ({ place, weight }))].map((arc) => line(arc, false)),
  ];
}

function freshIds(taken: Set<string>): (wanted: string) => string {
  return (wanted) => {
    let id = wanted;
    for (let at = 2; taken.has(id); at += 1) id = `${wanted}-${at}`;
    taken.add(id);
    return id;
  };
}

function label(name: string, text: string): string {
  return `<${name}><text>${escaped(text)}</text></${name}>`;
}

const ESCAPES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;" };

/** Characters that XML cannot hold at all become the replacement character. */
function escaped(text: string): string {
  const safe = [...text].map((one) => (isXml(one.codePointAt(0) ?? 0) ? one : "\uFFFD")).join("");
  return safe.replace(/[&<>"']/g, (one) => ESCAPES[one] ?? one).replace(/[\t\n\r]/g, (one) => `&#${one.charCodeAt(0)};`);
}

function isXml(code: number): boolean {
  return code === 9 || code === 10 || code === 13 || (code >= 0x20 && code < 0xd800) || (code >= 0xe000 && code < 0xfffe) || code > 0xffff;
}
