/** The whole demo watched in a real browser: from the printed link to the pushed commit, with a gate that is approved in the page. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { SCREENS } from "../../src/monitor/screen-names.ts";
import { describeInBrowser, openBrowser, type TestBrowser } from "../support/browser.ts";
import { builtCli, Desk, type Running } from "../support/petrel-process.ts";

const PATIENCE = 180_000;

describeInBrowser("the demo in a browser", () => {
  let browser: TestBrowser;
  let demo: Running;
  const desk = new Desk("watched");

  beforeAll(async () => {
    await builtCli();
    browser = await openBrowser();
    demo = desk.start(["demo", "--gate", "--keep", "--speed", "full"]);
  }, PATIENCE);
  afterAll(async () => {
    await browser?.close();
    await desk.clear();
  }, PATIENCE);

  test(
    "a reader sees the request go through the team to the gate; a person approves in the page; the commit is pushed",
    async () => {
      const [link = ""] = await demo.says(/http:\/\/\S+#key=\S+/, PATIENCE);
      const base = new URL(link).origin;
      const page = await browser.context.newPage();
      const faults: string[] = [];
      page.on("pageerror", (error) => faults.push(error.message));
      await page.goto(link);
      await page.getByRole("navigation", { name: "Screens" }).waitFor();
      await page.goto(`${base}/n/safe-teams/net`);
      await page.getByRole("heading", { name: "A software team" }).waitFor();
      for (const name of ["Approve", "Pause", "Kill"]) expect(await page.getByRole("button", { name, exact: true }).count()).toBe(0);
      await page.getByRole("region", { name: "What goes on" }).getByText("waits for people").first().waitFor({ timeout: PATIENCE });
      await page.getByText("1 waiting for people").waitFor();
      // Each screen has its parts: the structure is compared, not the pixels.
      for (const screen of SCREENS) {
        await page.goto(`${base}/n/safe-teams/${screen}`);
        await page.locator("#screen h1").first().waitFor();
        await page.locator(PARTS[screen]).first().waitFor();
        expect((await page.screenshot()).byteLength, screen).toBeGreaterThan(10_000);
      }
      const key = JSON.parse(readFileSync(desk.path(".petrel", "demo", "gateway", "clients.json"), "utf8")) as Record<string, string>;
      const person = await browser.context.newPage();
      await person.goto(base);
      await person.getByLabel("Key").fill(`petrel-admin.${key["petrel-admin"]}`);
      await person.getByLabel("Read-only access").uncheck();
      await person.getByRole("button", { name: "Log in" }).click();
      await person.getByRole("navigation", { name: "Screens" }).waitFor();
      await person.goto(`${base}/n/safe-teams/gates`);
      const gate = person.getByRole("article", { name: "gate release" });
      await gate.getByText("How it came here").waitFor();
      await gate.getByRole("button", { name: "Approve", exact: true }).click();
      await page.goto(`${base}/n/safe-teams/net`);
      await page.getByLabel(/^place delivered, [1-9]/).waitFor({ timeout: PATIENCE });
      await page.goto(`${base}/n/safe-teams/console`);
      await page
        .getByRole("log")
        .getByText(/pushed|delivered|on main/i)
        .last()
        .waitFor();
      await demo.says(/on main|pushed/i, PATIENCE);
      expect(faults).toEqual([]);
    },
    PATIENCE * 2,
  );
});

const PARTS: Record<(typeof SCREENS)[number], string> = {
  net: ".react-flow__node-transition",
  console: ".lines .line",
  gates: "article.gate",
  agents: "article.card",
  executors: "table tbody tr",
  time: "input[type=range]",
  costs: "table tbody tr",
  changes: "table tbody tr",
};
