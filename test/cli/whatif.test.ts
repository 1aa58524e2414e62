/** What a change would cost is told of what was answered: a budget that ends the asking is no saving. */
import { afterEach, beforeEach, expect, it } from "vitest";
import { startAnthropicStub } from "../support/anthropic-stub.ts";
import type { Stub } from "../support/stub-turn.ts";
import { triageNet, triagePersona } from "../support/ticket-rule.ts";
import { waitUntil } from "../support/wait-until.ts";
import { type History, history } from "./history-stage.ts";

let own: History;
let stub: Stub;
beforeEach(async () => {
  own = await history();
  stub = await startAnthropicStub([], () => [{ tools: [{ name: "answer", input: { owner: "ada" } }] }]);
  Object.assign(own.stage.env, { ANTHROPIC_API_KEY: "stub", ANTHROPIC_BASE_URL: stub.url });
  await own.kit.ask(null, "apply-persona", { persona: { ...triagePersona, output: undefined } });
  await own.kit.ask(null, "apply-net", { definition: { net: "desk", ...triageNet(undefined) } });
  for (const area of ["net", "ui"]) await own.kit.put("desk", "tickets", { area });
  await waitUntil("both are done", () => own.kit.stateOf("desk").places.get("done")?.size === 2);
});
afterEach(async () => {
  await own.stop();
  await stub.close();
});

it("counts no saving for requests that the budget did not reach, says what to do, and ends with the budget's exit code", async () => {
  const poor = await own.stage.run("whatif", "triage", "--tier", "standard", "--budget", "0.000001");
  expect(poor.code).toBe(6);
  expect(poor.out).toContain(
    "0 of 0 answers are the same; 2 failed. The answered ones cost 0.0000 USD then, 0.0000 USD now, at list prices.",
  );
  expect(poor.out).toContain("The budget was not enough for all: --budget sets another");
  const { json } = await own.stage.run("whatif", "triage", "--tier", "standard", "--budget", "0.000001", "--json");
  expect(json).toMatchObject({ asked: 2, failed: 2, usd: { was: 0, now: 0 }, ms: { was: 0, now: 0 }, rows: [{ was: { usd: 0.5 } }, {}] });
  expect(stub.requests).toHaveLength(0);
});
