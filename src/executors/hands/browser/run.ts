/**
 * `browser.flow`: opens a page in a real browser, does the steps, and says what was seen. A step that cannot be done is a result:
 * `failed` names it, and the flow ends there with a picture of the page.
 */
import type { z } from "zod";
import type { Json } from "../../../contract/json.ts";
import type { Environment } from "../../clean-environment.ts";
import type { HandContext, HandDefinition } from "../../hand.ts";
import { parseInput } from "../../hand-input.ts";
import { browserSessionCard, flowCard, flowInput } from "./card.ts";
import { launchBrowser, type OpenBrowser } from "./launch.ts";
import { findBrowser, findFfmpeg } from "./programs.ts";
import { browserSession } from "./session.ts";
import { Visit } from "./visit.ts";

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

/** Opens the page, and does the steps up to the first that cannot be done. */
async function seen(context: HandContext, input: z.output<typeof flowInput>, browser: OpenBrowser): Promise<Json> {
  const visit = await Visit.begin(context, input, browser);
  for (const doing of [{ open: input.url }, ...input.steps]) {
    const { ok } = await visit.step(doing);
    if (ok) continue;
    mustBeAllowed(browser);
    break;
  }
  const value = await visit.end();
  mustBeAllowed(browser);
  return value;
}

/** Throws Refused `policy-host` when the page asked for what the machine's policy keeps out of reach. */
function mustBeAllowed(browser: OpenBrowser): void {
  const refused = browser.refused();
  if (refused) throw refused;
}

const machine = {
  lack: async ({ environment }: { environment: Environment }) =>
    findBrowser(environment) === null ? "there is no Chromium or Chrome: apt-get install chromium, or name one in PETREL_BROWSER" : null,
  shortOf: async ({ environment }: { environment: Environment }) =>
    findFfmpeg(environment) === null ? "no videos, there is no ffmpeg: apt-get install ffmpeg, or name one in PETREL_FFMPEG" : null,
};

export const browserHands: readonly HandDefinition[] = [
  { ...flowCard, ...machine, run: browserFlow },
  { ...browserSessionCard, ...machine, run: browserSession },
];
