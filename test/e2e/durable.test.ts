/** Durable turn loops on real processes: what a master had been answered when it was killed is not asked for again. */
import { writeFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { NetEvent } from "../../src/contract/event.ts";
import { startAnthropicStub } from "../support/anthropic-stub.ts";
import { builtCli, Desk, descendants, type Running } from "../support/petrel-process.ts";
import type { Stub, StubTurn } from "../support/stub-turn.ts";
import { waitUntil } from "../support/wait-until.ts";
import { git } from "./git-proof.ts";

const NET = "works";
const turns = (): StubTurn[] => [
  { text: "I write.", tools: [{ name: "fs__write", input: { path: "a.txt", text: "made once\n" } }] },
  { tools: [{ name: "git__commit", input: { message: "Add a" } }] },
  { text: "I think.", after: "hang" },
];
const DONE: StubTurn = { tools: [{ name: "done", input: { summary: "It is made." } }] };

let desk: Desk;
let stub: Stub;
beforeAll(builtCli);
afterEach(async () => {
  await desk?.clear();
  await stub?.close();
});
afterAll(() => {});

const child = (system: Running, name: string) =>
  descendants(system.pid).find(({ command }) => new RegExp(` ${name} `).test(command))?.pid ?? 0;
/** Requests that came with so many answers before them. */
const asked = (answers: number) =>
  stub.requests.filter(({ body }) => body?.messages?.filter((message: { role: string }) => message.role === "assistant").length === answers)
    .length;

/** Up, with a persona at work whose third answer never comes. An executor keeps its work for a lease without a master. */
async function hanging(durable: boolean, leaseMs = 60_000): Promise<Running> {
  desk = new Desk("durable");
  stub = await startAnthropicStub(turns());
  desk.env.ANTHROPIC_API_KEY = "stub";
  desk.env.ANTHROPIC_BASE_URL = stub.url;
  git(desk.cwd, "init", "--quiet", "--initial-branch=main", "seed");
  git(desk.path("seed"), "-c", "user.name=S", "-c", "user.email=s@petrel.invalid", "commit", "--quiet", "--allow-empty", "-m", "begin");
  git(desk.cwd, "clone", "--quiet", "--bare", "seed", "origin.git");
  const persona = {
    persona: "maker",
    title: "Maker",
    flags: "rw---",
    tools: ["fs.write", "git.commit"],
    tier: "standard",
    prompt: "You make files.",
  };
  const net = {
    net: NET,
    places: { tasks: { open: true }, made: { sink: true }, lost: { sink: true } },
    transitions: {
      make: {
        ...{ kind: "agent", persona: "maker", durable, pool: "code", onError: "lost", ask: "Make a file." },
        in: [{ place: "tasks", as: "task" }],
        out: [{ to: "made" }],
        workspace: { repo: desk.path("origin.git"), base: "main", branch: "work/made", seed: "2026-01-01T00:00:00Z" },
      },
    },
  };
  writeFileSync(desk.path("maker.json"), JSON.stringify(persona));
  writeFileSync(desk.path("works.json"), JSON.stringify(net));
  const system = desk.start(["up", "--json", "--lease", String(leaseMs)]);
  await system.says(/\{"ready":true.*\n/);
  await desk.json(["persona", "apply", "maker.json"]);
  await desk.json(["net", "apply", "works.json"]);
  await desk.json(["put", NET, "tasks", "{}"]);
  await waitUntil("the third answer is waited for", () => asked(2) === 1, 120_000);
  return system;
}

async function made(): Promise<{ token: { data: { status: string; work: { commits: unknown[]; head: string } } }; events: NetEvent[] }> {
  // Nobody answers until the next master is there.
  await waitUntil("it is made", async () => /"total": ?1\b/.test((await desk.run(["tokens", NET, "made", "--json"])).stdout), 180_000);
  const { tokens } = await desk.json<{ tokens: [never] }>(["tokens", NET, "made"]);
  return { token: tokens[0], events: await desk.events(NET, ".petrel") };
}

test("kill -9 of the master: the loop goes on in the same workspace, and no answer is paid for twice", { timeout: 300_000 }, async () => {
  const system = await hanging(true);
  const before = child(system, "master");
  stub.turns[2] = DONE;
  process.kill(before, "SIGKILL");
  const { token, events } = await made();
  expect(child(system, "master")).not.toBe(before);
  expect(token.data).toMatchObject({ status: "done", work: { commits: [{}] } });
  // The one that was under way at the kill is asked again, and was never answered.
  expect([asked(0), asked(1), asked(2)]).toEqual([1, 1, 2]);
  const steps = events.filter(({ type }) => type === "step");
  expect(steps.map(({ attributes }) => (attributes as { step: { name: string } }).step.name)).toEqual([
    ...["prompt", "answer-1", "tool-t1c1", "answer-2", "tool-t2c1", "answer-3"],
  ]);
  expect(events.filter(({ type }) => type === "lapsed")).toEqual([]);
  expect(events.filter(({ type }) => type === "claimed")).toHaveLength(1);
  const fired = events.find(({ type }) => type === "fired");
  expect(fired).toMatchObject({ attempt: 1, model: { calls: 0 }, attributes: { outcome: "done", total: { calls: 3 } } });
  // Each call is booked once, wherever it stands.
  expect(events.reduce((sum, { model }) => sum + (model?.calls ?? 0), 0)).toBe(3);
});

test("kill -9 of master and executor: the files are made again from the journal, the answers are not", { timeout: 300_000 }, async () => {
  const system = await hanging(true, 4000);
  stub.turns[2] = DONE;
  process.kill(child(system, "executor"), "SIGKILL");
  process.kill(child(system, "master"), "SIGKILL");
  const { token, events } = await made();
  expect(token.data).toMatchObject({ status: "done", work: { commits: [{}] } });
  expect([asked(0), asked(1)]).toEqual([1, 1]);
  expect(events.filter(({ type }) => type === "lapsed").length).toBeGreaterThan(0);
  expect(events.filter(({ type }) => type === "claimed").length).toBeGreaterThan(1);
  expect(events.find(({ type }) => type === "fired")?.attempt).toBeGreaterThan(1);
});

test("without it the firing starts again from its first call", { timeout: 300_000 }, async () => {
  const system = await hanging(false);
  stub.turns[2] = DONE;
  process.kill(child(system, "master"), "SIGKILL");
  const { events } = await made();
  expect([asked(0), asked(1), asked(2)]).toEqual([2, 2, 2]);
  expect(events.filter(({ type }) => type === "step")).toEqual([]);
});
