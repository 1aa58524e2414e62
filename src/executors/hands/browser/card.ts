/** What `browser.flow` and `browser.session` take and give. */
import * as z from "zod";
import { BROWSER_HAND } from "../../../net/executor-match.ts";
import type { HandCard } from "../../hand.ts";
import { keptArtifact } from "../kept-artifact.ts";
import { step } from "./steps.ts";

const FAILS = ["errors", "console", "requests", "accessibility"] as const;

/** Of a flow and of a session. */
export const visitSettings = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).describe("Where it begins; paths are relative to it"),
  viewport: z.strictObject({ width: z.int().min(200).max(4000), height: z.int().min(200).max(4000) }).default({ width: 1280, height: 800 }),
  stepMs: z.int().min(100).max(600_000).default(10_000).describe("Time limit of one step"),
  video: z.boolean().default(true),
  accessibility: z.boolean().default(true).describe("Whether the last page is looked at with axe"),
  fails: z
    .array(z.enum(FAILS))
    .default(["errors"])
    .describe(
      "What makes the result not ok besides a step: uncaught errors, errors on the console, failed requests, serious findings of axe",
    ),
});

export const flowInput = visitSettings.extend({ steps: z.array(step).max(200).default([]) });

export const browserSessionInput = z.strictObject({
  browser: visitSettings.extend({
    stepMs: z.int().min(100).max(90_000).default(10_000).describe("Time limit of one step"),
    hosts: z
      .array(z.string().min(1).max(300))
      .max(100)
      .default([])
      .describe("Hosts besides that of `url` that the page may ask and the agent may go to, like cdn.example.com or *.example.com"),
  }),
});

const stepResult = z.object({ step: z.string(), ok: z.boolean(), ms: z.number(), error: z.string().nullable() });

const flowOutput = z.object({
  ok: z.boolean().describe("The last step was done, and there is nothing of what `fails` names"),
  url: z.string().describe("Where the flow ended"),
  title: z.string(),
  steps: z.array(stepResult).describe("Opening the page is the first"),
  failed: stepResult.nullable().describe("The last step, where it could not be done"),
  console: z.array(z.object({ type: z.string(), text: z.string(), url: z.string(), line: z.number() })).describe("Errors and warnings"),
  errors: z.array(z.string()).describe("Uncaught errors of the page"),
  failedRequests: z.array(z.object({ method: z.string(), url: z.string(), status: z.number().nullable(), error: z.string().nullable() })),
  times: z.object({ count: z.number(), failed: z.number(), p50Ms: z.number(), p95Ms: z.number(), slowestMs: z.number() }),
  accessibility: z.array(
    z.object({ rule: z.string(), impact: z.string(), help: z.string(), helpUrl: z.string(), nodes: z.array(z.string()) }),
  ),
  screenshots: z.array(keptArtifact).describe("Those that steps asked for, and the last state: `end.png` or `failed.png`"),
  video: keptArtifact.nullable(),
  videoMissing: z.string().nullable().describe("Why there is no video, or not all of it"),
  sandboxed: z.boolean().describe("Whether Chromium's own sandbox was around the page"),
  told: z.string(),
});

export const flowCard: HandCard = {
  name: "browser.flow",
  about: "Opens a page in a real browser, does the steps, and keeps screenshots, a video, errors and what axe finds",
  ...{ input: flowInput, output: flowOutput, flag: null, mode: "run", enclosed: false },
};

export const browserSessionCard: HandCard = {
  name: BROWSER_HAND,
  about: "Holds a real browser in which an agent's tools open, click, type, read and take pictures",
  ...{ input: browserSessionInput, output: flowOutput, flag: null, mode: "session", enclosed: false },
};
