/**
 * A browser of one attempt: the system's Chromium, headless, driven over a pipe, with a profile in the work directory.
 * B1 It opens no port: the talk with it runs over a pipe that nobody else holds.
 * B2 It is started in the clean environment of the attempt and ends with it, whatever it has started itself.
 * B3 What the policy of the machine does not name as a host is not asked: neither by a step, nor by the page, nor after a redirect.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BrowserContext, Page } from "playwright-core";
import { Refused, Retryable, Terminal } from "../../../contract/errors.ts";
import type { HandContext } from "../../hand.ts";
import { findBrowser } from "./programs.ts";

const FLAGS = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const START_MS = 60_000;

export interface OpenBrowser {
  page: Page;
  /** The first request that was refused as out of reach, if there was one. */
  refused(): Refused | null;
  /** The same, and forgets it. */
  takeRefused(): Refused | null;
  /** Whether browser or page have ended. */
  isGone(): boolean;
  /** Whether Chromium's own sandbox is around what pages run. */
  sandboxed: boolean;
  close(): Promise<void>;
}

/** `outOfReach`: what a redirect to a host out of reach does: it ends the browser, or leaves an empty page. */
export interface LaunchOptions {
  outOfReach: "end" | "stay";
}

/** What `context.checkHost` refuses is not asked (B3). */
export async function launchBrowser(
  context: HandContext,
  viewport: { width: number; height: number },
  options: LaunchOptions = { outOfReach: "end" },
): Promise<OpenBrowser> {
  const program = findBrowser(context.workshop.environment);
  if (program === null)
    throw new Terminal({
      code: "browser-missing",
      message: "this executor has no Chromium or Chrome",
      hint: "apt-get install chromium there, or name one in PETREL_BROWSER",
    });
  const profile = join(context.workDir, "profile");
  mkdirSync(profile, { recursive: true });
  // Chromium puts a socket into it, whose path may have 107 bytes: a work directory may lie too deep.
  const temporary = mkdtempSync(join(tmpdir(), "petrel-b-"));
  const tidy = () => rmSync(temporary, { recursive: true, force: true, maxRetries: 5 });
  try {
    return await opened(context, { program, profile, temporary, viewport, tidy }, options);
  } catch (error) {
    tidy();
    throw error;
  }
}

interface Places {
  program: string;
  profile: string;
  temporary: string;
  viewport: { width: number; height: number };
  /** Removes what lies outside of the work directory. */
  tidy(): void;
}

async function opened(context: HandContext, places: Places, { outOfReach }: LaunchOptions): Promise<OpenBrowser> {
  // Chromium refuses to build its sandbox as root.
  const sandboxed = process.getuid?.() !== 0;
  const browser = await started(context, places, sandboxed);
  const onAbort = () => void browser.context.close().catch(() => {});
  context.signal.addEventListener("abort", onAbort, { once: true });
  let refused: Refused | null = null;
  const allowed = (url: string): boolean => {
    try {
      if (/^(https?|wss?):/.test(url)) context.checkHost(url.replace(/^ws/, "http"));
      return true;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      refused ??= error;
      return false;
    }
  };
  let gone = false;
  browser.context.on("close", () => {
    gone = true;
  });
  const page = browser.context.pages()[0] ?? (await browser.context.newPage());
  const leave = () => (outOfReach === "end" ? browser.context.close() : page.goto("about:blank")).catch(() => {});
  await guard(browser.context, allowed, leave);
  return {
    page,
    refused: () => refused,
    takeRefused: () => {
      const taken = refused;
      refused = null;
      return taken;
    },
    isGone: () => gone || page.isClosed(),
    sandboxed: browser.sandboxed,
    close: async () => {
      context.signal.removeEventListener("abort", onAbort);
      await browser.context.close().catch(() => {});
      places.tidy();
    },
  };
}

async function started(
  context: HandContext,
  { program, profile, temporary, viewport }: Places,
  sandboxed: boolean,
): Promise<{ context: BrowserContext; sandboxed: boolean }> {
  const { chromium } = await import("playwright-core");
  const launch = (inside: boolean) =>
    chromium.launchPersistentContext(profile, {
      executablePath: program,
      headless: true,
      args: FLAGS,
      env: { ...context.environment(program), TMPDIR: temporary }, // B2
      chromiumSandbox: inside,
      viewport,
      timeout: START_MS,
      serviceWorkers: "block",
      acceptDownloads: false,
      ...{ handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false },
    });
  try {
    return { context: await launch(sandboxed), sandboxed };
  } catch (error) {
    context.signal.throwIfAborted();
    const words = error instanceof Error ? error.message : String(error);
    // A machine without user namespaces: the token says that it ran without.
    if (sandboxed && /sandbox/i.test(words)) return { context: await launch(false), sandboxed: false };
    throw new Retryable({
      code: "browser-not-started",
      message: `${program} could not be started: ${reason(words)}`,
      cause: error,
    });
  }
}

/** Playwright says last what the browser said itself. */
function reason(words: string): string {
  const own = /\[err\].*?(?:ERROR|FATAL)[^\]]*\]\s*(.+)$/m.exec(words)?.[1];
  return (own ?? words.split("\n")[0] ?? "").slice(0, 300);
}

/** B3 */
async function guard(context: BrowserContext, allowed: (url: string) => boolean, leave: () => Promise<unknown>): Promise<void> {
  await context.route("**/*", (route) => (allowed(route.request().url()) ? route.continue() : route.abort("blockedbyclient")));
  await context.routeWebSocket(/.*/, (socket) => {
    if (allowed(socket.url())) socket.connectToServer();
    else void socket.close();
  });
  // A redirect does not come by the route: it is seen when it is under way.
  context.on("request", (request) => {
    if (request.redirectedFrom() && !allowed(request.url())) void leave();
  });
}
