/**
 * Each screen as it is stored here: the same parts, in about the same places, none over another, none cut off, in light and dark and in two
 * sizes. After a change that is meant: `npx vitest run test/monitor/structure.test.ts -u`, and look at what has changed in the files.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { PersonaWorker } from "../../src/actors/persona-work.ts";
import { SCREENS, type Screen } from "../../src/monitor/screen-names.ts";
import { type GatewayHouse, gatewayHouse, SHOP } from "../gateway/house.ts";
import { describeInBrowser, openBrowser, type TestBrowser } from "../support/browser.ts";
import type { HandExecutor } from "../support/hand-executor.ts";
import { waitUntil } from "../support/wait-until.ts";
import { type Boxes, boxesOf, layoutFaults, movedParts, partsOf } from "./structure.ts";

const STORED = join(import.meta.dirname, "structures");
const SIZES = [
  { width: 1280, height: 800 },
  { width: 1920, height: 1080 },
];
const PATIENCE_MS = 15_000;
/** What tells that a screen has all that it will have. */
const READY: Record<Screen, string> = {
  net: ".react-flow__node-transition",
  console: ".lines .line",
  gates: "article.gate",
  agents: "article.card",
  executors: ".terminal",
  time: ".react-flow__node-transition",
  costs: "table tbody tr",
  changes: ".react-flow__node-transition",
};
const persona = {
  ...{ persona: "clerk", title: "Clerk", flags: "-----", tools: [], tier: "economy", prompt: "Say who.", budget: { usd: 1, turns: 3 } },
  output: { type: "object", required: ["text"], properties: { text: { type: "string" } } },
};
/** Rework, failure, a person, a model and a command: each kind of arc is in the drawing. */
const WORKS = {
  ...SHOP,
  places: { ...SHOP.places, drafts: {}, checked: {}, printed: { sink: true }, errors: { sink: true } },
  transitions: {
    ...SHOP.transitions,
    write: {
      ...{ kind: "llm", persona: "clerk", ask: "Answer ${order.text}.", onError: "errors" },
      in: [{ place: "done", as: "order" }],
      out: [{ to: "drafts" }],
    },
    check: {
      kind: "map",
      in: [{ place: "drafts", as: "draft" }],
      out: [
        { to: "inbox", when: "draft.again == true" },
        { to: "checked", otherwise: true },
      ],
      value: { text: "${draft.text}" },
    },
    print: { kind: "command", pool: "p", argv: ["lp"], in: [{ place: "checked" }], out: [{ to: "printed" }] },
  },
};
const work: PersonaWorker = async ({ firing }) => ({
  ...{ firing: firing.firing, attempt: firing.attempt, outcome: { ok: true, value: { text: "dear Ada" } } },
  extra: { model: { provider: "test", name: "m", tier: "economy", calls: 1, inputTokens: 10, outputTokens: 5, costUsd: 0.01 } },
});

