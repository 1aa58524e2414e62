/** Many tabs of one browser, and a key that ends while a page is open. */
import { resolve } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type GatewayHouse, gatewayHouse } from "../gateway/house.ts";
import { describeInBrowser, openBrowser, type TestBrowser } from "../support/browser.ts";

const MONITOR = resolve(import.meta.dirname, "../../dist/monitor");
/** On Executors each follows two streams, and a browser has six connections to one address. */
const TABS = 4;
const WINDOWS = 6;

/** What a browser says to a tab that another one covers, or that is seen again. */
const turned = (state: "hidden" | "visible") =>
  `Object.defineProperty(document, "visibilityState", { configurable: true, get: () => "${state}" });
   document.dispatchEvent(new Event("visibilitychange"));`;

describeInBrowser("tabs", () => {
  let house: GatewayHouse;
  let browser: TestBrowser;
  beforeAll(async () => {
    house = await gatewayHouse({ monitor: MONITOR });
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await house?.stop();
  });

  test("those that nobody looks at leave the connections to the one that is seen, and miss nothing", async () => {
    const { secret } = await house.client("looker", ["petrel:read"]);
    const tabs: Page[] = [];
    for (let n = 0; n < TABS; n++) {
      const page = await browser.context.newPage();
      await page.goto(`${house.a.url}/n/shop/executors#key=looker.${secret}`);
      await page.getByRole("status").getByText("live").waitFor();
      await page.getByRole("heading", { name: "Executors" }).waitFor();
      if (n < TABS - 1) await page.evaluate(turned("hidden"));
      tabs.push(page);
    }
    const [first, last] = [tabs[0] as Page, tabs.at(-1) as Page];
    await last.getByRole("link", { name: "Console" }).click();
    await house.kit.put("shop", "inbox", { text: "while others sleep" });
    await last.getByRole("log").getByText("arrived in inbox").waitFor();
    await last.evaluate(turned("hidden"));
    await first.evaluate(turned("visible"));
    await first.getByRole("link", { name: "Console" }).click();
    await first.getByRole("log").getByText("arrived in inbox").waitFor();
    for (const page of tabs) await page.close();
  });

  test("windows beside each other share their streams: each is live, and each misses nothing", async () => {
    const { id, secret } = await house.client("wall", ["petrel:read"]);
    const other = await house.client("other-wall", ["petrel:read"]);
    const windows: Page[] = [];
    for (let n = 0; n < WINDOWS; n++) {
      const page = await browser.context.newPage();
      const key = n % 2 === 0 ? `${id}.${secret}` : `${other.id}.${other.secret}`;
      await page.goto(`${house.a.url}/n/shop/executors#key=${key}`);
      await page.getByRole("status").getByText("live").waitFor();
      await page.getByRole("heading", { name: "No command runs" }).waitFor();
      windows.push(page);
    }
    for (const page of windows) await page.getByRole("link", { name: "Console" }).click();
    await house.kit.put("shop", "inbox", { text: "for all of them" });
    const text = "for all of them";
    for (const page of windows) await page.locator(".story").getByText(text).waitFor();
    const [first, last] = [windows[0] as Page, windows.at(-1) as Page];
    await first.close();
    await house.kit.put("shop", "inbox", { text: "for those that are left" });
    await last.locator(".story").getByText("for those that are left").waitFor();
    for (const page of windows.slice(1)) await page.close();
  });

  test("a key that was removed is told, and not tried until its address is locked out", async () => {
    const { id, secret } = await house.client("guest", ["petrel:read"]);
    const page = await browser.context.newPage();
    let tries = 0;
    page.on("request", (request) => {
      if (request.url().endsWith("/oauth2/token")) tries += 1;
    });
    await page.goto(`${house.a.url}/n/shop/executors#key=${id}.${secret}`);
    await page.getByRole("status").getByText("live").waitFor();
    const before = tries;
    await house.b.access.book.remove(id, "ada");
    await page.getByRole("alert").getByText("takes this key no longer").waitFor();
    await page.getByLabel("Key").waitFor();
    expect(tries - before).toBeLessThanOrEqual(2);
    const other = await house.client("other", ["petrel:read"]);
    await page.getByLabel("Key").fill(`${other.id}.${other.secret}`);
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByRole("navigation", { name: "Screens" }).waitFor();
    await page.close();
  });
});
