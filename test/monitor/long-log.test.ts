/** A log that is longer than what the page asks for at first: its beginning is found by a link, by a filter, by scrolling, and on the Time screen. */
import { resolve } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type GatewayHouse, gatewayHouse } from "../gateway/house.ts";
import { describeInBrowser, openBrowser, type TestBrowser } from "../support/browser.ts";
import { waitUntil } from "../support/wait-until.ts";

const MONITOR = resolve(import.meta.dirname, "../../dist/monitor");
/** Each makes two events; the page asks for 500. */
const ORDERS = 450;

/** Pixels: a row, and where the test scrolls to. */
const ROW = 28;
const SCROLLED = 300;

interface Told {
  seq: number;
  summary: string;
  correlation: string;
}

describeInBrowser("a long log", () => {
  let house: GatewayHouse;
  let browser: TestBrowser;
  let key: string;
  let oldest: Told[];
  let last: number;
  beforeAll(async () => {
    house = await gatewayHouse({ monitor: MONITOR });
    const { secret, token } = await house.client("looker", ["petrel:read"]);
    key = `looker.${secret}`;
    await house.kit.put("shop", "inbox", { text: "the very first" });
    await Promise.all(Array.from({ length: ORDERS }, (_, n) => house.kit.put("shop", "inbox", { text: `order ${n}` })));
    const ask = async (query: string) => (await house.call(house.a, "GET", `/api/${query}`, { token })).json;
    await waitUntil("all is done", async () => (await ask("nets/shop/places/done/tokens?limit=1")).total === ORDERS + 1);
    last = ((await ask("event-line/shop?limit=1")).events as unknown as Told[])[0]?.seq ?? 0;
    const answer = await house.call(house.a, "GET", "/api/event-line/shop?type=arrived&after=0&limit=5", { token });
    oldest = answer.json.events as unknown as Told[];
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await house?.stop();
  });

  async function open(path: string): Promise<Page> {
    const page = await browser.context.newPage();
    await page.goto(`${house.a.url}/n/shop/${path}#key=${key}`);
    await page.getByRole("status").getByText("live").waitFor();
    return page;
  }
  const row = (page: Page, seq: number) => page.locator(`[data-seq="${seq}"]`);

  test("a link to a story that began before what the page knows shows it", async () => {
    const [first] = oldest;
    const page = await open(`console?story=${first?.correlation}`);
    await row(page, first?.seq ?? 0).waitFor();
    await page.close();
  });

  test("scrolled up, the console goes on to what lies before, and the row at the top stays where it is", async () => {
    const page = await open("console");
    const count = async () => Number((await page.getByRole("button", { name: /^Everything/ }).textContent())?.replaceAll(/\D/g, ""));
    await waitUntil("the first page is there", async () => (await count()) >= 500);
    const known = await count();
    await page.evaluate(`document.querySelector("[role=log]").scrollTop = ${SCROLLED}`);
    const topRow = `(() => {
      const box = document.querySelector("[role=log]");
      const { top } = box.getBoundingClientRect();
      const rows = [...box.querySelectorAll("[data-seq]")].map((row) => [Number(row.dataset.seq), row.getBoundingClientRect().top - top]);
      return Math.min(...rows.filter(([, at]) => at >= 0).map(([seq]) => seq));
    })()`;
    await waitUntil("what lies before has come", async () => (await count()) > known);
    const seen = last - known + 1 + Math.ceil(SCROLLED / ROW);
    await waitUntil("the same row is at the top", async () => (await page.evaluate(topRow)) === seen);
    expect(await count()).toBeGreaterThan(known);
    await page.close();
  });

  test("the past has its narration however far back it lies", async () => {
    const { seq, summary } = oldest.at(-1) as Told;
    const page = await open(`time?moment=${seq}`);
    await page.getByRole("heading", { name: `Event ${seq}`, exact: true }).waitFor();
    await page.getByRole("status").getByText(summary).waitFor();
    await page.close();
  });
});