describeInBrowser("the structure of the screens", () => {
  let house: GatewayHouse;
  let browser: TestBrowser;
  let hand: HandExecutor;
  let key: string;
  let beating: NodeJS.Timeout;

  beforeAll(async () => {
    house = await gatewayHouse({ monitor: resolve(import.meta.dirname, "../../dist/monitor"), master: { work, leaseMs: 24 * 3_600_000 } });
    const { kit } = house;
    await kit.ask(null, "apply-persona", { persona });
    await kit.ask(null, "apply-net", { definition: WORKS });
    hand = kit.executor("hands");
    hand.beat(1, 1);
    // An executor that is silent for some seconds is gone.
    beating = setInterval(() => hand.beat(1, 1), 1000);
    await kit.put("shop", "inbox", { text: "two apples" });
    await waitUntil("the command is offered", () => hand.orders.length === 1);
    const [order] = hand.orders;
    if (!order) throw new Error("no order was pulled");
    await hand.ask(order, "claim");
    hand.line.print("hands", order, { command: 1, from: "stdout", at: 0, end: 8, text: "page one" });
    await kit.put("shop", "inbox", { text: "a pear that is dear", hold: true });
    key = `looker.${(await house.client("looker", ["petrel:read"])).secret}`;
    browser = await openBrowser();
  });
  afterAll(async () => {
    clearInterval(beating);
    await browser?.close();
    await hand?.stop();
    await house?.stop();
  });

  // One that is left open holds one of the few connections that a browser has to a host.
  afterEach(async () => {
    for (const page of browser.context.pages().slice(1)) await page.close();
  });

  async function open(screen: Screen, size = SIZES[0]): Promise<Page> {
    const page = await browser.context.newPage();
    await page.setViewportSize(size ?? { width: 1280, height: 800 });
    await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
    await page.goto(`${house.a.url}/n/shop/${screen}#key=${key}`);
    await page.getByRole("status").getByText("live", { exact: true }).waitFor();
    await page.locator(READY[screen]).first().waitFor();
    return page;
  }

  test.each(SCREENS)("%s has the parts that are stored, where they are stored", async (screen) => {
    const page = await open(screen);
    const known = join(STORED, `${screen}.txt`);
    const stored = existsSync(known) ? readFileSync(known, "utf8") : null;
    let parts = "";
    // Its parts come one after the other.
    const isWhole = async () => {
      parts = await partsOf(page);
      return parts === stored;
    };
    await waitUntil("the screen is whole", isWhole, stored === null ? 3000 : PATIENCE_MS).catch(() => {});
    await expect(parts).toMatchFileSnapshot(known);
    const file = join(STORED, `${screen}.json`);
    const boxes = await boxesOf(page);
    if (!existsSync(file) && !process.env.CI) {
      mkdirSync(STORED, { recursive: true });
      writeFileSync(file, `${JSON.stringify(boxes, null, 2)}\n`);
    }
    expect(movedParts(JSON.parse(readFileSync(file, "utf8")) as Boxes, boxes)).toEqual([]);
    await page.close();
  });

  test.each(SIZES)("nothing lies over another, is cut off or leaves the window ($width x $height)", async (size) => {
    const page = await open("net", size);
    for (const screen of SCREENS) {
      const links = page.getByRole("navigation", { name: "Screens" });
      await links.getByRole("link", { name: new RegExp(`^${screen}`, "i") }).click();
      await page.locator(READY[screen]).first().waitFor();
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        await waitUntil(`${screen} is laid out`, async () => (await layoutFaults(page)).length === 0, PATIENCE_MS).catch(() => {});
        expect(await layoutFaults(page), `${screen}, ${colorScheme}`).toEqual([]);
      }
    }
    await page.close();
  });

  test("a part that vanishes, moves, is covered, cut off or pushed out is found", async () => {
    const page = await open("executors");
    const stored = JSON.parse(readFileSync(join(STORED, "executors.json"), "utf8")) as Boxes;
    const parts = await partsOf(page);
    const faultsWith = async (css: string) => {
      const style = await page.addStyleTag({ content: css });
      const found = [...(await layoutFaults(page)), ...movedParts(stored, await boxesOf(page))];
      const seen = await partsOf(page);
      await style.evaluate((one) => (one as unknown as { remove(): void }).remove());
      return { found: found.join("\n"), same: seen === parts };
    };
    expect(await faultsWith("body {}")).toEqual({ found: "", same: true });
    const gone = await faultsWith("table { display: none }");
    expect(gone.found).toContain("table Executors is not there");
    expect(gone.same).toBe(false);
    expect((await faultsWith("table { margin-left: 30rem; width: 20rem }")).found).toContain("table Executors stands at");
    expect((await faultsWith("nav a { position: absolute; left: 300px }")).found).toMatch(/"Net" and .*"Console.*lie over each other/);
    expect((await faultsWith(".card p { overflow: hidden; white-space: nowrap; width: 4rem }")).found).toContain("is cut off");
    expect((await faultsWith(".who { position: relative; left: 20rem }")).found).toMatch(/"Log out" leaves the window/);
    await page.close();
    const net = await open("net");
    await net.addStyleTag({ content: ".react-flow__viewport { margin-top: -40% }" });
    expect((await layoutFaults(net)).join("\n")).toContain("leaves the drawing's frame");
    await net.close();
  });
});
