/** Tools are named `room.verb`; both APIs allow letters, digits, _ and - only, so a dot travels as a double underscore. */
import type { Json } from "../contract/json.ts";
import { jsonFlaw } from "../contract/json-limits.ts";
import type { ToolSpec } from "./port.ts";

export function wireName(name: string): string {
  return name.replace(/[^a-zA-Z0-9_-]/g, "__").slice(0, 64);
}

/**
 * Back from the wire. A tool that was not offered, which the model spells as it sees the others, gets its dots back too: what refuses it
 * must know what was meant. Any other name stays as the model wrote it.
 */
export function nameFromWire(tools: readonly ToolSpec[]): (wire: string) => string {
  const names = new Map(tools.map((tool) => [wireName(tool.name), tool.name]));
  return (wire) => names.get(wire) ?? (/^[a-z]+(__[A-Za-z0-9-]+)+$/.test(wire) ? wire.replaceAll("__", ".") : wire);
}

/** The input that a model wrote. What is no JSON stays the text it is, for the turn loop to refuse. */
export function parseInput(text: string): Json {
  if (text.trim() === "") return {};
  try {
    const input = JSON.parse(text) as Json;
    return jsonFlaw(input) ? text : input;
  } catch {
    return text;
  }
}
