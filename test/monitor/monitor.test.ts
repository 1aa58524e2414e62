/** The page in a real browser, on a real gateway and master: what people see, do, and may not do. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { SCREENS } from "../../src/monitor/screen-names.ts";
import { type GatewayHouse, gatewayHouse } from "../gateway/house.ts";
import { describeInBrowser, openBrowser, type TestBrowser } from "../support/browser.ts";
import { waitUntil } from "../support/wait-until.ts";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const MONITOR = resolve(import.meta.dirname, "../../dist/monitor");

describeInBrowser("the monitor", () => {
  let house: GatewayHouse;
  let browser: TestBrowser;
  let reader: string;
  let person: string;
  let admin: string;
  const faults: string[] = [];

  beforeAll(async () => {
    house = await gatewayHouse({ monitor: MONITOR });
    const key = async (id: string, scopes: Parameters<GatewayHouse["client"]>[1], roles: string[] = []) => {
      const { secret } = await house.client(id, scopes, { roles });
      return `${id}.${secret}`;
    };
    reader = await key("looker", ["petrel:read"]);
    person = await key("ada", ["petrel:gate", "petrel:operate"], ["maintainer"]);
    admin = await key("boss", ["petrel:admin"]);
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await house?.stop();
  });

  async function open(key: string, path = "/"): Promise<Page> {
    const page = await browser.context.newPage();
    page.on("pageerror", (error) => faults.push(error.message));
    await page.goto(`${house.a.url}${path}#key=${key}`);
    await page.getByRole("navigation", { name: "Screens" }).waitFor();
    return page;
  }

  const firingsOf = (page: Page) => page.getByRole("list", { name: "Firings, newest first" });

  test("a key is pasted, a wrong one is said to be wrong, and the address does not keep it", async () => {
    const page = await browser.context.newPage();
    await page.goto(house.a.url);
    await page.getByLabel("Key").fill("looker.wrong");
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByRole("alert").waitFor();
    await page.getByLabel("Key").fill(reader);
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByRole("navigation", { name: "Screens" }).waitFor();
    await page.close();
    const linked = await open(reader);
    expect(linked.url()).not.toContain("key=");
    await linked.close();
  });

  test("a firing is seen as it happens: on the net, in the narration, and in the tokens of its place", async () => {
    const page = await open(reader, "/n/shop/net");
    await page.getByRole("heading", { name: "A shop" }).waitFor();
    const done = page.getByLabel(/^place done,/);
    await done.waitFor();
    await house.kit.put("shop", "inbox", { text: "two apples" });
    await page.getByLabel("place done, 1 tokens").waitFor();
    await done.click();
    await page.getByLabel("place done", { exact: true }).getByText("two apples").waitFor();
    expect(page.url()).toContain("at=place%3Adone");
    await page.getByLabel("Ask in ArcQL").fill('text == "two apples"');
    await page.getByRole("button", { name: "Ask", exact: true }).click();
    await page.getByText("1 row").waitFor();
    await page.keyboard.press("Escape");
    await page.getByLabel("place done", { exact: true }).waitFor({ state: "detached" });
    await page.goto(`${house.a.url}/n/shop/console`);
    await page.getByRole("log").getByText("arrived in inbox").waitFor();
    await page.close();
  });

  test("a question is put together from what the box offers, by the keyboard alone", async () => {
    await house.kit.put("shop", "inbox", { text: "a pear" });
    const page = await open(reader, "/n/shop/net?at=place:done");
    await page.getByLabel("place done", { exact: true }).getByText("a pear").waitFor();
    const box = page.getByRole("combobox", { name: "Ask in ArcQL" });
    const offers = page.getByRole("listbox", { name: "What may come next" });
    const options = () => offers.getByRole("option").locator("code").allTextContents();
    await box.focus();
    await page.keyboard.press("ArrowDown");
    await offers.waitFor();
    await expect.poll(options, { timeout: 60_000 }).toEqual(expect.arrayContaining(["text", "$meta.at", "FROM"]));
    await page.keyboard.type("te");
    await page.keyboard.press("ArrowDown");
    const chosen = () => offers.getByRole("option", { selected: true }).locator("code").textContent();
    await expect.poll(chosen, { timeout: 60_000 }).toBe("text");
    await page.keyboard.press("Enter");
    await page.keyboard.type('== "a p');
    await expect.poll(options, { timeout: 60_000 }).toEqual(['"a pear"']);
    await page.keyboard.press("Escape");
    await offers.waitFor({ state: "hidden" });
    // The list was closed, and not the panel around it.
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Tab");
    await expect.poll(() => box.inputValue(), { timeout: 60_000 }).toBe('text == "a pear" ');
    await page.keyboard.press("Escape");
    await page.keyboard.press("Enter");
    await page.getByText("1 row").waitFor();
    await page.close();
  });

  test("a gate is decided by a person who may, and the net goes on; a reader has no such buttons", async () => {
    await house.kit.put("shop", "inbox", { text: "dear", hold: true });
    const looker = await open(reader, "/n/shop/gates");
    await looker.getByRole("article", { name: "gate release" }).waitFor();
    expect(await looker.getByRole("button", { name: "Approve" }).count()).toBe(0);
    await looker.goto(`${house.a.url}/n/shop/net`);
    await looker.getByRole("heading", { name: "A shop" }).waitFor();
    for (const name of ["Pause", "Kill"]) expect(await looker.getByRole("button", { name, exact: true }).count(), name).toBe(0);
    await looker.close();
    const page = await open(person, "/n/shop/gates");
    await page.getByLabel("A note, kept in the log").fill("looks right");
    await page.getByRole("button", { name: "Approve" }).click();
    await page.getByText("Nothing waits for a decision.").waitFor();
    const tokens = (await house.kit.ask("shop", "tokens", { place: "done" })) as { tokens: { data: { text: string } }[] };
    expect(tokens.tokens.map(({ data }) => data.text)).toContain("dear");
    const events = await house.call(house.b, "GET", "/api/event-line/shop?type=decided", {
      token: (await house.client("second", ["petrel:read"])).token,
    });
    expect(events.text).toContain("looks right");
    await page.close();
  });

  test("what waits is changed in a form and approved so: the net goes on with the change", async () => {
    await house.kit.put("shop", "inbox", { text: "deer", hold: true });
    const page = await open(person, "/n/shop/gates");
    await page.getByRole("button", { name: "Edit first" }).click();
    await page.getByRole("textbox", { name: "text", exact: true }).fill("dear again");
    await page.getByRole("button", { name: "Approve as changed" }).click();
    await page.getByText("Nothing waits for a decision.").waitFor();
    await page.goto(`${house.a.url}/n/shop/console`);
    await page.getByRole("log").getByText("ada changed and approved release.").waitFor();
    const tokens = (await house.kit.ask("shop", "tokens", { place: "done" })) as { tokens: { data: { text: string } }[] };
    expect(tokens.tokens.map(({ data }) => data.text)).toContain("dear again");
    await page.close();
  });

  test("a firing tells what it took and made; the sum of what goes on stands beneath the drawing", async () => {
    const page = await open(reader, "/n/shop/net?at=transition:sort");
    await firingsOf(page).locator("summary").first().click();
    await page.getByText("Took 1 token").waitFor();
    await page.getByText("Made 1 token").waitFor();
    await page.getByRole("region", { name: "What goes on" }).getByRole("list", { name: "Newest events" }).waitFor();
    await page.close();
  });

  test("a firing opens under the pointer and by the keyboard while others come", async () => {
    const page = await open(reader, "/n/shop/net?at=transition:sort");
    const list = firingsOf(page);
    const put = (text: string) => house.kit.put("shop", "inbox", { text });
    const newer = page.getByRole("button", { name: /^\d+ newer$/ });
    const opened = list.locator("li > details[open]");
    for (const n of [1, 2, 3]) await put(`before ${n}`);
    let newest = "before";
    for (const how of ["pointer", "Enter", " ", "pointer", "Enter", " "]) {
      // Nothing more is to come before the list is held.
      await list.locator("li:nth-child(1)").getByText(`“${newest} 3”`).waitFor();
      newest = how === " " ? "Space" : how;
      const row = list.locator("li:nth-child(2) > details > summary");
      if (how === "pointer") await row.hover();
      else await row.focus();
      const wanted = await row.textContent();
      if (how === "pointer") await page.mouse.down();
      for (const n of [1, 2, 3]) await put(`${newest} ${n}`);
      // They have come, and were not put under the pointer.
      await newer.waitFor();
      if (how === "pointer") await page.mouse.up();
      else await page.keyboard.press(how);
      await opened.getByText("Took 1 token").waitFor();
      expect(await opened.locator("> summary").textContent(), how).toBe(wanted);
      await opened.locator("> summary").click();
      await opened.waitFor({ state: "detached" });
      await newer.click();
      await newer.waitFor({ state: "detached" });
      await page.mouse.move(5, 5);
    }
    await page.close();
  });

  test("a changed net is looked at by the checker before it can be applied, and is then seen as a difference", async () => {
    const page = await open(admin, "/n/shop/changes");
    await page.getByRole("button", { name: "Change the net" }).click();
    const box = page.getByLabel(/^The definition/);
    const text = await box.inputValue();
    await box.fill(text.replace('"kind": "pass"', '"kind": "nonsense"'));
    await page.getByRole("button", { name: "Check it" }).click();
    await page.getByText("The checker does not let it pass").waitFor();
    expect(await page.getByRole("button", { name: "Apply it" }).isDisabled()).toBe(true);
    await box.fill(text.replace('"held": {', '"shelf": {}, "held": {'));
    await page.getByRole("button", { name: "Check it" }).click();
    await page.getByText("The checker lets it pass").waitFor();
    await page.getByRole("button", { name: "Apply it" }).click();
    await page.getByText(/^It runs, as/).waitFor();
    await page.getByLabel("place shelf, added").waitFor();
    await page.close();
  });

  test("a net is forked from a moment of the past, by those who may", async () => {
    const looker = await open(reader, "/n/shop/time?moment=3");
    await looker.getByRole("heading", { name: "Event 3", exact: true }).waitFor();
    expect(await looker.getByRole("button", { name: "Fork from here" }).count()).toBe(0);
    await looker.close();
    const page = await open(person, "/n/shop/time?moment=3");
    await page.getByRole("button", { name: "Fork from here" }).click();
    await page.waitForURL((url) => url.pathname === "/n/shop-at-3/net");
    await page.close();
  });

  test("while the event line is still on its way, the moment is the one of the address, and nothing is forked from another", async () => {
    let letGo = () => {};
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    await browser.context.route(/event-line\/shop\?/, async (route) => {
      await held;
      await route.continue();
    });
    const page = await open(person, "/n/shop/time?moment=2");
    await page.getByRole("heading", { name: "Event 2", exact: true }).waitFor();
    expect(await page.getByRole("button", { name: "Fork from here" }).count()).toBe(0);
    letGo();
    await page.getByRole("button", { name: "Fork from here" }).waitFor();
    await page.getByRole("heading", { name: "Event 2", exact: true }).waitFor();
    await browser.context.unroute(/event-line\/shop\?/);
    await page.close();
  });

  test("the net pauses and goes on by a button, for those who may", async () => {
    const page = await open(person, "/n/shop/net");
    await page.getByRole("button", { name: "Pause", exact: true }).click();
    await page.getByText("paused: nothing new begins").waitFor();
    await page.getByRole("button", { name: "Resume" }).click();
    await page.getByRole("button", { name: "Pause", exact: true }).waitFor();
    await page.close();
  });

  test("the past is shown at any moment, and the expert answers from facts with links to them", async () => {
    const page = await open(reader, "/n/shop/time?moment=2");
    await page.getByRole("heading", { name: "Event 2", exact: true }).waitFor();
    await page.getByLabel("place done, 0 tokens").waitFor();
    await page.getByLabel("transition sort").click();
    // Why it does not fire now is no question of then.
    await page.getByRole("complementary", { name: "map sort" }).waitFor();
    expect(await page.getByRole("button", { name: "Why is it not firing?" }).count()).toBe(0);
    await page.getByRole("button", { name: "Table", exact: true }).click();
    await page
      .getByRole("table", { name: "Places" })
      .getByRole("row", { name: /^done 0 0/ })
      .waitFor();
    await page.goto(`${house.a.url}/n/shop/agents`);
    await page.getByRole("button", { name: "What am I seeing?" }).click();
    await page.getByText(/You see "A shop" \(shop\)\. It runs/).waitFor();
    await page
      .getByLabel("Domain Expert")
      .getByRole("button", { name: /^transition sort/ })
      .first()
      .click();
    await page.getByRole("heading", { name: /sort/ }).waitFor();
    await page.close();
  });

  test("a place and a transition are opened by the keyboard, and Escape leads back to them", async () => {
    const page = await open(reader, "/n/shop/net");
    for (const [key, node, panel] of [
      ["Enter", "transition sort", "map sort"],
      ["Space", /^place done,/, "place done"],
    ] as const) {
      const drawn = page.getByLabel(node, { exact: true }).first();
      await drawn.focus();
      await page.keyboard.press(key);
      const aside = page.getByRole("complementary", { name: panel });
      await aside.waitFor();
      await waitUntil("the panel has the focus", () => aside.evaluate((one) => one === one.ownerDocument.activeElement));
      await page.keyboard.press("Escape");
      await aside.waitFor({ state: "detached" });
      await waitUntil("the node has it again", () => drawn.evaluate((one) => one === one.ownerDocument.activeElement));
    }
    await page.close();
  });

  test.each(["light", "dark"] as const)(
    "every screen is reached by the keyboard, and axe finds nothing serious on any (%s)",
    async (theme) => {
      const page = await open(reader, "/n/shop/net");
      await page.emulateMedia({ colorScheme: theme });
      for (const screen of SCREENS) {
        const link = page.getByRole("navigation", { name: "Screens" }).getByRole("link", { name: new RegExp(`^${screen}`, "i") });
        await link.focus();
        await page.keyboard.press("Enter");
        await page.waitForURL((url) => url.pathname.endsWith(`/${screen}`));
        await page.locator("#screen h1, #screen h2").first().waitFor();
        await page.evaluate(AXE);
        const serious = await page.evaluate(async () => {
          const { axe } = globalThis as unknown as {
            axe: { run(): Promise<{ violations: { id: string; impact: string; nodes: { html: string }[] }[] }> };
          };
          const { violations } = await axe.run();
          return violations
            .filter(({ impact }) => impact === "serious" || impact === "critical")
            .map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
        });
        expect(serious, screen).toEqual([]);
      }
      await page.close();
    },
  );

  test("a running command is read while it prints, also by who comes late; blocked ones name the label that is missing", async () => {
    const order = (labels: string[] = []) => ({ kind: "command", pool: "p", labels, argv: ["make"], out: [{ to: "made" }] });
    await house.kit.ask(null, "apply-net", {
      definition: {
        net: "works",
        places: { asked: { open: true }, rare: { open: true }, made: { sink: true } },
        transitions: {
          build: { ...order(), in: [{ place: "asked" }] },
          press: { ...order(["press"]), in: [{ place: "rare" }] },
        },
      },
    });
    const hand = house.kit.executor("hands");
    hand.beat();
    await house.kit.put("works", "asked", {});
    await house.kit.put("works", "rare", {});
    await waitUntil("the order is pulled", () => hand.orders.length > 0);
    const [pulled] = hand.orders;
    if (!pulled) throw new Error("no order was pulled");
    await hand.ask(pulled, "claim");
    const about = { net: pulled.net, firing: pulled.firing, attempt: pulled.attempt };
    const print = (text: string, at: number) =>
      hand.line.print("hands", about, { command: 1, from: "stdout", at, end: at + text.length, text });
    hand.line.print("hands", about, { command: 1, from: "command", at: 0, end: 8, text: "make all", last: true });
    print("compiling\n", 0);
    const page = await open(reader, "/n/works/executors");
    const log = page.getByRole("log", { name: "What build prints" });
    await log.getByText("$ make all").waitFor();
    await log.getByText("compiling").waitFor();
    print("linked\n", 10);
    await log.getByText("linked").waitFor();
    print("at last\n", 5000);
    await log.getByText("4983 characters left out").waitFor();
    await page.getByRole("status").getByText("--labels press").waitFor();
    await page.getByRole("button", { name: "build", exact: true }).click();
    await firingsOf(page).locator("summary").first().click();
    await page.getByRole("log", { name: "What it prints" }).getByText("at last").waitFor();
    await hand.deliver(pulled, { exitCode: 0 });
    await page.getByRole("log", { name: "What it prints" }).waitFor({ state: "detached" });
    await hand.stop();
    await page.close();
  });

  test("what is loaded at first is under 1 MB compressed, and no page asks another host", async () => {
    const page = await browser.context.newPage();
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    await page.goto(`${house.a.url}/#key=${reader}`);
    await page.getByRole("navigation", { name: "Screens" }).waitFor();
    expect(asked.filter((url) => !url.startsWith(house.a.url))).toEqual([]);
    const files = [...new Set(asked.map((url) => new URL(url).pathname).filter((path) => path.startsWith("/assets/")))];
    expect(files.length).toBeGreaterThan(1);
    let bytes = 0;
    for (const path of files) {
      const file = readFileSync(join(MONITOR, `${path}.gz`));
      const answer = await fetch(`${house.a.url}${path}`, { headers: { "accept-encoding": "gzip" } });
      expect([path, answer.headers.get("content-encoding")]).toEqual([path, "gzip"]);
      bytes += file.byteLength;
    }
    expect(bytes).toBeLessThan(1_000_000);
    await page.close();
  });

  test("of many gates fifty are shown at first, and the rest when they are asked for; the address says so", async () => {
    for (let n = 0; n < 53; n++) await house.kit.put("shop", "inbox", { text: `held ${n}`, hold: true });
    const page = await open(reader, "/n/shop/gates");
    const more = page.getByRole("button", { name: "3 more of 3" });
    await more.waitFor();
    expect(await page.getByRole("article").count()).toBe(50);
    await more.click();
    await more.waitFor({ state: "detached" });
    expect(await page.getByRole("article").count()).toBe(53);
    expect(page.url()).toMatch(/\?show=100$/);
    await page.close();
  });

  test("when the gateway dies and comes back, the page goes on by itself and misses nothing", async () => {
    const page = await open(reader, "/n/shop/console");
    await page.getByRole("status").getByText("live").waitFor();
    const back = await house.restart("a");
    await page.getByRole("status").getByText("connection lost, trying again").waitFor();
    await house.kit.put("shop", "inbox", { text: "while away" });
    await back();
    await page.getByRole("status").getByText("live").waitFor();
    await page.getByPlaceholder("words").fill("while away");
    await page.getByRole("log").getByText("while away").first().waitFor();
    await page.close();
    expect(faults).toEqual([]);
  });
});
