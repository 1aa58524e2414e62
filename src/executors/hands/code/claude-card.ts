/** What `code.claude` takes and gives. */
import * as z from "zod";
import { ENGINE_HAND } from "../../../net/executor-match.ts";
import type { HandCard } from "../../hand.ts";

import { carriedBundle } from "./bundle.ts";
import { sessionInput, sessionOutput } from "./cards.ts";

import { branchName, isoDate, repoAddress } from "./names.ts";

export const claudeInput = z.strictObject({
  repo: repoAddress.nullish().describe("Without it the workspace is an empty folder"),
  base: branchName.default("main").describe("Branch of the origin that the work is for, or a commit"),
  branch: branchName.default("work").describe("Branch that the work is kept on"),
  from: z.string().nullish().describe("Commit or branch to go on from; default: base"),
  bundle: carriedBundle.nullish().describe("git bundle that holds `from`, when another executor made it"),
  seed: isoDate.nullish().describe("Date of the commit"),
  author: z.string().max(200).nullish(),
  ask: z.string().min(1).max(200_000).describe("What it is to do"),
  system: z.string().max(20_000).optional().describe("Added to its system prompt"),
  message: z.string().min(1).max(8000).optional().describe("Of the commit, where it makes none itself; default: what it said"),
  model: z.string().min(1).optional(),
  maxTurns: z.int().min(1).max(500).default(40),
  budgetUsd: z.number().positive().optional().describe("Checked by Claude Code after each answer of its model"),
  tools: z
    .array(z.string().min(1))
    .default(["Read", "Edit", "Write", "Glob", "Grep", "Bash(npm test:*)", "Bash(node --test:*)", "Bash(git diff:*)", "Bash(git status:*)"])
    .describe("What it may use without asking; anything else is denied, which is a failure"),
  resume: z
    .string()
    .regex(/^[A-Za-z0-9-]{1,64}$/)
    .nullish()
    .describe("`session` of an earlier result on the same executor, to go on from"),
  keyFrom: z
    .string()
    .regex(/^[A-Z_][A-Z0-9_]{0,63}$/)
    .default("ANTHROPIC_API_KEY")
    .describe("The variable of the transition's `secrets` that holds the key"),
  baseUrl: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe("Another address of the API"),
  program: z.literal("claude").default("claude"),
});

export const claudeCard: HandCard = {
  name: "code.claude",
  about: "Has Claude Code do a task in a worktree of its own, and commits what it leaves",
  input: claudeInput,
  output: sessionOutput.extend({
    said: z.string(),
    session: z.string().nullable().describe("For `resume`"),
    turns: z.number().nullable(),
    costUsd: z.number().nullable().describe("An estimate of Claude Code's, from list prices"),
    usage: z.record(z.string(), z.json()).nullable(),
    resumed: z.string().nullable(),
  }),
  ...{ flag: null, mode: "run", enclosed: true },
};

export const engineCard: HandCard = {
  name: ENGINE_HAND,
  about: "Holds the workspace of an agent whose engine is Claude Code",
  ...{ input: sessionInput, output: sessionOutput, flag: null, mode: "session", enclosed: true },
};
