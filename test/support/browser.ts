/** The system's Chromium or Chrome, driven headless with a profile of its own. Nothing is installed for it. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { type BrowserContext, chromium } from "playwright-core";
import { describe, test } from "vitest";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
const MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export function browserPath(): string | null {
  const named = process.env.PETREL_BROWSER;
  if (named !== undefined) return named;
  const folders = (process.env.PATH ?? "").split(delimiter);
  return [...folders.flatMap((folder) => NAMES.map((name) => join(folder, name))), MAC].find((path) => existsSync(path)) ?? null;
}

/** Tests in a browser. Where there is none one test stands for them, which says so at the end of the run; in CI there must be one. */
export function describeInBrowser(name: string, tests: () => void): void {
  if (browserPath() !== null) {
    describe(name, tests);
    return;
  }
  if (process.env.CI) throw new Error("CI runs the tests in a browser, and none is here: apt-get install chromium");
  test(name, ({ skip }) => skip("no Chromium or Chrome is here: install one, or name one in PETREL_BROWSER"));
}

const PATIENCE_MS = 90_000;

export interface TestBrowser {
  context: BrowserContext;
  close(): Promise<void>;
}
export async function openBrowser(): Promise<TestBrowser> {
  const profile = mkdtempSync(join(tmpdir(), "petrel-browser-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: browserPath() ?? "",
    headless: true,
    args: FLAGS,
    viewport: { width: 1400, height: 900 },
    timeout: PATIENCE_MS,
    // What a page writes is the same wherever the test runs.
    ...{ locale: "en-US", timezoneId: "UTC" },
  });
  // Half a minute is not long for a page on a machine that stands still for a while.
  context.setDefaultTimeout(PATIENCE_MS);
  return {
    context,
    close: async () => {
      await context.close();
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
