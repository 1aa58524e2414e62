/**
 * `browser.flow`: opens a page in a real browser, does the steps, and says what was seen.
 * The value is {ok, url, title, steps, failed, console, errors, failedRequests, times, accessibility, screenshots, video, videoMissing,
 * sandboxed, told}. A step that cannot be done is a result: `failed` names it, and the flow ends there with a picture of the page. `ok`:
 * every step was done, and there is nothing of what `fails` names.
 */

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import type { z } from "zod";
import { Refused } from "../../../contract/errors.ts";
import type { Json, JsonObject } from "../../../contract/json.ts";
import type { ArtifactRef } from "../../../contract/token.ts";
import type { HandContext, HandDefinition } from "../../hand.ts";
import { parseInput } from "../../hand-input.ts";
import { type AccessibilityFinding, accessibilityOf } from "./accessibility.ts";
import { flowCard, flowInput } from "./card.ts";
import { launchBrowser, type OpenBrowser } from "./launch.ts";
import { findBrowser, findFfmpeg } from "./programs.ts";
import { Screencast } from "./screencast.ts";
import { doStep, stepWords } from "./steps.ts";
import { PageWatch } from "./watch-page.ts";

const SERIOUS = new Set(["serious", "critical"]);
type FlowInput = z.output<typeof flowInput>;

type StepResult = { step: string; ok: boolean; ms: number; error: string | null };
type Kept = ArtifactRef & { name: string };

export async function browserFlow(context: HandContext): Promise<Json> {
  const input = parseInput(flowInput, context.order);
  context.checkHost(input.url);
  const browser = await launchBrowser(context, input.viewport);
  try {
    return await seen(context, input, browser);
  } catch (error) {
    context.signal.throwIfAborted();
    throw browser.refused() ?? error;
  } finally {
    await browser.close();
  }
}

async function seen(context: HandContext, input: FlowInput, browser: OpenBrowser): Promise<Json> {
  const { page } = browser;
  const watch = new PageWatch(page);
  const dir = join(context.workDir, "film");
  mkdirSync(dir, { recursive: true });
  const ffmpeg = input.video ? findFfmpeg(context.workshop.environment) : null;
  const cast = ffmpeg === null ? null : await Screencast.start(page, dir);
  const screenshots: Kept[] = [];
  const shoot = async (name: string) => {
    const picture = await page.screenshot({ type: "png" });
    screenshots.push(await context.artifact(picture, { name: `${name}.png`, mediaType: "image/png" }));
  };
  const steps = await walk(context, input, browser, shoot);
  const failed = steps.find(({ ok }) => !ok) ?? null;
  await shoot(failed ? "failed" : "end");
  const accessibility = input.accessibility ? await accessibilityOf(page) : [];
  const film = await filmOf(context, input, { cast, ffmpeg, page });
  const refused = browser.refused();
  if (refused) throw refused;
  const problems = problemsOf(input, { failed, watch, accessibility });
  return {
    ok: problems.length === 0,
    url: page.url(),
    title: await page.title(),
    steps,
    failed,
    console: watch.console,
    errors: watch.errors,
    failedRequests: watch.failed,
    times: watch.times(),
    accessibility,
    screenshots: screenshots.map((kept) => ({ ...kept })),
    ...film,
    sandboxed: browser.sandboxed,
    told: problems.length === 0 ? `${steps.length} steps were done` : problems.join("; "),
  };
}

/** Opens the page, and does the steps up to the first that cannot be done. */
async function walk(
  context: HandContext,
  input: FlowInput,
  browser: OpenBrowser,
  screenshot: (name: string) => Promise<void>,
): Promise<StepResult[]> {
  const { clock } = context.workshop;
  const checkHost = (url: string) => context.checkHost(url);
  const parts = { page: browser.page, base: input.url, timeoutMs: input.stepMs, secrets: context.secrets, checkHost, screenshot };
  const results: StepResult[] = [];
  for (const doing of [{ open: input.url }, ...input.steps]) {
    context.signal.throwIfAborted();
    const began = clock.now();
    try {
      await doStep(parts, doing);
      results.push({ step: stepWords(doing), ok: true, ms: clock.now() - began, error: null });
    } catch (error) {
      context.signal.throwIfAborted();
      const refused = error instanceof Refused ? error : browser.refused();
      if (refused) throw refused;
      results.push({ step: stepWords(doing), ok: false, ms: clock.now() - began, error: plainError(error) });
      break;
    }
  }
  return results;
}

async function filmOf(
  context: HandContext,
  input: FlowInput,
  { cast, ffmpeg, page }: { cast: Screencast | null; ffmpeg: string | null; page: OpenBrowser["page"] },
): Promise<JsonObject> {
  if (!input.video) return { video: null, videoMissing: null };
  if (!cast || ffmpeg === null) return { video: null, videoMissing: "this executor has no ffmpeg: apt-get install ffmpeg there" };
  cast.add(await page.screenshot({ type: "jpeg", quality: 80 }));
  await cast.stop();
  try {
    const file = await cast.encode(ffmpeg, context.run);
    if (file === null) return { video: null, videoMissing: "the page drew nothing" };
    const kept = await context.artifact({ file }, { name: "flow.webm", mediaType: "video/webm" });
    return { video: { ...kept }, videoMissing: cast.truncated ? "the end is left out: it was too long" : null };
  } catch (error) {
    context.signal.throwIfAborted();
    return { video: null, videoMissing: plainError(error) };
  }
}

function problemsOf(
  { fails }: FlowInput,
  { failed, watch, accessibility }: { failed: StepResult | null; watch: PageWatch; accessibility: AccessibilityFinding[] },
): string[] {
  const errors = watch.console.filter(({ type }) => type === "error");
  const serious = accessibility.filter(({ impact }) => SERIOUS.has(impact));
  const [request] = watch.failed;
  return [
    failed ? `the step “${failed.step}” could not be done: ${failed.error}` : "",
    fails.includes("errors") && watch.errors.length > 0 ? `the page threw ${watch.errors[0]}` : "",
    fails.includes("console") && errors.length > 0 ? `the console says ${errors[0]?.text}` : "",
    fails.includes("requests") && request ? `${request.method} ${request.url} was answered with ${request.status ?? request.error}` : "",
    fails.includes("accessibility") && serious.length > 0 ? `axe finds ${serious[0]?.rule}: ${serious[0]?.help}` : "",
  ].filter(Boolean);
}

/** Playwright adds a log of what it tried, and colours. */
function plainError(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return (stripVTControlCharacters(message).split("\n")[0] ?? "").replace(/\.$/, "").slice(0, 400);
}

export const browserHands: readonly HandDefinition[] = [
  {
    ...flowCard,
    run: browserFlow,
    lack: async ({ environment }) =>
      findBrowser(environment) === null ? "there is no Chromium or Chrome: apt-get install chromium, or name one in PETREL_BROWSER" : null,
    shortOf: async ({ environment }) =>
      findFfmpeg(environment) === null ? "no videos, there is no ffmpeg: apt-get install ffmpeg, or name one in PETREL_FFMPEG" : null,
  },
];
