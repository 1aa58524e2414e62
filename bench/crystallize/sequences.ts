/** Sequences of tool calls with branches: refunds, as an agent handles them with a shop's API. */
import type { Json, JsonObject } from "../../src/contract/json.ts";
import type { ToolCall } from "../../src/crystallize/example.ts";
import type { Chance } from "./draws.ts";
import { message } from "./routing.ts";
import type { Item, Stream } from "./stream.ts";

const SHOP = "https://shop.example";

function answered(status: number, body: Json): JsonObject {
  return { status, type: "application/json", text: JSON.stringify(body), truncated: false };
}
function get(path: string, status: number, body: Json): ToolCall {
  return { name: "http.get", input: { url: `${SHOP}${path}` }, output: answered(status, body) };
}
function post(path: string, json: Json, status: number, body: Json): ToolCall {
  return { name: "http.post", input: { url: `${SHOP}${path}`, json }, output: answered(status, body) };
}
const done = (result: JsonObject): Json => ({ status: "done", summary: `The request is ${String(result.decision)}.`, result });

/** The way of one request, with what the shop answers. */
function refund(request: { order: string; text: string }, chance: Chance): { tools: ToolCall[]; truth: Json } {
  const { order } = request;
  if (chance.chance(0.05))
    return { tools: [get(`/orders/${order}`, 404, { error: "no such order" })], truth: done({ decision: "unknown" }) };
  const total = chance.whole(500, 60_000) / 100;
  const customer = `c-${chance.whole(100, 99_999)}`;
  const state = chance.pick(["delivered", "delivered", "shipped", "open"]);
  const first = get(`/orders/${order}`, 200, { order, total, customer: { id: customer }, state });
  if (state === "open") {
    const second = post(`/orders/${order}/cancel`, { reason: "customer" }, 200, { cancelled: true });
    return { tools: [first, second], truth: done({ decision: "cancelled", order }) };
  }
  if (total > 250) {
    const ticket = `T-${chance.whole(1000, 99_999)}`;
    const second = post("/tickets", { order, customer, amount: total, text: request.text }, 201, { ticket });
    return { tools: [first, second], truth: done({ decision: "escalated", ticket }) };
  }
  const iban = `DE${chance.whole(10, 99)} ${chance.whole(1000, 9999)} ${chance.whole(1000, 9999)}`;
  const number = chance.whole(1, 1_000_000);
  const second = get(`/customers/${customer}`, 200, { id: customer, iban, since: chance.whole(1999, 2025) });
  const third = post("/refunds", { order, iban, amount: total }, 201, { refund: number, state: "booked" });
  return { tools: [first, second, third], truth: done({ decision: "refunded", order, refund: number }) };
}

const sequences: Stream = {
  name: "tool sequences with branches",
  kind: "learnable",
  item: (_, chance) => {
    const request = { order: `SO-${chance.whole(10_000, 99_999)}`, text: message(chance, ["refund"]) };
    return { input: { request }, ...refund(request, chance) };
  },
  slip: (truth) => truth,
  /** It stops too early, books ten times the sum, or answers something else. */
  slipCalls: ({ truth, tools = [] }: Item, chance) => {
    const other = done({ decision: chance.pick(["refunded", "escalated", "unknown"]), order: `SO-${chance.whole(1, 9999)}` });
    const last = tools.at(-1);
    const isPost = last?.name === "http.post";
    const kind = chance.whole(1, 3);
    if (kind === 1 && tools.length > 1) return { tools: tools.slice(0, -1), output: other };
    if (kind === 2 && isPost && last) {
      const { url, json } = last.input as { url: string; json: JsonObject };
      const wrong =
        "amount" in json
          ? { ...json, amount: Number(json.amount) * chance.whole(2, 99) }
          : { ...json, reason: `reason ${chance.whole(1, 9999)}` };
      return { tools: [...tools.slice(0, -1), { ...last, input: { url, json: wrong } }], output: truth };
    }
    return { tools, output: other };
  },
};

export const SEQUENCES = [sequences];
