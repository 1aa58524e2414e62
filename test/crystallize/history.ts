/** Histories for tests: items of a stream, answered by a model that errs at a given rate. */
import { type Chance, chanceOf } from "../../bench/crystallize/draws.ts";
import type { Item, Stream } from "../../bench/crystallize/stream.ts";
import type { Json, JsonObject } from "../../src/contract/json.ts";
import type { Example } from "../../src/crystallize/example.ts";

export function exampleOf(seq: number, input: JsonObject, output: Json, more: Partial<Example> = {}): Example {
  return { input, output, at: "2026-05-01T10:00:00.000Z", seq, costUsd: 0.002, latencyMs: 900, tools: [], ...more };
}

export interface History {
  examples: Example[];
  /** Items that come after, with their truth. */
  later: Item[];
}

export function historyOf(stream: Stream, size: number, errs: number, seed: number): History {
  const chance = chanceOf(seed);
  const slips = chanceOf(seed + 1_000_003);
  const items = Array.from({ length: size + 500 }, (_, at) => stream.item(at, chance));
  const said = ({ truth }: Item): Json => (slips.chance(errs) ? stream.slip(truth, slips) : truth);
  return { examples: items.slice(0, size).map((item, seq) => exampleOf(seq, item.input, said(item))), later: items.slice(size) };
}

/** Examples made by a function, without errors. */
export function madeBy(size: number, seed: number, input: (chance: Chance) => JsonObject, output: (input: JsonObject) => Json): Example[] {
  const chance = chanceOf(seed);
  return Array.from({ length: size }, (_, at) => {
    const given = input(chance);
    return exampleOf(at, given, output(given));
  });
}
