/** What `ci.run` takes and gives. */
import * as z from "zod";
import type { HandCard } from "../../hand.ts";
import { keptArtifact } from "../kept-artifact.ts";

const variable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "a variable of `secrets`");
const plainUrl = z.url({ protocol: /^https?$/ }).refine(hasNoUser, "no user in the address: use `secrets`");

/** Asked of what is no address, too. */
function hasNoUser(text: string): boolean {
  if (!URL.canParse(text)) return true;
  const { username, password } = new URL(text);
  return username === "" && password === "";
}

export const ciInput = z.strictObject({
  system: z.enum(["jenkins"]).default("jenkins"),
  url: plainUrl.describe("Root of the CI system, like https://jenkins.example.com"),
  job: z
    .string()
    .regex(/^[^/\0]+(\/[^/\0]+)*$/, "folders and job, as people see them: team/service")
    .describe("Folders and job, as people see them: team/service"),
  parameters: z
    .record(z.string().min(1), z.union([z.string(), z.number(), z.boolean()]))
    .default({})
    .describe("The job must declare each of them"),
  user: variable.nullish().describe("Variable of `secrets` that holds the user's name; default CI_USER, if it is there"),
  userName: z
    .string()
    .regex(/^[^:\0]+$/, "a name without colon")
    .optional()
    .describe("The user's name itself, in place of `user`, where it is no secret"),
  token: variable.nullish().describe("Variable of `secrets` that holds the user's API token; default CI_TOKEN, if it is there"),
});

const ciOutput = z.object({
  outcome: z.enum(["success", "unstable", "failure", "aborted", "not-built"]),
  ok: z.boolean().describe("True for `success` alone"),
  job: z.string(),
  number: z.number().describe("Of the build"),
  url: z.string().describe("Page of the build, for people"),
  found: z.boolean().describe("An earlier attempt of this firing had asked for it"),
  queuedMs: z.number(),
  durationMs: z.number().describe("As the CI system measured it"),
  tests: z
    .object({ passed: z.number(), failed: z.number(), skipped: z.number(), failing: z.array(z.string()) })
    .nullable()
    .describe("Null when the build published none"),
  log: keptArtifact.describe("The console log"),
  truncated: z.boolean(),
  tail: z.string().describe("The last 4 kB of the console log"),
});

export const ciCard: HandCard = {
  name: "ci.run",
  about: "Asks a CI system for a build, follows it to its end, and keeps its console log",
  ...{ input: ciInput, output: ciOutput, flag: "x", mode: "run", enclosed: false },
};
