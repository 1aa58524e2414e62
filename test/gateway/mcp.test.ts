/** Petrel as an MCP server, used through the official client: over HTTP in both eras of the protocol, by clients of every scope. */
import { readFileSync } from "node:fs";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { JsonObject } from "../../src/contract/json.ts";
import type { Scope } from "../../src/gateway/access/scopes.ts";
import { waitUntil } from "../support/wait-until.ts";
import { type GatewayHouse, gatewayHouse, SHOP } from "./house.ts";

let house: GatewayHouse;
const clients: Client[] = [];
beforeAll(async () => {
  house = await gatewayHouse();
});
afterAll(async () => {
  for (const client of clients) await client.close();
  await house.stop();
});

let count = 0;
async function connect(
  scopes: Scope[],
  { query = "", nets, mode = "auto" }: { query?: string; nets?: string[]; mode?: "auto" | "legacy" } = {},
): Promise<Client> {
  count += 1;
  const { token } = await house.client(`agent-${count}`, scopes, nets ? { nets } : {});
  const transport = new StreamableHTTPClientTransport(new URL(`${house.a.url}/mcp${query}`), {
    requestInit: { headers: { authorization: `Bearer ${token}` } },
  });
  const client = new Client({ name: "peer", version: "1.0.0" }, { versionNegotiation: { mode } });
  await client.connect(transport);
  clients.push(client);
  return client;
}
async function call(client: Client, name: string, input: JsonObject = {}): Promise<JsonObject & { failed?: boolean }> {
  const answer = await client.callTool({ name, arguments: input });
  const [first] = answer.content as { text: string }[];
  return { ...(JSON.parse(first?.text ?? "{}") as JsonObject), ...(answer.isError ? { failed: true } : {}) };
}
const names = async (client: Client) => (await client.listTools()).tools.map(({ name }) => name);

test.each(["auto", "legacy"] as const)(
  "reads nets, places, tokens and events, puts a token and waits for its answer (%s)",
  async (mode) => {
    const agent = await connect(["petrel:operate"], { mode });
    expect(await call(agent, "nets_list")).toMatchObject({ nets: [{ net: "shop", title: "A shop" }] });
    expect(await call(agent, "net_read", { net: "shop" })).toMatchObject({ definition: { net: "shop" } });
    const put = await call(agent, "token_put", { net: "shop", place: "inbox", data: { text: `tea ${mode}` } });
    expect(put).toMatchObject({ id: expect.stringMatching(/^t-/), place: "inbox" });
    const answer = await call(agent, "answer_wait", { net: "shop", id: put.id ?? "", seq: put.seq ?? 1, place: "done", seconds: 20 });
    expect(answer).toMatchObject({ state: "there", token: { data: { text: `tea ${mode}` } } });
    expect(await call(agent, "tokens_read", { net: "shop", place: "done", where: `$.text == "tea ${mode}"` })).toMatchObject({ total: 1 });
    expect(await call(agent, "tokens_query", { net: "shop", places: ["done"], query: "SELECT count(*) AS n FROM $" })).toMatchObject({
      total: 1,
    });
    expect(await call(agent, "places_list", { net: "shop" })).toMatchObject({
      places: expect.arrayContaining([expect.objectContaining({ place: "held" })]),
    });
    const { events } = await call(agent, "events_read", { net: "shop", types: ["arrived"], limit: 5 });
    expect(JSON.stringify(events)).toContain(`tea ${mode}`);
  },
);

test("gates are shown and cannot be decided, by no tool", async () => {
  const agent = await connect(["petrel:admin"]);
  await call(agent, "token_put", { net: "shop", place: "inbox", data: { text: "later", hold: true } });
  const { gates } = await call(agent, "gates_list");
  expect(gates).toMatchObject([{ gate: "release", approvers: ["role:maintainer"] }]);
  expect((await names(agent)).filter((name) => /approve|decide|reject|gate/.test(name))).toEqual(["gates_list"]);
  await expect(agent.callTool({ name: "gate_approve", arguments: { net: "shop", gate: "release" } })).rejects.toThrow();
  expect(await call(agent, "gates_list", { net: "shop" })).toMatchObject({ gates: [{ approvals: 0 }] });
});

