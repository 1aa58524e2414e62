/** What the recruiter is told of a net: its places, and for each who reads it beside others. Pure. */
import { isJsonObject, type Json, type JsonObject } from "../../contract/json.ts";

/** Places that are read by somebody come first: that is where a further specialist fits without holding anybody up. */
export function positionsOf(definition: JsonObject): Json[] {
  const places = isJsonObject(definition.places) ? definition.places : {};
  const transitions = Object.entries(isJsonObject(definition.transitions) ? definition.transitions : {});
  const rows = Object.entries(places).map(([place, value]) => ({
    place,
    title: isJsonObject(value) && typeof value.title === "string" ? value.title : "",
    readers: transitions.flatMap(([, each]) => (isJsonObject(each) && reviews(each, place) ? [each] : [])).slice(0, 2),
    takenBy: transitions.flatMap(([name, each]) =>
      isJsonObject(each) && arcsOf(each).some((arc) => arc.place === place && arc.mode !== "read") ? [name] : [],
    ),
  }));
  return rows.sort((a, b) => b.readers.length - a.readers.length) as unknown as Json[];
}

/** A specialist that reads this place and nothing else. */
function reviews(transition: JsonObject, place: string): boolean {
  const arcs = arcsOf(transition);
  return (
    (transition.kind === "llm" || transition.kind === "agent") && arcs.length === 1 && arcs[0]?.place === place && arcs[0]?.mode === "read"
  );
}

function arcsOf(transition: JsonObject): JsonObject[] {
  return Array.isArray(transition.in) ? transition.in.filter(isJsonObject) : [];
}
