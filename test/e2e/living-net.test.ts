/** A running net on real processes: personas join it without a restart, and what they will ask can be seen before. */
import { mkdirSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startAnthropicStub } from "../support/anthropic-stub.ts";
import { builtCli, Desk, descendants, type Running } from "../support/petrel-process.ts";
import type { Stub } from "../support/stub-turn.ts";
import { waitUntil } from "../support/wait-until.ts";

const desk = new Desk("living");
let stub: Stub;
let system: Running;
const NET = "letters";
const write = (file: string, content: object) => writeFileSync(desk.path(file), JSON.stringify(content));
const reader = {
  ...{ persona: "reader", title: "Reader", flags: "r----", tools: ["place.read"], tier: "standard", prompt: "You read letters." },
  output: { type: "object", required: ["says"], properties: { says: { type: "string" } } },
};
const net = {
  net: NET,
  places: { inbox: { open: true }, read: { sink: true }, found: { sink: true } },
  transitions: {
    read: {
      kind: "llm",
      persona: "reader",
      ask: "Read ${letter.title}.",
      data: { letter: "${letter}" },
      in: [{ place: "inbox", as: "letter" }],
      out: [{ to: "read" }],
    },
  },
};
const answer = { tools: [{ name: "answer", input: { says: "hello" } }] };

beforeAll(async () => {
  await builtCli();
  stub = await startAnthropicStub([answer]);
  desk.env.ANTHROPIC_API_KEY = "stub";
  desk.env.ANTHROPIC_BASE_URL = stub.url;
  system = desk.start(["up", "--json"]);
  await system.says(/\{"ready":true.*\n/);
  write("reader.json", reader);
  write("letters.json", net);
  await desk.json(["persona", "apply", "reader.json"]);
  await desk.json(["net", "apply", "letters.json"]);
}, 180_000);
afterAll(async () => {
  await desk.clear();
  await stub?.close();
});
const master = () => descendants(system.pid).find(({ command }) => / master /.test(command))?.pid ?? 0;
const total = async (place: string) => (await desk.json<{ total: number }>(["tokens", NET, place])).total;

test("a preview is, byte for byte, what the provider then receives", { timeout: 180_000 }, async () => {
  await desk.json(["pause", NET]);
  const { id } = await desk.json<{ id: string }>(["put", NET, "inbox", JSON.stringify({ title: "A “letter”", text: "Grüße\nfrom afar" })]);
  const seen = await desk.json<{ body: string; tokens: number; parts: { part: string; tokens: number }[] }>([
    "persona",
    "preview",
    "reader",
    "--token",
    id,
  ]);
  expect(stub.requests).toEqual([]);
  expect(seen.parts.map(({ part }) => part)).toEqual(["persona", "rules", "ask", "data.letter", "tools"]);
  expect(seen.parts.reduce((sum, { tokens }) => sum + tokens, 0)).toBe(seen.tokens);
  // Words on stdout are the same request.
  expect((await desk.run(["persona", "preview", "reader", "--token", id])).stdout).toBe(`${seen.body}\n`);
  await desk.json(["resume", NET]);
  await waitUntil("it is read", async () => (await total("read")) === 1, 60_000);
  expect(stub.requests).toHaveLength(1);
  expect(JSON.stringify(stub.requests[0]?.body)).toBe(seen.body);
});

test("a persona added by `persona apply` and one arc fires without rebuild or restart, under the same pid", {
  timeout: 180_000,
}, async () => {
  const before = master();
  mkdirSync(desk.path("knowledge"), { recursive: true });
  write("finder.json", { ...reader, persona: "finder", title: "Finder", tools: [], prompt: "You find names." });
  const step = {
    kind: "llm",
    persona: "finder",
    ask: "Find names in ${letter.title}.",
    in: [{ place: "inbox", as: "letter", mode: "read" }],
    out: [{ to: "found" }],
  };
  write("letters.json", { ...net, transitions: { ...net.transitions, find: step } });
  await desk.json(["persona", "apply", "finder.json"]);
  await desk.json(["net", "apply", "letters.json", "--force"]);
  await desk.json(["put", NET, "inbox", JSON.stringify({ title: "A second letter" })]);
  await waitUntil("it was found", async () => (await total("found")) === 1, 60_000);
  expect(master()).toBe(before);
  const events = await desk.events(NET, ".petrel");
  expect(events.find(({ type, persona }) => type === "fired" && persona === "finder")).toMatchObject({
    status: "ok",
    attributes: { outcome: "answered" },
  });
});

test("200 instances join a running net, and leave it", { timeout: 180_000 }, async () => {
  const before = master();
  expect(await desk.json(["persona", "spawn", NET, "reader", "--instances", "200"])).toMatchObject({ before: 1, instances: 200 });
  const tree = JSON.stringify(await desk.json(["actors"]));
  expect(tree).toContain(`${NET}/reader/200`);
  await desk.json(["persona", "retire", NET, "reader", "--instances", "1"]);
  await waitUntil("they are gone", async () => !JSON.stringify(await desk.json(["actors"])).includes(`${NET}/reader/200`), 60_000);
  expect(master()).toBe(before);
  expect((await desk.run(["persona", "retire", NET, "nobody"])).stderr).toContain("no transition of letters asks a model as nobody");
});
