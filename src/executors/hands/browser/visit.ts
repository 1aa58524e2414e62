/**
 * One visit of a page: what was done, what was seen meanwhile, and the result of it, which a scripted flow and a model's session have in
 * common: {ok, url, title, steps, failed, console, errors, failedRequests, times, accessibility, screenshots, video, videoMissing,
 * sandboxed, told}. `ok`: the last step was done, and there is nothing of what `fails` names.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import type { Page } from "playwright-core";
import type { z } from "zod";
import { delay } from "../../../contract/clock.ts";
import { PetrelError, Refused, Terminal } from "../../../contract/errors.ts";
import type { JsonObject } from "../../../contract/json.ts";
import type { ArtifactRef } from "../../../contract/token.ts";
import type { HandContext } from "../../hand.ts";
import { type AccessibilityFinding, accessibilityOf } from "./accessibility.ts";
import type { visitSettings } from "./card.ts";
import type { OpenBrowser } from "./launch.ts";
import { findFfmpeg } from "./programs.ts";
import { Screencast } from "./screencast.ts";
import { doStep, type Step, stepWords } from "./steps.ts";
import { PageWatch } from "./watch-page.ts";

const SERIOUS = new Set(["serious", "critical"]);
const MOST_SCREENSHOTS = 200;

export type StepResult = { step: string; ok: boolean; ms: number; error: string | null };
export type Kept = ArtifactRef & { name: string };
type Settings = z.output<typeof visitSettings>;

export class Visit {
  readonly watch: PageWatch;
  readonly steps: StepResult[] = [];
  readonly #context: HandContext;
  readonly #settings: Settings;
  readonly #browser: OpenBrowser;
  readonly #cast: Screencast | null;
  readonly #ffmpeg: string | null;
  readonly #screenshots: Kept[] = [];
  #stuck = false;

  private constructor(
    context: HandContext,
    settings: Settings,
    browser: OpenBrowser,
    film: { cast: Screencast | null; ffmpeg: string | null },
  ) {
    this.#context = context;
    this.#settings = settings;
    this.#browser = browser;
    this.#cast = film.cast;
    this.#ffmpeg = film.ffmpeg;
    this.watch = new PageWatch(browser.page);
  }

  static async begin(context: HandContext, settings: Settings, browser: OpenBrowser): Promise<Visit> {
    const dir = join(context.workDir, "film");
    mkdirSync(dir, { recursive: true });
    const ffmpeg = settings.video ? findFfmpeg(context.workshop.environment) : null;
    const cast = ffmpeg === null ? null : await Screencast.start(browser.page, dir);
    return new Visit(context, settings, browser, { cast, ffmpeg });
  }

  /** A step that the page does not do is a result. Throws Refused for an address out of reach. */
  async step(doing: Step): Promise<StepResult> {
    const { secrets, workshop, signal } = this.#context;
    const { url: base, stepMs: timeoutMs } = this.#settings;
    const { page } = this.#browser;
    const checkHost = (url: string) => this.#context.checkHost(url);
    const screenshot = async (name: string) => void (await this.shoot(name));
    signal.throwIfAborted();
    const began = workshop.clock.now();
    const result = { step: stepWords(doing), ok: true, error: null };
    try {
      await doStep({ page, base, timeoutMs, secrets, checkHost, screenshot }, doing);
      return this.#did({ ...result, ms: workshop.clock.now() - began });
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof Refused) throw error;
      return this.#did({ ...result, ok: false, ms: workshop.clock.now() - began, error: plainError(error) });
    }
  }

  async shoot(name: string): Promise<Kept> {
    if (this.#screenshots.length >= MOST_SCREENSHOTS)
      throw new Terminal({ code: "too-many-screenshots", message: `there are ${MOST_SCREENSHOTS} pictures already` });
    const picture = await this.#browser.page.screenshot({ type: "png" });
    const kept = await this.#context.artifact(picture, { name: `${name}.png`, mediaType: "image/png" });
    this.#screenshots.push(kept);
    return kept;
  }

  async end(): Promise<JsonObject> {
    const { page, sandboxed } = this.#browser;
    const failed = this.steps.at(-1)?.ok === false ? (this.steps.at(-1) ?? null) : null;
    // A picture waits for what is still being loaded, and so for ever where a server never answers.
    if (failed) await this.#unlessStuck(stopLoading(page));
    if (this.#screenshots.length < MOST_SCREENSHOTS) await this.#unlessStuck(this.shoot(failed ? "failed" : "end"));
    const accessibility = (this.#settings.accessibility ? await this.#unlessStuck(accessibilityOf(page)) : null) ?? [];
    const film = await this.#film();
    const problems = this.#problems(failed, accessibility);
    return {
      ok: problems.length === 0,
      url: page.url(),
      title: (await this.#unlessStuck(page.title())) ?? "",
      ...{ steps: this.steps, failed },
      ...{ console: this.watch.console, errors: this.watch.errors, failedRequests: this.watch.failed, times: this.watch.times() },
      accessibility,
      screenshots: this.#screenshots.map((kept) => ({ ...kept })),
      ...film,
      sandboxed,
      told: problems.length === 0 ? `${this.steps.length} steps were done` : problems.join("; "),
    };
  }

  /** What a page does not give as it ends is left out: all that was seen before is there. Null: it did not, or not in the time of a step. */
  async #unlessStuck<T>(asked: Promise<T>): Promise<T | null> {
    const { signal, workshop } = this.#context;
    const over = new AbortController();
    const given = asked.catch((error: unknown) => {
      if (error instanceof PetrelError) throw error;
      return null;
    });
    const late = delay(workshop.clock, this.#settings.stepMs, AbortSignal.any([signal, over.signal])).then(() => null);
    const value = await Promise.race([given, late]).finally(() => over.abort());
    signal.throwIfAborted();
    this.#stuck ||= value === null;
    return value;
  }

  #did(result: StepResult): StepResult {
    this.steps.push(result);
    return result;
  }

  async #film(): Promise<JsonObject> {
    const cast = this.#cast;
    if (!this.#settings.video) return { video: null, videoMissing: null };
    if (!cast || this.#ffmpeg === null) return { video: null, videoMissing: "this executor has no ffmpeg: apt-get install ffmpeg there" };
    const { run, artifact, signal } = this.#context;
    const last = await this.#unlessStuck(this.#browser.page.screenshot({ type: "jpeg", quality: 80 }));
    if (last) cast.add(last);
    await cast.stop();
    try {
      const file = await cast.encode(this.#ffmpeg, run);
      if (file === null) return { video: null, videoMissing: "the page drew nothing" };
      const kept = await artifact({ file }, { name: "flow.webm", mediaType: "video/webm" });
      return { video: { ...kept }, videoMissing: cast.truncated ? "the end is left out: it was too long" : null };
    } catch (error) {
      signal.throwIfAborted();
      return { video: null, videoMissing: plainError(error) };
    }
  }

  #problems(failed: StepResult | null, accessibility: AccessibilityFinding[]): string[] {
    const { fails } = this.#settings;
    const { watch } = this;
    const errors = watch.console.filter(({ type }) => type === "error");
    const serious = accessibility.filter(({ impact }) => SERIOUS.has(impact));
    const [request] = watch.failed;
    return [
      failed ? `the step “${failed.step}” could not be done: ${failed.error}` : "",
      this.#stuck && !failed ? "the page answered no more at the end" : "",
      fails.includes("errors") && watch.errors.length > 0 ? `the page threw ${watch.errors[0]}` : "",
      fails.includes("console") && errors.length > 0 ? `the console says ${errors[0]?.text}` : "",
      fails.includes("requests") && request ? `${request.method} ${request.url} was answered with ${request.status ?? request.error}` : "",
      fails.includes("accessibility") && serious.length > 0 ? `axe finds ${serious[0]?.rule}: ${serious[0]?.help}` : "",
    ].filter(Boolean);
  }
}

async function stopLoading(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send("Page.stopLoading");
  await session.detach();
}

/** Playwright adds a log of what it tried, and colours. */
export function plainError(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return (stripVTControlCharacters(message).split("\n")[0] ?? "").replace(/\.$/, "").slice(0, 400);
}
