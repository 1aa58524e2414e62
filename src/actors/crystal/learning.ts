/** From a step's history to what the net file says of its rule: the conditions, the proof, where it comes from. Pure. */
import { canonicalJson, isJsonObject, type Json } from "../../contract/json.ts";
import type { Live } from "../../crystallize/beside.ts";
import { type CrystallizeOptions, crystallize, type Proposal } from "../../crystallize/crystallize.ts";
import type { CompiledCrystal } from "../../net/crystal/compiled.ts";
import { type Crystal, type CrystallizePolicy, crystalSchema, policyOf } from "../../net/crystal/definition.ts";
import type { CrystalRecord } from "../../net/records.ts";
import type { StepHistory } from "./history.ts";

/** What holds where nobody declares a policy. */
export const DEFAULT_POLICY: CrystallizePolicy = policyOf(undefined);

/** `live`: the rule that answers now, whose place the learned one may take. */
export function studied(history: Pick<StepHistory, "examples">, policy: CrystallizePolicy, live?: Live): Proposal {
  return crystallize(history.examples, { ...studyOptions(policy), ...(live ? { live } : {}) });
}

export function studyOptions({ bound, confidence, least, coverage, equality, holdout }: CrystallizePolicy): CrystallizeOptions {
  return { bound, confidence, least, coverage, holdout, ...(equality === undefined ? {} : { equality }) };
}

/** What the log knows of the rule that answers: its proof, and all that was compared with the model since. */
export function liveOf({ definition }: CompiledCrystal, record: CrystalRecord | null): Live {
  const { proof, rule } = definition;
  const [shadow, audit, before] = [record?.shadow ?? NONE, record?.audit ?? NONE, record?.before ?? NONE];
  const compared = [shadow, audit, before];
  const [answered, declined] = [record?.answered ?? 0, record?.declined ?? 0];
  // What it declined in its shadow is among the declined ones.
  const claimed = answered + audit.same + audit.other + shadow.same + shadow.other;
  return {
    rule,
    covered: (proof?.covered ?? 0) - (proof?.unjudged ?? 0) + compared.reduce((sum, { same, other }) => sum + same + other, 0),
    wrong: (proof?.wrong ?? 0) + compared.reduce((sum, { other }) => sum + other, 0),
    declines: declined / Math.max(1, claimed + declined),
  };
}

const NONE = { same: 0, other: 0 };

/** What goes into the transition; null where nothing was learned. */
export function crystalFrom(proposal: Proposal, policy: CrystallizePolicy, by: string, at: string): Crystal | null {
  const { rule, proof, learner, savings } = proposal;
  if (!rule || !proof) return null;
  const { audit, bound, shadow, equality, promote, approvers } = policy;
  const [from, to] = proof.seqs;
  return crystalSchema.parse({
    ...{ mode: "shadow", rule, audit, bound, shadow, promote },
    ...(equality === undefined ? {} : { equality }),
    ...(approvers === undefined ? {} : { approvers }),
    proof: {
      ...{ learner, from, to, learned: proof.examples, held: proof.holdout, covered: proof.covered, wrong: proof.wrong },
      ...(proof.unjudged === 0 ? {} : { unjudged: proof.unjudged }),
      ...{ bound: proof.bound, confidence: proof.confidence, coverage: proof.coverage },
      ...{ savedUsd: rounded(savings.usdPer1000), savedMs: Math.round(savings.msPer1000), by, at },
    },
  });
}

export interface Candidate {
  transition: string;
  persona: string;
  kind: "llm" | "agent";
  asked: number;
  byRule: number;
  failed: number;
  outdated: number;
  examples: number;
  /** Reworked, rejected or corrected later. */
  bad: number;
  /** How these were turned down, each with its newest firings, by their events. */
  badBy: { why: string; count: number; seqs: number[] }[];
  /** Forms of the input: which fields there are, of which types. */
  shapes: number;
  /** Of inputs that came more than once: the share whose answer was the usual one. Null: none came twice. */
  stability: number | null;
  /** Different answers. */
  answers: number;
  usdPerFiring: number;
  msPerFiring: number;
  tools: string[];
  /** What the firings of its history cost together: candidates are ranked by it. */
  usd: number;
  ms: number;
}

/** Ranked by the money and the time that there is to save. */
export function candidatesOf(steps: readonly StepHistory[]): Candidate[] {
  return steps.map(candidate).sort((one, other) => other.usd - one.usd || other.ms - one.ms);
}

function candidate({ examples, ...step }: StepHistory): Candidate {
  const sum = (of: (one: (typeof examples)[number]) => number) => examples.reduce((all, one) => all + of(one), 0);
  const [usd, ms, count] = [sum((one) => one.costUsd), sum((one) => one.latencyMs), Math.max(1, examples.length)];
  return {
    ...step,
    examples: examples.length,
    bad: examples.filter(({ bad }) => bad !== undefined).length,
    badBy: turnedDown(examples),
    shapes: new Set(examples.map(({ input }) => shapeOf(input))).size,
    stability: stabilityOf(examples),
    answers: new Set(examples.map(({ output }) => canonicalJson(output))).size,
    ...{ usdPerFiring: usd / count, msPerFiring: ms / count, usd, ms },
    tools: [...new Set(examples.flatMap(({ tools }) => tools.map(({ name }) => name)))].sort(),
  };
}

const MOST_NAMED = 5;

function turnedDown(examples: StepHistory["examples"]): Candidate["badBy"] {
  const found = new Map<string, number[]>();
  for (const { bad, seq } of examples) {
    if (bad === undefined) continue;
    const seqs = found.get(bad) ?? [];
    seqs.push(seq);
    found.set(bad, seqs);
  }
  return [...found].map(([why, seqs]) => ({ why, count: seqs.length, seqs: seqs.slice(-MOST_NAMED) }));
}

function stabilityOf(examples: StepHistory["examples"]): number | null {
  const byInput = new Map<string, Map<string, number>>();
  for (const { input, output } of examples) {
    const answers = byInput.get(canonicalJson(input)) ?? new Map<string, number>();
    const answer = canonicalJson(output);
    answers.set(answer, (answers.get(answer) ?? 0) + 1);
    byInput.set(canonicalJson(input), answers);
  }
  let [usual, all] = [0, 0];
  for (const answers of byInput.values()) {
    const counts = [...answers.values()];
    const total = counts.reduce((a, b) => a + b, 0);
    if (total < 2) continue;
    usual += Math.max(...counts);
    all += total;
  }
  return all === 0 ? null : usual / all;
}

function shapeOf(value: Json): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return `[${[...new Set(value.map(shapeOf))].sort().join("|")}]`;
  if (!isJsonObject(value)) return typeof value;
  return `{${Object.keys(value)
    .sort()
    .map((key) => `${key}:${shapeOf(value[key] as Json)}`)
    .join(",")}}`;
}

function rounded(usd: number): number {
  return Number(usd.toFixed(4));
}