test("an edit is checked, and proposed only where people look; nothing is applied", async () => {
  const agent = await connect(["petrel:operate"]);
  const broken = { net: "shop", places: {}, transitions: { t: { kind: "pass", in: [{ place: "nowhere" }], out: [] } } };
  expect(await call(agent, "net_check", { definition: broken })).toMatchObject({ ok: false });
  expect(await call(agent, "net_check", { definition: SHOP as unknown as JsonObject })).toMatchObject({ ok: true });
  expect(await call(agent, "net_propose", { net: "shop", definition: SHOP as unknown as JsonObject, reason: "why not" })).toMatchObject({
    failed: true,
    error: "unknown-place",
  });
  const place = "inbox";
  const refused = await call(agent, "net_propose", { net: "shop", definition: SHOP as unknown as JsonObject, reason: "x", place });
  expect(refused).toMatchObject({ failed: true, error: "schema" });
  expect(await call(agent, "net_why", { net: "shop", name: "sort" })).toMatchObject({ answers: [{ kind: "transition" }] });
});

test("a token that only reads, and ?read-only, have no tool that changes anything", async () => {
  const reader = await connect(["petrel:read"]);
  const looking = await connect(["petrel:admin"], { query: "?read-only" });
  for (const client of [reader, looking]) {
    expect(await names(client)).toContain("events_read");
    expect((await names(client)).filter((name) => /put|propose/.test(name))).toEqual([]);
    await expect(
      client.callTool({ name: "token_put", arguments: { net: "shop", place: "inbox", data: { text: "no" } } }),
    ).rejects.toThrow();
  }
});

test("a gateway of `petrel mcp --http --read-only` has none either, whatever token and address a client takes", async () => {
  const open = house;
  house = await gatewayHouse({ mcpReadOnly: true });
  try {
    const admin = await connect(["petrel:admin"]);
    expect(await names(admin)).toContain("events_read");
    expect((await names(admin)).filter((name) => /put|propose/.test(name))).toEqual([]);
  } finally {
    await house.stop();
    house = open;
  }
});

test("a token for other nets reaches this one by no tool and no resource; none at all gets 401", async () => {
  const stranger = await connect(["petrel:admin"], { nets: ["depot"] });
  expect(await call(stranger, "nets_list")).toEqual({ nets: [] });
  for (const name of ["net_read", "places_list", "events_read", "gates_list"]) {
    expect(await call(stranger, name, { net: "shop" }), name).toMatchObject({ failed: true, error: "net_out_of_scope" });
  }
  await expect(stranger.readResource({ uri: "petrel://nets/shop" })).rejects.toThrow();
  expect((await house.call(house.a, "POST", "/mcp", { body: {} })).status).toBe(401);
});

test("resources: nets, their definitions, personas and the event line", async () => {
  const agent = await connect(["petrel:read"]);
  const uris = (await agent.listResources()).resources.map(({ uri }) => uri);
  expect(uris).toEqual(expect.arrayContaining(["petrel://nets", "petrel://personas", "petrel://nets/shop", "petrel://nets/shop/events"]));
  const text = async (uri: string) => ((await agent.readResource({ uri })).contents[0] as { text: string }).text;
  expect(JSON.parse(await text("petrel://nets"))).toEqual(["shop"]);
  expect(JSON.parse(await text("petrel://nets/shop"))).toMatchObject({ definition: { net: "shop" } });
  expect(JSON.parse(await text("petrel://nets/shop/events")).length).toBeGreaterThan(2);
  expect(JSON.parse(await text("petrel://personas"))).toEqual([]);
});

test("a net without a place for proposals has its edits with all others before people, also for a caller of this net alone", async () => {
  const read = (path: string) => readFileSync(path, "utf8");
  const files = { "knowledge/recruiter.md": read("personas/knowledge/recruiter.md") };
  await house.kit.ask(null, "apply-persona", { persona: JSON.parse(read("personas/recruiter.json")), files });
  await house.kit.ask(null, "apply-net", { definition: JSON.parse(read("nets/recruiting.json")) });
  const agent = await connect(["petrel:operate"], { nets: ["shop"] });
  const definition = { ...SHOP, title: "A better shop" } as unknown as JsonObject;
  expect(await call(agent, "net_propose", { net: "shop", definition, reason: "a title" })).toMatchObject({ ok: true, place: "offers" });
  const gates = async () => (await house.kit.ask("recruiting", "gates")) as { firing: string }[];
  await waitUntil("it waits for people", async () => (await gates()).length === 1);
  expect(await call(agent, "net_read", { net: "shop" })).toMatchObject({ definition: { title: "A shop" } });
  expect(await call(agent, "gates_list", { net: "recruiting" })).toMatchObject({ failed: true });
  await house.kit.ask("recruiting", "decide", { firing: (await gates())[0]?.firing, decision: "reject", id: "no" });
});
