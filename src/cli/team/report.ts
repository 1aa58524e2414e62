/** The end of a story as a person reads it: what was made, what it cost, and how to look at it from outside. */
import type { Output } from "../output.ts";
import { readableAge } from "../output.ts";
import type { Commit } from "./git.ts";
import type { StoryTotals } from "./story-totals.ts";

export const HAND_WRITTEN = "Answers written by hand, no model ran; git, tests, processes, kills and the push are real.";

export interface ReportParts {
  totals: StoryTotals;
  /** What was found in the origin itself; null when nothing was pushed. */
  proof: { commits: Commit[]; pushes?: number; tests: { passed: number; failed: number } } | null;
  killed: { what: string; pid: number; when: string; at: string }[];
  durationMs: number;
  /** True when no model was asked. */
  recorded: boolean;
}

export function reportTable(out: Output, { totals, proof, killed, durationMs, recorded }: ReportParts): string {
  const firings = Object.entries(totals.firings)
    .map(([kind, count]) => `${kind} ${count}`)
    .join(", ");
  const rows: string[][] = [
    ["tokens made", String(totals.tokens)],
    ["firings", firings],
    ["model calls", `${totals.modelCalls}`],
    ["cost", cost(totals, recorded)],
    ["tasks", totals.tasks.map(({ task, attempts }) => `${task} (${attempts} attempt${attempts === 1 ? "" : "s"})`).join(", ")],
    ["rework rounds", String(totals.reworkRounds)],
    ["started again", String(totals.recoveries)],
    ...(proof
      ? [
          ["commits", String(proof.commits.length)],
          ...(proof.pushes === undefined ? [] : [["pushes", String(proof.pushes)]]),
          ["tests at the head", `${proof.tests.passed} passed, ${proof.tests.failed} failed`],
        ]
      : []),
    ...killed.map(({ what, pid, when, at }) => ["killed", `${what} (${pid}) at ${at.slice(11, 19)}, ${when}`]),
    ["time", readableAge(durationMs)],
  ];
  const personas = totals.byPersona.map(({ persona, calls, inputTokens, outputTokens, listUsd }) => [
    persona,
    String(calls),
    String(inputTokens),
    String(outputTokens),
    usd(listUsd),
  ]);
  const log =
    proof && proof.commits.length > 0
      ? `\n\n${out.paint.bold("New commits in the origin")}\n${proof.commits.map(({ sha, author, subject }) => `  ${sha.slice(0, 10)}  ${subject}  (${author})`).join("\n")}`
      : "";
  return `${out.table(["what", "how much"], rows)}\n\n${out.table(["persona", "calls", "tokens in", "tokens out", "at list prices"], personas)}${log}`;
}

function cost({ costUsd, listUsd }: StoryTotals, recorded: boolean): string {
  return recorded ? `spent 0, estimate at list prices ${usd(listUsd)}` : `spent ${usd(costUsd)}`;
}
function usd(amount: number): string {
  return `${amount.toFixed(4)} USD`;
}
