/** Verbs that show all at once or tell by stories, and one that lets others look: top, watch --story, share. */
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Json } from "../../src/contract/json.ts";
import { Stage } from "./stage.ts";

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
  stage.running();
});
afterEach(() => stage.remove());

const MARKING: Json = {
  net: "hello",
  seq: 3,
  state: "running",
  version: "abc",
  places: [{ place: "inbox", title: "Inbox", waiting: 2, reserved: 1, oldestAt: "2026-03-01T11:57:00.000Z", capacity: null, open: true }],
  firings: [
    {
      ...{ firing: "f-1", transition: "write", persona: "writer", attempt: 1, executor: null, instance: null, correlation: "c-1" },
      ...{ since: "2026-03-01T11:59:30.000Z", notBefore: null, gate: null, consumed: [], read: [] },
    },
    {
      ...{ firing: "f-2", transition: "ship", persona: null, attempt: 1, executor: null, instance: null, correlation: "c-2" },
      ...{ since: "2026-03-01T11:58:00.000Z", notBefore: null, gate: "release", consumed: [], read: [] },
    },
    {
      ...{ firing: "f-3", transition: "lift", persona: null, attempt: 1, executor: null, instance: null, correlation: "c-3" },
      ...{ since: "2026-03-01T11:59:00.000Z", notBefore: null, gate: null, consumed: [], read: [] },
    },
  ],
};
const DEFINITION: Json = {
  hash: "abc",
  definition: { net: "hello", transitions: { lift: { kind: "command", pool: "yard", labels: ["crane"] }, write: { kind: "llm" } } },
};

test("top tells nets, places, who works, what is blocked and the cost; once, where there is no terminal", async () => {
  await stage.serves(null, { nets: [{ net: "hello", state: "running", version: "abc" }] });
  await stage.serves("hello", { marking: MARKING, definition: DEFINITION });
  const model = { provider: "recorded", name: "hand", calls: 2, inputTokens: 9, outputTokens: 3, costUsd: 0, listUsd: 0.25 };
  await stage.logs("hello", [{ type: "fired", persona: "writer", firing: "f-0", model }]);
  const { out, code } = await stage.run("top");
  expect(code).toBe(0);
  expect(out).toMatch(/hello +running +3 +2 +1\n/);
  expect(out).toMatch(/hello\/inbox +2 +1 +3 m/);
  expect(out).toMatch(/writer +hello\/write +30 s/);
  expect(out).toContain("waits at release");
  expect(out).toContain("hello/lift is blocked: no executor of the pool yard is there");
  expect(out).toContain("Cost: 0.0000 USD, 0.2500 at list prices, 2 calls. By persona, at list prices: writer 0.2500.");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: nothing that moves a cursor goes into a pipe
  expect(out).not.toMatch(/\u001b/);
  expect((await stage.run("top", "--json")).json).toMatchObject({
    nets: [{ net: "hello", running: 2, gated: 1, tokens: 3 }],
    blocked: [{ transition: "lift" }],
    costs: { total: { calls: 2 } },
  });
});

test("watch --story puts a heading over each story that goes on, also where its beginning lies far back", async () => {
  const arrived = (seq: number, correlation: string, title: string) => ({
    ...{ seq, type: "arrived" as const, correlation, summary: "A token arrived." },
    produced: [
      {
        place: "inbox",
        token: {
          id: `t-${seq}`,
          data: { title },
          from: { outside: "x" },
          by: "x",
          at: "2026-03-01T11:00:00.000Z",
          correlation,
          v: 1 as const,
        },
      },
    ],
  });
  const more = Array.from({ length: 25 }, (_, at) => ({ correlation: "c-1", summary: `Step ${at}.` }));
  await stage.logs("hello", [
    arrived(1, "c-1", "Search notes"),
    ...more,
    arrived(27, "c-2", "Limit notes"),
    { correlation: "c-1", summary: "Last step.", type: "fired" },
  ]);
  const told = await stage.run("watch", "hello", "--story", "--since", "20", "--until", "fired");
  const lines = told.out.split("\n").filter(Boolean);
  expect(lines.filter((line) => /^(Search|Limit) notes/.test(line))).toEqual(["Search notes c-1", "Limit notes c-2", "Search notes c-1"]);
  const json = await stage.run("watch", "hello", "--story", "--since", "27", "--until", "fired", "--json");
  expect(JSON.parse(json.out)).toMatchObject({ summary: "Last step.", story: "c-1", title: "Search notes" });
});

test("share refuses plain HTTP unless it is forced, and gives out an address with a key that only reads", async () => {
  stage.file(
    ".petrel/runtime.json",
    JSON.stringify({ pid: 1, gateway: "http://127.0.0.1:8484", nats: { url: "nats://127.0.0.1:4222", user: "u", password: "p" } }),
  );
  const plain = await stage.run("share");
  expect(plain.code).not.toBe(0);
  expect(plain.err).toContain("is plain HTTP");
  expect((await stage.run("auth", "client", "ls", "--json")).json).toEqual([]);
  const forced = (await stage.run("share", "--force", "--json")).json as { url: string; client: string };
  expect(forced.url).toMatch(/^http:\/\/127\.0\.0\.1:8484\/#key=guest-/);
  const sound = await stage.run("share", "--url", "https://petrel.example.org/team/", "--net", "hello", "--name", "wallboard");
  expect(sound.out).toMatch(/^Open https:\/\/petrel\.example\.org\/team\/#key=wallboard\./);
  expect(sound.out).toContain("petrel auth client rm wallboard");
  expect((await stage.run("auth", "client", "ls", "--json")).json).toMatchObject([
    { id: forced.client, scopes: ["petrel:read"], nets: null, roles: ["guest"] },
    { id: "wallboard", scopes: ["petrel:read"], nets: ["hello"], roles: ["guest"] },
  ]);
  expect((await stage.run("share", "--url", "nowhere")).code).toBe(2);
});
