/** The stages of a rule over HTTP, from what a model writes to undo; and what is said to wrong requests. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Scope } from "../../src/gateway/access/scopes.ts";
import { letterNet, letterNumber, letterPersona, letterRule, letterWorker, ruleWriter } from "../support/letter-rule.ts";
import { eventsOf } from "../support/log-check.ts";
import { waitUntil } from "../support/wait-until.ts";
import { type GatewayHouse, gatewayHouse, PEOPLE } from "./house.ts";

const NET = "mail";
let house: GatewayHouse;
let token = "";
const writer = ruleWriter(() => letterRule);

beforeAll(async () => {
  house = await gatewayHouse({ master: { work: letterWorker, crystalModels: { tiers: writer.tiers, budgets: {} } } });
  token = (await house.client("boss", ["petrel:admin", "petrel:operate", "petrel:gate", "petrel:read"], { roles: ["maintainer"] })).token;
  await house.kit.ask(null, "apply-persona", { persona: letterPersona, by: PEOPLE });
  await house.kit.ask(null, "apply-net", { definition: letterNet(NET), by: PEOPLE });
  for (let n = 0; n < 200; n += 1) await house.kit.put(NET, "letters", letterNumber(n));
  await waitUntil("all are written", () => house.kit.stateOf(NET).places.get("done")?.size === 200, 60_000);
}, 180_000);
afterAll(() => house.stop());

const get = (path: string) => house.call(house.a, "GET", `/api/crystals/${NET}${path}`, { token });
const post = (path: string, body?: unknown) =>
  house.call(house.a, "POST", `/api/crystals/${NET}${path}`, { token, ...(body === undefined ? {} : { body }) });

test("what a model wrote goes through every stage over HTTP, the same one", { timeout: 180_000 }, async () => {
  const before = await get("/write");
  expect(before.json).toMatchObject({ candidate: { asked: 200, bad: 0 }, proposal: { promotable: false } });
  expect((await post("/write/shadow", { withModel: true })).json).toMatchObject({
    error: expect.stringMatching(/not-proven|nothing-learned/),
  });
  expect((await post("/write/write")).json).toEqual({ transition: "write", asking: true });
  const wrote = async () =>
    (await eventsOf(house.kit.broker, NET)).some(({ attributes }) => JSON.stringify(attributes?.crystallized ?? "").includes('"rounds":1'));
  await waitUntil("it is told", wrote);
  const shown = await get("/write?withModel=true");
  expect(shown.json).toMatchObject({ proposal: { promotable: true, learner: "written by a model" }, rule: expect.stringMatching(/^r-/) });
  expect((await get("/write")).json).toMatchObject({ proposal: { promotable: false } });
  const studied = await post("/study", { withModel: true, transition: "write" });
  expect(studied.json).toMatchObject({ proposals: [{ rule: shown.json.rule }] });
  expect((await post("/study")).status).toBe(200);
  const shadow = await post("/write/shadow", { withModel: true, firings: 1 });
  expect(shadow.json).toMatchObject({ mode: "shadow" });
  expect((await get("")).json).toMatchObject({ transitions: [{ mode: "shadow", rule: shown.json.rule, readable: expect.any(Array) }] });
  expect((await post("/write/promote", {})).json).toMatchObject({ error: "shadow-not-over" });
  // A body that has nothing to say may be left away.
  expect((await post("/write/promote")).json).toMatchObject({ error: "shadow-not-over" });
  expect((await post("/write/promote", { early: true })).json).toMatchObject({ mode: "live" });
  expect((await post("/write/promote", { early: true })).json).toMatchObject({ mode: "live", changed: false });
  expect((await post("/write/write")).json).toMatchObject({ error: "rule-answers" });
  const undo = async (scopes: Scope[]) => {
    const { token: own } = await house.client(scopes.join().replaceAll(":", "-"), scopes, { roles: ["maintainer"] });
    return (await house.call(house.a, "POST", `/api/crystals/${NET}/write/undo`, { token: own })).json;
  };
  expect(await undo(["petrel:read"])).toMatchObject({
    error: "readonly_scope",
    detail: expect.stringContaining("petrel:operate or petrel:gate"),
  });
  // Who may promote may take that back; so may who operates.
  expect(await undo(["petrel:gate"])).toMatchObject({ mode: "none" });
  expect(await undo(["petrel:operate"])).toMatchObject({ error: "no-rule" });
  expect((await post("/write/undo")).json).toMatchObject({ error: "no-rule" });
  expect(writer.requests).toHaveLength(1);
});

test("wrong requests are told what is wrong", async () => {
  expect((await post("/nope/write")).json).toMatchObject({ error: "unknown-transition" });
  expect((await post("/write/shadow", { firings: -1 })).status).toBe(400);
  expect((await post("/write/shadow", { withModel: "yes" })).status).toBe(400);
  expect((await post("/study", { transition: "A B" })).status).toBe(400);
  expect((await post("/write/shadow")).json).toMatchObject({ error: expect.stringMatching(/not-proven|nothing-learned/) });
  expect((await get("/nope")).json).toMatchObject({ error: "unknown-transition" });
  const reader = (await house.client("reader", ["petrel:read"])).token;
  expect((await house.call(house.a, "POST", `/api/crystals/${NET}/write/write`, { token: reader })).status).toBe(403);
});

test("a judge is not asked here, and that is said: by a warning where a step names one, by one error where it is asked for", async () => {
  for (const path of ["/study", "/write/shadow"]) {
    const { status, json } = await post(path, { judge: true });
    expect({ status, json }).toMatchObject({ status: 409, json: { error: "judge-elsewhere" } });
    expect(JSON.stringify(json)).toMatch(/petrel crystallize mail( write)? --judge asks it/);
  }
  expect((await post("/study", { judge: false })).json).toMatchObject({ warnings: [] });
  const { json } = await post("/study", { equality: { fields: { text: { judge: "editor" } } } });
  const message = expect.stringMatching(/^editor was not asked: .+ petrel crystallize mail write --judge asks it$/);
  expect((json as unknown as { warnings: object[] }).warnings).toContainEqual({ transition: "write", message });
});
