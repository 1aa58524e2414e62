/** A step's rule in the page: what it is, how it does, and its way into the model's place and back, each for those who may. */
import { resolve } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { PersonaWorker } from "../../src/actors/persona-work.ts";
import type { Scope } from "../../src/gateway/access/scopes.ts";
import { type GatewayHouse, gatewayHouse } from "../gateway/house.ts";
import { describeInBrowser, openBrowser, type TestBrowser } from "../support/browser.ts";
import { crystalOf, ticketRule, triageNet } from "../support/ticket-rule.ts";

const OWNERS: Record<string, string> = { net: "ada", ui: "bob" };
const work: PersonaWorker = async ({ firing }) => {
  const area = /area is (\w+)/.exec(firing.ask ?? "")?.[1] ?? "";
  const model = { provider: "test", name: "m", calls: 1, inputTokens: 10, outputTokens: 5, costUsd: 0.01 };
  return {
    firing: firing.firing,
    attempt: firing.attempt,
    outcome: { ok: true, value: { owner: OWNERS[area] ?? "eve" } },
    extra: { model },
  };
};
const output = { type: "object", required: ["owner"], properties: { owner: { type: "string" } }, additionalProperties: false };
const persona = { persona: "triage", title: "Triage", flags: "-----", tools: [], tier: "economy", prompt: "Say who.", output };

describeInBrowser("a rule in the monitor", () => {
  let house: GatewayHouse;
  let browser: TestBrowser;
  beforeAll(async () => {
    house = await gatewayHouse({ monitor: resolve(import.meta.dirname, "../../dist/monitor"), master: { work } });
    await house.kit.ask(null, "apply-persona", { persona });
    await house.kit.ask(null, "apply-net", {
      definition: { net: "desk", ...triageNet(crystalOf({ mode: "shadow", shadow: 2, audit: 0.001 })) },
    });
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await house?.stop();
  });

  async function ruleSeenBy(
    id: string,
    scopes: Scope[],
    roles: string[] = [],
  ): Promise<{ page: Page; rule: ReturnType<Page["getByRole"]> }> {
    const { secret } = await house.client(id, scopes, { roles });
    const page = await browser.context.newPage();
    await page.goto(`${house.a.url}/n/desk/net?at=transition:triage#key=${id}.${secret}`);
    const rule = page.getByRole("region", { name: "Rule" });
    await rule.waitFor();
    return { page, rule };
  }
  const button = (rule: ReturnType<Page["getByRole"]>, name: RegExp) => rule.getByRole("button", { name });

  test("is seen in its shadow, promoted by a person who may, counted, and undone", async () => {
    const looker = await ruleSeenBy("looker", ["petrel:read"]);
    await looker.rule.getByText("shadow", { exact: true }).waitFor();
    expect(await button(looker.rule, /Promote|Undo|Learn/).count()).toBe(0);
    await looker.rule.getByText("The rule, readable").click();
    await looker.rule.getByText("only where").waitFor();

    const ada = await ruleSeenBy("ada", ["petrel:gate"], ["maintainer"]);
    expect(await button(ada.rule, /Learn/).count()).toBe(0);
    expect(await button(ada.rule, /Undo/).count(), "who may promote may take it back").toBe(1);
    await button(ada.rule, /Promote/).click();
    await ada.rule.getByText("has been beside the model for 0 of 2 firings").waitFor();
    for (const area of ["net", "ui"]) await house.kit.put("desk", "tickets", { area });
    await looker.rule.getByText("2 of 2 the same; it takes 2").waitFor();
    // At the gate stands what is decided on: the question, the rule and how it has done; no work, so nothing to edit.
    const inbox = await browser.context.newPage();
    const { secret } = await house.client("eve", ["petrel:gate"], { roles: ["maintainer"] });
    await inbox.goto(`${house.a.url}/n/desk/gates#key=eve.${secret}`);
    const card = inbox.getByRole("article", { name: "gate crystal-triage" });
    await card.getByText(/May the rule of triage answer\? 2 of 2 answers .+ approve lets it answer in the model's place/).waitFor();
    await card.getByText("only where").waitFor();
    expect(await card.getByRole("button", { name: "Edit first" }).count()).toBe(0);
    await inbox.close();
    await button(ada.rule, /Promote/).click();
    await ada.rule.getByText("live", { exact: true }).waitFor();

    for (const area of ["net", "ui", "db"]) await house.kit.put("desk", "tickets", { area });
    await looker.rule.getByText("2 by the rule, 3 by the model").waitFor();
    await looker.page.getByRole("link", { name: "Changes" }).click();
    const row = looker.page.getByRole("table", { name: "Rules in a model's place" }).getByRole("row", { name: /triage/ });
    await row.getByText("2 by the rule, 3 by the model").waitFor();

    const hand = await ruleSeenBy("hand", ["petrel:operate"]);
    expect(await button(hand.rule, /Promote|Learn/).count()).toBe(0);
    await button(hand.rule, /Undo/).click();
    await hand.rule.getByText("no rule", { exact: true }).waitFor();
    await button(hand.rule, /What does its history teach/).click();
    await hand.rule.getByText(/No rule yet: .+/).waitFor();
    for (const { page } of [looker, ada, hand]) await page.close();
  });

  test("a later rule beside one that answers is there to read, and is promoted in the same place", async () => {
    const { mode: _, ...wider } = crystalOf({ shadow: 7 });
    const later = {
      ...wider,
      rule: { ...ticketRule, guard: [{ test: "in" as const, path: "/ticket/area", values: ["net", "ui", "mail"] }] },
    };
    await house.kit.ask(null, "apply-net", { definition: { net: "desk", ...triageNet(crystalOf({ audit: 0.001, next: later })) } });
    const lea = await ruleSeenBy("lea", ["petrel:gate"], ["maintainer"]);
    await lea.rule.getByText("A later rule stands beside it, without effect: 0 of 0 the same; it takes 7.").waitFor();
    await lea.rule.getByText("The later rule, readable").click();
    await lea.rule.getByText(/"mail"/).waitFor();
    await button(lea.rule, /Promote the later one/).click();
    await lea.rule.getByText("has been beside the one that answers for 0 of 7 firings").waitFor();
    await lea.page.close();
  });
});
