/** Which steps are worth a look: what the log says of each, ranked by the money and time that a rule would save. */
import { canonicalJson, type Json } from "../contract/json.ts";
import { typeOf } from "../net/rule/condition.ts";
import { type Example, goodExamples } from "./example.ts";

export interface CandidateFacts {
  transition: string;
  firings: number;
  /** Later reworked or rejected. */
  bad: number;
  /** Different forms of the input: names and types, not values. */
  shapes: number;
  inputs: number;
  outputs: number;
  /**
   * How stable the answer is given the input, from 0 to 1: of the firings whose input was seen before, the share with the answer that
   * is usual for it. Null when no input came twice.
   */
  stability: number | null;
  /** The share of the most frequent answer. */
  usual: number;
  costUsd: number;
  latencyMs: number;
  /** Names of tools, with how many firings used each. */
  tools: Record<string, number>;
  /** Upper limits of what a rule could save in each thousand firings. */
  saves: { usdPer1000: number; msPer1000: number };
}

export function candidateFacts(transition: string, examples: readonly Example[]): CandidateFacts {
  const good = goodExamples(examples);
  const mean = (of: (example: Example) => number): number => examples.reduce((sum, one) => sum + of(one), 0) / Math.max(1, examples.length);
  const outputs = tally(good.map(({ output }) => canonicalJson(output)));
  const [costUsd, latencyMs] = [mean((one) => one.costUsd), mean((one) => one.latencyMs)];
  return {
    ...{ transition, firings: examples.length, bad: examples.length - good.length, costUsd, latencyMs },
    shapes: new Set(good.map(({ input }) => shapeOf(input))).size,
    inputs: new Set(good.map(({ input }) => canonicalJson(input))).size,
    outputs: outputs.size,
    stability: stabilityOf(good),
    usual: Math.max(0, ...outputs.values()) / Math.max(1, good.length),
    tools: Object.fromEntries([...tally(examples.flatMap(({ tools }) => [...new Set(tools.map(({ name }) => name))]))].sort()),
    saves: { usdPer1000: 1000 * costUsd, msPer1000: 1000 * latencyMs },
  };
}

/** Most money first, then most time: what was spent, less the share that had to be reworked. */
export function rankCandidates(facts: readonly CandidateFacts[]): CandidateFacts[] {
  const worth = ({ firings, bad }: CandidateFacts): number => firings - bad;
  return [...facts].sort(
    (one, other) =>
      worth(other) * other.costUsd - worth(one) * one.costUsd ||
      worth(other) * other.latencyMs - worth(one) * one.latencyMs ||
      (one.transition < other.transition ? -1 : 1),
  );
}

function tally(keys: string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

function stabilityOf(good: Example[]): number | null {
  const byInput = new Map<string, string[]>();
  for (const { input, output } of good) {
    const key = canonicalJson(input);
    const answers = byInput.get(key) ?? [];
    byInput.set(key, answers);
    answers.push(canonicalJson(output));
  }
  const repeated = [...byInput.values()].filter(({ length }) => length > 1);
  const all = repeated.reduce((sum, { length }) => sum + length, 0);
  return all === 0 ? null : repeated.reduce((sum, answers) => sum + Math.max(...tally(answers).values()), 0) / all;
}

/** Names and types; of an array the forms of its elements, each once. */
function shapeOf(value: Json, depth = 0): string {
  if (typeof value !== "object" || value === null || depth > 8) return typeOf(value);
  if (Array.isArray(value)) return `[${[...new Set(value.map((item) => shapeOf(item, depth + 1)))].sort().join("|")}]`;
  return `{${Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${shapeOf(value[key] ?? null, depth + 1)}`)
    .join(",")}}`;
}
