/** Crystallization on real processes, by the command line alone: a step loses its model, its sibling keeps it, drift brings it back. */
import { writeFileSync } from "node:fs";
import { afterEach, beforeAll, expect, test } from "vitest";
import { startAnthropicStub } from "../support/anthropic-stub.ts";
import { builtCli, Desk, descendants } from "../support/petrel-process.ts";
import type { Stub, StubTurn } from "../support/stub-turn.ts";
import { waitUntil } from "../support/wait-until.ts";

const NET = "desk";
const OWNERS: Record<string, string> = { net: "ada", ui: "bob", db: "eve" };
let desk: Desk;
let stub: Stub;
let owners: Record<string, string>;
beforeAll(builtCli);
afterEach(async () => {
  await desk?.clear();
  await stub?.close();
});

const says = (prompt: string): StubTurn[] | null => {
  // A rule for what was random: however sure the model is of it, the proof tells.
  if (prompt.includes("Write the rule"))
    return [{ tools: [{ name: "rule", input: { guard: [], answer: { kind: "constant", value: { text: "A note." } } } }] }];
  const area = /"area": "(\w+)"/.exec(prompt)?.[1];
  if (area !== undefined) return [{ tools: [{ name: "answer", input: { owner: owners[area] ?? "zoe" } }] }];
  return [{ text: `A note, the ${stub.requests.length}th.` }];
};
/** Requests that came for each of the two. */
const asked = (persona: "triage" | "noter") =>
  stub.requests.filter(
    ({ path, body }) =>
      path === "/v1/messages" && JSON.stringify(body?.system ?? "").includes(persona === "triage" ? "You say who" : "You note"),
  ).length;

async function begin(): Promise<void> {
  desk = new Desk("crystallize");
  owners = { ...OWNERS };
  stub = await startAnthropicStub([], says);
  desk.env.ANTHROPIC_API_KEY = "stub";
  desk.env.ANTHROPIC_BASE_URL = stub.url;
  const output = { type: "object", required: ["owner"], properties: { owner: { type: "string" } }, additionalProperties: false };
  const base = { flags: "-----", tools: [], tier: "economy" };
  writeFileSync(
    desk.path("triage.json"),
    JSON.stringify({ ...base, persona: "triage", title: "Triage", prompt: "You say who takes it.", output }),
  );
  writeFileSync(desk.path("noter.json"), JSON.stringify({ ...base, persona: "noter", title: "Noter", prompt: "You note." }));
  const net = {
    net: NET,
    crystallize: { transitions: [], least: 60, shadow: 4, bound: 0.2, confidence: 0.9, audit: 0.001 },
    places: { batches: { open: true }, tickets: {}, sorted: {}, done: { sink: true } },
    transitions: {
      spread: { kind: "pass", in: [{ place: "batches", as: "batch" }], out: [{ to: "tickets", each: "batch.items" }] },
      triage: {
        ...{ kind: "llm", persona: "triage", ask: "Who takes it?", data: { ticket: "${ticket}" }, concurrency: 4 },
        in: [{ place: "tickets", as: "ticket" }],
        out: [{ to: "sorted", value: { owner: "${$result.owner}", n: "${ticket.n}" } }],
      },
      note: {
        ...{ kind: "llm", persona: "noter", ask: "Note ${job.n}.", concurrency: 4 },
        in: [{ place: "sorted", as: "job" }],
        out: [{ to: "done" }],
      },
    },
  };
  writeFileSync(desk.path("desk.json"), JSON.stringify(net));
}

let count = 0;
async function tickets(many: number): Promise<void> {
  const total = async () =>
    (await desk.json<{ place: string; tokens: number }[]>(["places", NET])).find(({ place }) => place === "done")?.tokens ?? 0;
  const before = await total();
  const items = Array.from({ length: many }, () => {
    count += 1;
    return { area: ["net", "ui", "db"][count % 3], n: count };
  });
  await desk.json(["put", NET, "batches", JSON.stringify({ items })]);
  await waitUntil(`${many} tickets are done`, async () => (await total()) >= before + many, 120_000);
}

