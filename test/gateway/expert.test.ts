/** The Domain Expert with a model and without: what it is given, what it says, and who pays for guests. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EXPERT_USD_PER_DAY, expertSpent, noteExpertSpend } from "../../src/gateway/access/expert-budget.ts";
import { GUEST_QUESTIONS, takeGuestQuestion } from "../../src/gateway/access/guests.ts";
import { defaultConfig } from "../../src/models/default-config.ts";
import { anthropicProvider } from "../../src/models/providers/anthropic.ts";
import { tierModels } from "../../src/models/tiers.ts";
import { startAnthropicStub } from "../support/anthropic-stub.ts";
import { realClock } from "../support/model-clock.ts";
import type { Stub } from "../support/stub-turn.ts";
import { waitUntil } from "../support/wait-until.ts";
import { type GatewayHouse, gatewayHouse } from "./house.ts";

let stub: Stub;
let house: GatewayHouse;
beforeAll(async () => {
  stub = await startAnthropicStub([{ text: "One order lies in done; sort has put it there.", usage: { input: 100, output: 20 } }]);
  const anthropic = anthropicProvider({ apiKey: "k", baseURL: stub.url, clock: realClock });
  const expert = tierModels(defaultConfig, new Map([["anthropic", anthropic]]), { clock: realClock });
  house = await gatewayHouse({ expert });
  await house.kit.put("shop", "inbox", { text: "two apples" });
});
afterAll(async () => {
  await house.stop();
  await stub.close();
});

async function ask(
  token: string,
  question: string,
  of: GatewayHouse = house,
): Promise<{ text: string; by: string; links: { id: string }[] }> {
  const { text } = await of.call(of.a, "POST", "/api/ask", { token, body: { net: "shop", question } });
  const frames = text.split("\n\n").flatMap((block) => {
    const data = /^data: (.*)$/m.exec(block)?.[1];
    return data === undefined ? [] : [JSON.parse(data) as { text?: string; by?: string; links?: { id: string }[] }];
  });
  return {
    text: frames.map((frame) => frame.text ?? "").join(""),
    by: frames.at(-1)?.by ?? "",
    links: frames.at(-1)?.links ?? [],
  };
}

test("a model gets counted facts, the net's shape and the newest events, no tool, and its answer links to what it names", async () => {
  const { token } = await house.client("asker", ["petrel:read"]);
  const answer = await ask(token, "What lies where?");
  expect(answer).toMatchObject({ text: "One order lies in done; sort has put it there." });
  expect(answer.by).toMatch(/^anthropic /);
  expect(answer.links.map(({ id }) => id).sort()).toEqual(["done", "sort"]);
  const sent = stub.requests.at(-1)?.body as { tools?: unknown[]; messages: unknown };
  expect(sent.tools ?? []).toEqual([]);
  expect(JSON.stringify(sent.messages)).toContain("1 token in");
});

test("guests have a number of questions a day; after it the rules answer, and others still get the model", async () => {
  const { clientSecret } = await house.a.access.book.add({
    id: "guest-1",
    scopes: ["petrel:read"],
    nets: null,
    roles: ["guest"],
    by: "ada",
  });
  const guest = String((await house.token(house.a, "guest-1", clientSecret)).json.access_token);
  expect((await ask(guest, "What do I see?")).by).toMatch(/^anthropic /);
  const bucket = house.kit.broker.keyValue("access");
  let left = 0;
  while (await takeGuestQuestion(bucket, house.kit.clock)) left += 1;
  expect(left).toBe(GUEST_QUESTIONS - 1);
  const asked = stub.requests.length;
  const late = await ask(guest, "What do I see?");
  expect(late.by).toContain("guests have asked the model all their questions of today");
  expect(late.text).toContain('You see "A shop"');
  expect(stub.requests.length).toBe(asked);
  const { token } = await house.client("host", ["petrel:read"]);
  expect((await ask(token, "And now?")).by).toMatch(/^anthropic /);
});

test("the model has a budget of a day, of all gateways together; when it is spent the rules answer, and tomorrow the model does again", async () => {
  const { token } = await house.client("frugal", ["petrel:read"]);
  const bucket = house.kit.broker.keyValue("access");
  const before = await expertSpent(bucket, house.kit.clock);
  expect((await ask(token, "What lies where?")).by).toMatch(/^anthropic /);
  const spent = await expertSpent(bucket, house.kit.clock);
  expect(spent).toBeGreaterThan(before);
  await noteExpertSpend(bucket, house.kit.clock, EXPERT_USD_PER_DAY);
  const asked = stub.requests.length;
  const late = await ask(token, "What lies where?");
  expect(late.by).toContain("the model has spent its budget of today");
  expect(late.text).toContain("A shop");
  expect(stub.requests.length).toBe(asked);
  house.kit.clock.jump(24 * 3_600_000);
  const { token: tomorrow } = await house.client("tomorrow", ["petrel:read"]);
  expect((await ask(tomorrow, "What lies where?")).by).toMatch(/^anthropic /);
});

test("when the model does not answer, the rules do, and say so", async () => {
  stub.turns = [{ status: 400 }] as never;
  const { token } = await house.client("late", ["petrel:read"]);
  const answer = await ask(token, "What lies where?");
  expect(answer.by).toMatch(/^rules.*the model did not answer/);
  expect(answer.text).toContain("A shop");
});

describe("the rules", () => {
  let rules: GatewayHouse;
  let token: string;
  const asked = (question: string) => ask(token, question, rules);
  beforeAll(async () => {
    rules = await gatewayHouse();
    token = (await rules.client("visitor", ["petrel:read"])).token;
    await rules.kit.put("shop", "inbox", { text: "waits", hold: true });
    await waitUntil("it waits at the gate", async () => (await asked("release")).text.includes("1 waiting for people"));
  });
  afterAll(() => rules.stop());

  test("what waits for people is counted the same wherever it is told", async () => {
    expect((await asked("What am I seeing?")).text).toContain("0 firings under way, 1 waiting for people.");
    expect((await asked("What does release do?")).text).toContain("Of release: 0 firings under way, 1 waiting for people;");
  });

  test("a question for a reason is answered by what the running net says, with a link", async () => {
    const { text, links } = await asked("Why is release not firing?");
    expect(text).toMatch(/the gate release holds it: 0 of 1 approvals/);
    expect(links).toContainEqual({ kind: "transition", net: "shop", id: "release" });
  });

  test("each place of a stage is named once", async () => {
    expect((await asked("What do I see?")).text).toContain("sort (map) takes from inbox and puts into held, done.");
  });

  test("what the rules cannot answer is said, with what they can", async () => {
    const { text } = await asked("Tell me a joke");
    expect(text).toMatch(/^The rules have no answer to just that/);
    expect(text).toContain('You see "A shop"');
    expect((await asked("What am I seeing?")).text).not.toContain("no answer");
  });
});
