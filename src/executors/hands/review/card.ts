/** What `review.run` takes and gives. */
import * as z from "zod";
import type { HandCard } from "../../hand.ts";
import { carriedBundle } from "../code/bundle.ts";
import { branchName, commitSha, repoAddress } from "../code/names.ts";
import { keptArtifact } from "../kept-artifact.ts";

export const reviewInput = z.strictObject({
  repo: repoAddress,
  base: branchName.describe("Branch of the origin, or a commit, that the change is compared with"),
  branch: branchName.nullish().describe("Branch that is reviewed, when no commit is given"),
  head: commitSha.nullish().describe("Commit that is reviewed"),
  bundle: carriedBundle.nullish().describe("git bundle that holds `head`, when another executor made it"),
  install: z.string().nullish().describe("Command line; empty for none, absent to detect"),
  test: z.string().nullish().describe("Command line of the tests; empty for none, absent to detect"),
  checks: z.boolean().default(true).describe("Whether the scripts `lint`, `typecheck` and `check` of the repository are run"),
  coverage: z.boolean().default(true).describe("Whether lines that no test ran are findings"),
});

const finding = z.object({
  file: z.string(),
  line: z.number().nullable().describe("Of the file as it is after the change, from 1"),
  endLine: z.number().optional(),
  severity: z.enum(["minor", "major", "blocking"]),
  rule: z.string().describe("Stable, for routing, like tsc/TS2322 or coverage/untested"),
  message: z.string(),
  added: z.boolean().describe("Whether the change itself added the line"),
});

const reviewOutput = z.object({
  ok: z.boolean().describe("Nothing blocking, and the tests are green"),
  base: z.string(),
  head: z.string(),
  files: z.array(z.object({ path: z.string(), status: z.string(), added: z.number(), removed: z.number() })),
  findings: z.array(finding).describe("The worst first; at most 100"),
  counts: z.object({ blocking: z.number(), major: z.number(), minor: z.number() }),
  shown: z.number(),
  tests: z.object({ passed: z.number(), failed: z.number(), countable: z.boolean(), ok: z.boolean() }).nullable(),
  coverage: z
    .object({
      from: z.enum(["lcov", "v8"]),
      lines: z.number().describe("Of code, in the changed files"),
      covered: z.number(),
      added: z.object({ lines: z.number(), covered: z.number() }),
    })
    .nullable(),
  checks: z.array(z.object({ script: z.string(), exitCode: z.number(), findings: z.number() })),
  told: z.string(),
  report: keptArtifact.describe("All findings, and the whole diff"),
});

export const reviewCard: HandCard = {
  name: "review.run",
  about: "Reads a change, runs the repository's checks and tests, and gives findings with file and line",
  ...{ input: reviewInput, output: reviewOutput, flag: null, mode: "run", enclosed: true },
};