test("a persona shows no model call any more while its sibling keeps its own; undo and kill -9 included", {
  timeout: 900_000,
}, async () => {
  await begin();
  const system = desk.start(["up", "--json", "--gateway-port", "off"]);
  await system.says(/\{"ready":true.*\n/);
  for (const persona of ["triage", "noter"]) await desk.json(["persona", "apply", `${persona}.json`]);
  await desk.json(["net", "apply", "desk.json"]);
  await tickets(66);
  expect([asked("triage"), asked("noter")]).toEqual([66, 66]);

  const table = await desk.run(["crystallize", NET]);
  expect(table.stdout).toMatch(/triage\s+triage\s+66/);
  expect(table.stdout).toContain(`petrel crystallize shadow ${NET} triage`);
  expect(table.stdout).toMatch(/note: stays with the model/);
  const shown = await desk.run(["crystallize", "show", NET, "triage"]);
  expect(shown.stdout).toMatch(/ada/);
  expect((await desk.run(["crystallize", "shadow", NET, "note"])).stderr).toContain("no rule for note");
  const notes = asked("noter");
  const helped = await desk.run(["crystallize", NET, "note", "--with-model"]);
  expect(helped.stdout).toMatch(
    /A model was asked for a rule for note, \d times: its rule is not good enough \(r-[0-9a-f]{12}\)\. It cost 0\.\d+ USD \(anthropic\//,
  );
  // The same rule again, and nobody is asked; by its name too.
  const [id = ""] = /r-[0-9a-f]{12}/.exec(helped.stdout) ?? [];
  const again = await desk.run(["crystallize", "show", NET, "note", "--with-model"]);
  expect(again.stdout).toContain(`The rule that a model wrote for note before has competed: its rule is not good enough (${id}).`);
  expect((await desk.run(["crystallize", "shadow", NET, "note", "--rule", id])).stderr).toContain("is not proven");
  expect((await desk.run(["crystallize", "show", NET, "note", "--rule", "r-000000000000"])).stderr).toContain(id);
  expect(helped.stdout).toMatch(/note: stays with the model/);
  expect(asked("noter")).toBe(notes);
  const costs = await desk.run(["costs", NET, "--by", "persona"]);
  expect(costs.stdout).toMatch(/rule-writer\s+0\s+\d/);

  expect((await desk.run(["crystallize", "shadow", NET, "triage"])).code).toBe(0);
  const early = await desk.run(["crystallize", "promote", NET, "triage"]);
  expect(early.stderr).toContain("--early");
  await tickets(4);
  expect((await desk.run(["crystallize", "status", NET])).stdout).toContain("4 of 4");
  expect((await desk.run(["crystallize", "promote", NET, "triage"])).code).toBe(0);

  // Audits are one in a thousand here, and everything else is the rule's: the sibling asks for each.
  const [triage, noter] = [asked("triage"), asked("noter")];
  await tickets(12);
  expect(asked("noter") - noter).toBe(12);
  expect(asked("triage") - triage).toBeLessThanOrEqual(1);

  // The next master finds in the log that the rule is live.
  const master = descendants(system.pid).find(({ command }) => / master /.test(command))?.pid ?? 0;
  process.kill(master, "SIGKILL");
  await waitUntil("another master is there", async () => (await desk.run(["crystallize", "status", NET])).stdout.includes("live"), 120_000);
  await tickets(6);

  expect((await desk.run(["crystallize", "undo", NET, "triage"])).code).toBe(0);
  const back = asked("triage");
  await tickets(3);
  expect(asked("triage") - back).toBe(3);
  const stages = (await desk.events(NET, ".petrel")).flatMap(({ attributes }) =>
    Array.isArray(attributes?.crystallized) ? attributes.crystallized.map((one) => (one as { stage: string }).stage) : [],
  );
  for (const stage of ["candidates", "learned", "proven", "shadow", "promoted", "undone"]) expect(stages).toContain(stage);
  expect((await desk.run(["verify", NET])).code).toBe(0);

  const whatif = await desk.json<{ asked: number; same: number; rows: object[] }>([
    "whatif",
    "triage",
    "--tier",
    "standard",
    "--last",
    "5",
  ]);
  expect(whatif).toMatchObject({ asked: 5, same: 5 });
  owners = { net: "zoe", ui: "zoe", db: "zoe" };
  const other = await desk.run(["whatif", "triage", "--tier", "standard", "--last", "5"]);
  expect(other.stdout).toContain("0 of 5 answers are the same");
  expect(other.stdout).toContain("/owner");

  const last = () => stub.requests.filter(({ path }) => path === "/v1/messages").at(-1)?.body;
  const named = await desk.run(["whatif", "triage", "--model", "anthropic/claude-sonnet-5-5", "--last", "1"]);
  expect(last()?.model).toBe("claude-sonnet-5-5");
  expect(named.stdout).toContain("Asked now: anthropic/claude-sonnet-5-5.");
  writeFileSync(desk.path("prompt.md"), "Find whose it is.");
  await desk.run(["whatif", "triage", "--prompt", "prompt.md", "--last", "1"]);
  expect(JSON.stringify(last()?.system)).toContain("Find whose it is.");
  // Another model's answers would tell nothing of the one that was named.
  const before = stub.requests.length;
  const unknown = await desk.run(["whatif", "triage", "--model", "nobody/x", "--last", "1"]);
  expect(unknown).toMatchObject({ code: 1, stderr: expect.stringContaining('names no provider "nobody"') });
  const unpriced = await desk.run(["whatif", "triage", "--model", "anthropic/x", "--last", "1"]);
  expect(unpriced.stderr).toContain("knows no price of anthropic/x");
  expect(stub.requests.length).toBe(before);
});
