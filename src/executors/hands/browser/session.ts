/**
 * `browser.session`: holds a browser for an agent, whose tools do on its page what the steps of a flow do, until `session.close`. The
 * value is that of a flow.
 * S1 The browser asks the host of the work's address, those that the work names, and no other: a model chooses where it goes, and what
 *    it reads may try to choose for it.
 * S2 A secret is typed by its variable, and taken out of everything that the page says afterwards.
 * S3 What the page does not do is told to the model, which goes on; a browser that is gone ends the attempt.
 */
import type { z } from "zod";
import { Refused, Retryable, Terminal } from "../../../contract/errors.ts";
import type { Json, JsonObject } from "../../../contract/json.ts";
import { type SecretFilter, secretFilter } from "../../../contract/secret-forms.ts";
import { browserCheck } from "../../../tools/builtin/browser-check.ts";
import { browserClick } from "../../../tools/builtin/browser-click.ts";
import { browserFill } from "../../../tools/builtin/browser-fill.ts";
import { browserOpen } from "../../../tools/builtin/browser-open.ts";
import { browserPress } from "../../../tools/builtin/browser-press.ts";
import { browserScreenshot } from "../../../tools/builtin/browser-screenshot.ts";
import { browserSelect } from "../../../tools/builtin/browser-select.ts";
import { browserWait } from "../../../tools/builtin/browser-wait.ts";
import type { ToolDefinition } from "../../../tools/port.ts";
import type { HandContext } from "../../hand.ts";
import { parseInput } from "../../hand-input.ts";
import { hostMatches } from "../../machine-policy.ts";
import { CLOSE } from "../../tool-desk.ts";
import { toolInput } from "../code/tool-input.ts";
import { browserSessionInput } from "./card.ts";
import { launchBrowser, type OpenBrowser } from "./launch.ts";
import type { Step } from "./steps.ts";
import { plainError, Visit } from "./visit.ts";

const PAGE_TEXT = 32 * 1024;

type Work = z.output<typeof browserSessionInput>["browser"];
type Target = Extract<Step, { click: unknown }>["click"];
type Given = { target: Target; url: string; key: string; option: string; with: Extract<Step, { fill: unknown }>["with"] };
type Waited = { see?: Target; gone?: Target; at?: string };

/** The step that each tool does. */
const STEPS: Readonly<Record<string, [ToolDefinition, (given: Given & Waited) => Step]>> = {
  "browser.open": [browserOpen, ({ url }) => ({ open: url })],
  "browser.click": [browserClick, ({ target }) => ({ click: target })],
  "browser.fill": [browserFill, (given) => ({ fill: given.target, with: given.with })],
  "browser.press": [browserPress, ({ key }) => ({ press: key })],
  "browser.select": [browserSelect, ({ target, option }) => ({ select: target, option })],
  "browser.check": [browserCheck, ({ target }) => ({ check: target })],
  "browser.wait": [browserWait, waited],
};

function waited({ see, gone, at }: Waited): Step {
  if (see !== undefined) return { see };
  return gone === undefined ? { at: at ?? "" } : { gone };
}

export async function browserSession(given: HandContext): Promise<Json> {
  const { browser: work } = parseInput(browserSessionInput, given.order);
  const context = { ...given, checkHost: within(given, work) }; // S1
  context.checkHost(work.url);
  const browser = await launchBrowser(context, work.viewport, { outOfReach: "stay" });
  try {
    const page = await SessionPage.begin(context, work, browser);
    return await new Promise<Json>((resolve, reject) => {
      context.signal.addEventListener("abort", () => reject(context.signal.reason), { once: true });
      if (context.signal.aborted) return reject(context.signal.reason);
      context.serve(async (name, call) => {
        if (name !== CLOSE) return await page.call(name, call);
        const value = await page.end();
        resolve(value);
        return value;
      });
    });
  } finally {
    await browser.close();
  }
}

/** Throws Refused `policy-host` and `host-not-named`. */
function within(context: HandContext, { url, hosts }: Work): (asked: string | URL) => void {
  const named = [new URL(url).host, ...hosts];
  return (asked) => {
    context.checkHost(asked);
    const { host } = new URL(asked);
    if (named.some((pattern) => hostMatches(host, pattern))) return;
    throw new Refused({
      code: "host-not-named",
      message: `${host} is neither the host of ${url} nor among the work's hosts`,
      hint: 'name it in "hosts" of the browser in the net file',
    });
  };
}

class SessionPage {
  readonly #context: HandContext;
  readonly #browser: OpenBrowser;
  readonly #visit: Visit;
  readonly #filter: SecretFilter;
  #toldErrors = 0;

  private constructor(context: HandContext, browser: OpenBrowser, visit: Visit) {
    this.#context = context;
    this.#browser = browser;
    this.#visit = visit;
    this.#filter = secretFilter(new Map(Object.entries(context.secrets)));
  }

  static async begin(context: HandContext, work: Work, browser: OpenBrowser): Promise<SessionPage> {
    const page = new SessionPage(context, browser, await Visit.begin(context, work, browser));
    // An address that does not answer is the model's to see.
    await page.#visit.step({ open: work.url });
    return page;
  }

  /** Throws Terminal `step-failed`, Refused for what is out of reach, Retryable `browser-gone`. */
  async call(name: string, input: Json): Promise<Json> {
    this.#mustStand();
    if (name === "browser.read") return this.#told(await this.#read());
    if (name === "browser.screenshot") {
      const kept = await this.#visit.shoot(toolInput<{ name: string }>(browserScreenshot, input).name);
      return this.#told({ artifact: { ...kept } });
    }
    const [tool, stepOf] = STEPS[name] ?? [];
    if (!tool || !stepOf) throw new Terminal({ code: "unknown-tool", message: `a browser has no tool ${name}` });
    const { ok, step, error } = await this.#visit.step(stepOf(toolInput(tool, input)));
    this.#mustStand();
    if (!ok) {
      const refused = this.#browser.takeRefused();
      const said = `“${step}”: ${error}${refused ? `; ${refused.message}` : ""}`;
      throw new Terminal({ code: "step-failed", message: this.#filter.strip(said) });
    }
    return this.#told({});
  }

  async end(): Promise<JsonObject> {
    this.#mustStand();
    return this.#strip(await this.#visit.end());
  }

  async #read(): Promise<JsonObject> {
    try {
      const text = await this.#browser.page.locator("body").ariaSnapshot({ timeout: 10_000 });
      return { page: text.slice(0, PAGE_TEXT), truncated: text.length > PAGE_TEXT };
    } catch (error) {
      this.#mustStand();
      throw new Terminal({ code: "step-failed", message: `the page cannot be read: ${plainError(error)}` });
    }
  }

  async #told(more: JsonObject): Promise<Json> {
    const { page } = this.#browser;
    const { errors } = this.#visit.watch;
    const refused = this.#browser.takeRefused();
    const news = errors.slice(this.#toldErrors, this.#toldErrors + 10);
    this.#toldErrors = errors.length;
    const title = await page.title().catch(() => "");
    return this.#strip({ url: page.url(), title, errors: news, ...(refused ? { stopped: refused.message } : {}), ...more });
  }

  /** S2 */
  #strip(value: JsonObject): JsonObject {
    const text = JSON.stringify(value);
    return this.#filter.has(text) ? (JSON.parse(this.#filter.strip(text)) as JsonObject) : value;
  }

  /** S3 */
  #mustStand(): void {
    this.#context.signal.throwIfAborted();
    if (!this.#browser.isGone()) return;
    throw new Retryable({ code: "browser-gone", message: "the browser has ended", hint: "the work begins anew in another" });
  }
}
