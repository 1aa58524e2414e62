/** What the hands of code take and give: a worktree held for an agent, the project's tests on a change, a merge that is pushed. */
import * as z from "zod";
import { mcpServers } from "../../../tools/mcp/mcp-tools.ts";
import type { HandCard } from "../../hand.ts";
import { carriedBundle } from "./bundle.ts";
import { branchName, commitSha, isoDate, repoAddress } from "./names.ts";

const commit = z.object({ sha: z.string(), subject: z.string() });
const fileChange = z.object({
  path: z.string(),
  status: z.enum(["added", "changed", "deleted"]),
  added: z.number().describe("Lines"),
  removed: z.number(),
});
const failing = z.array(z.object({ name: z.string(), message: z.string() }));
const counts = z.object({
  passed: z.number(),
  failed: z.number(),
  countable: z.boolean().describe("False where the output tells no numbers"),
});

export const sessionInput = z.strictObject({
  repo: repoAddress.nullish().describe("Without it the workspace is an empty folder, and what is left in it at the end is committed"),
  base: branchName.default("main").describe("Branch of the origin that the work is for, or a commit"),
  branch: branchName.default("work").describe("Branch that the work is kept on"),
  from: z.string().nullish().describe("Commit or branch to go on from; default: base"),
  bundle: carriedBundle.nullish().describe("git bundle that holds `from`, when another executor made it"),
  seed: isoDate.nullish().describe("Date of the first commit"),
  author: z.string().max(200).nullish(),
  install: z.string().nullish(),
  test: z.string().nullish(),
  mcp: mcpServers.nullish().describe("MCP servers whose tools the persona may be given"),
  protect: z.array(z.string()).nullish().describe("Globs of files that may not be written, unless they are new"),
});

export const sessionOutput = z.object({
  branch: z.string(),
  base: z.string(),
  start: z.string().describe("Commit where this attempt began"),
  seen: z.string().nullable().optional().describe("Where the origin's branch of this name stood when the work began; null: there was none"),
  head: z.string(),
  commits: z.array(commit),
  files: z.array(fileChange),
  diff: z.string().describe("Unified, capped at 20 kB"),
  uncommitted: z.number().describe("Files that were left uncommitted"),
  bundle: carriedBundle.nullable().describe("git bundle of the branch; in a token a reference to it"),
});

export const verifyInput = z.strictObject({
  repo: repoAddress,
  base: branchName.describe("Branch of the origin, or a commit"),
  branch: branchName,
  head: commitSha.nullish().describe("Without it nothing was committed"),
  bundle: carriedBundle.nullish(),
  from: commitSha.nullish().describe("Where the attempt began, so that earlier commits do not count for it; default: `said.work.start`"),
  install: z.string().nullish(),
  test: z.string().nullish(),
  protect: z.array(z.string()).nullish().describe("Globs of test files; default: the usual places and names"),
  said: z.json().optional().describe("The agent's own answer; its status `refused` or `failed` counts"),
});

const verifyOutput = z.object({
  ok: z.boolean(),
  exitCode: z.number(),
  tests: counts.extend({ failing }),
  baseline: counts,
  commits: z.array(commit),
  files: z.array(fileChange),
  diff: z.string(),
  problems: z.array(z.looseObject({ message: z.string() })).describe("What keeps the change from being done"),
  findings: z.string(),
  told: z.string().describe("The numbers, where there are any, and the findings, for a sentence"),
});

/** A task's token as it is, or just these fields; `head` and `bundle` may stand in its `work`. */
const branchSchema = z
  .looseObject({
    task: z.string(),
    branch: branchName,
    head: commitSha.optional(),
    bundle: carriedBundle.nullish(),
    work: z.looseObject({ head: commitSha, bundle: carriedBundle.nullish() }).nullish(),
  })
  .refine(({ head, work }) => head ?? work?.head, "has neither head nor work.head");

export const deliverInput = z.strictObject({
  repo: repoAddress,
  target: branchName.describe("Branch to push; made from `base` when the origin has none"),
  base: branchName,
  branches: z.array(branchSchema).min(1),
  message: z.string().min(1).max(8000),
  install: z.string().nullish(),
  test: z.string().nullish(),
  seed: isoDate.nullish(),
  author: z.string().max(200).nullish(),
  tries: z.int().min(1).max(20).default(5).describe("How often a moved origin is merged again"),
});

const deliverOutput = z.object({
  ok: z.boolean(),
  head: z.string().nullable(),
  pushed: z.boolean(),
  alreadyPushed: z.boolean().describe("An earlier attempt of this firing had pushed it"),
  merged: z.array(z.string()),
  tests: counts.extend({ failing }).nullable(),
  rework: z.array(z.json()).describe("Items of `branches` to be made again, as they came"),
  keep: z.array(z.json()),
  reworkTasks: z.array(z.string()),
  keepTasks: z.array(z.string()),
  integration: z.string().nullable().describe("Commit from which rework sees what its change has to fit"),
  reason: z.enum(["conflict", "red-tests"]).nullable(),
  findings: z.string(),
});

export const pushInput = z.strictObject({
  repo: repoAddress,
  branch: branchName.describe("Branch of the origin that is pushed to"),
  head: commitSha,
  bundle: carriedBundle.nullish().describe("git bundle that holds `head`, when another executor made it"),
  lease: commitSha.nullish().describe("Where the work saw the origin's branch, like `work.seen`; null or left out: there was none"),
  replace: z.boolean().default(false).describe("Commits of the origin's branch that `head` does not hold may be left out"),
});

const pushOutput = z.object({
  ok: z.boolean().describe("The origin has the commit on that branch"),
  branch: z.string(),
  head: z.string(),
  pushed: z.boolean(),
  alreadyPushed: z.boolean().describe("The origin had it already"),
  replaced: z.boolean(),
  stands: z.string().nullable().describe("Where the origin's branch stands now"),
  reason: z.enum(["moved", "replaces"]).nullable().describe("Why nothing was pushed"),
  told: z.string(),
});

export const sessionCard: HandCard = {
  name: "code.session",
  about: "Holds the worktree in which an agent's file, git and test tools run",
  ...{ input: sessionInput, output: sessionOutput, flag: null, mode: "session", enclosed: true },
};
export const verifyCard: HandCard = {
  name: "code.verify",
  about: "Runs a project's tests on a branch and compares with its base",
  ...{ input: verifyInput, output: verifyOutput, flag: null, mode: "run", enclosed: true },
};
export const deliverCard: HandCard = {
  name: "code.deliver",
  about: "Merges branches, runs the tests on the result, and pushes it, never by force",
  ...{ input: deliverInput, output: deliverOutput, flag: "x", mode: "run", enclosed: true },
};
export const pushCard: HandCard = {
  name: "code.push",
  about: "Pushes a branch under a lease: only while the origin's branch stands where the work saw it",
  ...{ input: pushInput, output: pushOutput, flag: "x", mode: "run", enclosed: true },
};
