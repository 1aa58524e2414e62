/** A person takes a task over, works on it in a real clone, and hands it back; an executor then has what was done (V1, V2, V3). */
import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Json } from "../../src/contract/json.ts";
import { processesWith } from "../../src/executors/stray-processes.ts";
import { builtCli, Desk, type Ran } from "../support/petrel-process.ts";
import { waitUntil } from "../support/wait-until.ts";
import { git } from "./git-proof.ts";

/** Of this run alone: processes are looked for by it on the whole machine. */
const NET = `bench-${process.pid}`;
const check = {
  ...{ kind: "command", pool: "code", hand: "code.verify", onError: "stuck" },
  gate: { name: "look", approvers: ["role:maintainer"] },
  input: {
    ...{ repo: "${task.repo}", base: "${task.base}", branch: "${task.branch}" },
    ...{ head: "${default(task.work.head, null)}", bundle: "${default(task.work.bundle, null)}", said: "${task.said}" },
  },
  in: [{ place: "ready", as: "task" }],
  out: [{ to: "done", value: { verdict: "${$result}", task: "${task}" } }],
};
const net = {
  net: NET,
  places: { stuck: { open: true, sink: true }, ready: { open: true }, slow: { open: true }, done: { sink: true } },
  transitions: {
    check,
    sleep: { kind: "command", pool: "code", argv: ["sleep", "600"], in: [{ place: "slow" }], out: [{ to: "done" }] },
  },
};
type Held = {
  token: string;
  source: string;
  folder: string;
  branch: string;
  start: string;
  place: string;
  correlation: string;
  left: Json;
};
type Row = { id: string; data: { [name: string]: Json }; by: string };

const desk = new Desk("takeover");
let origin = "";
const tokens = async (place: string) => (await desk.json<{ tokens: Row[] }>(["tokens", NET, place])).tokens;
const put = async (place: string, branch: string, more: object = {}) =>
  (await desk.json<{ id: string }>(["put", NET, place, JSON.stringify({ title: branch, repo: origin, base: "main", branch, ...more })])).id;
const gates = async () => await desk.json<{ firing: string }[]>(["gate", "ls", NET]);
const take = (task: string, ...more: string[]) => desk.json<Held>(["takeover", task, ...more]);
const back = (task: string, ...more: string[]) =>
  desk.json<{ token: string; place: string; head: string | null }>(["handback", task, ...more]);
const refused = (ran: Ran, code: RegExp) => {
  expect(ran.code, ran.stdout).not.toBe(0);
  expect(ran.stderr).toMatch(code);
  expect(ran.stderr).toMatch(/next: +petrel|next: +\S.*petrel|next: +change/);
};

beforeAll(async () => {
  await builtCli();
  desk.env.GIT_CONFIG_GLOBAL = desk.path("gitconfig");
  writeFileSync(desk.path("gitconfig"), "[user]\n\tname = Grace Hopper\n\temail = grace@example.org\n");
  origin = desk.path("origin.git");
  git(desk.cwd, "init", "-q", "--bare", "-b", "main", "origin.git");
  git(desk.cwd, "clone", "-q", origin, "seed");
  const seed = desk.path("seed");
  writeFileSync(
    join(seed, "package.json"),
    JSON.stringify({ name: "sum", version: "1.0.0", type: "module", scripts: { test: "node --test" } }),
  );
  writeFileSync(join(seed, "sum.js"), "export const sum = (a, b) => a + b;\n");
  const first = 'import test from "node:test";\nimport assert from "node:assert";\nimport { sum } from "./sum.js";\n';
  writeFileSync(join(seed, "sum.test.js"), `${first}test("sums", () => assert.equal(sum(1, 2), 3));\n`);
  git(seed, "checkout", "-q", "-b", "main");
  git(seed, "add", "-A");
  git(seed, "-c", "user.name=S", "-c", "user.email=s@example.org", "commit", "-qm", "A sum");
  git(seed, "push", "-q", origin, "main");
  const system = desk.start(["up", "--json", "--models", "recorded"]);
  await system.says(/"ready":true/);
  writeFileSync(desk.path("net.json"), JSON.stringify(net));
  await desk.json(["net", "apply", "net.json"]);
}, 180_000);
afterAll(() => desk.clear());

describe("a task that waits", { timeout: 240_000 }, () => {
  test("is worked on by hand, and what was done goes on to an executor, to be taken over again at the gate", async () => {
    const id = await put("stuck", "task/one", { from: null, said: null });
    const held = await take(id);
    expect(held).toMatchObject({ source: id, branch: "task/one", place: "stuck" });
    expect(await tokens("stuck")).toEqual([]);
    expect(await tokens("taken-over")).toMatchObject([{ id: held.token }]);
    expect(git(held.folder, "branch", "--show-current")).toBe("task/one");
    refused(await desk.run(["takeover", id]), /is taken over by .* already/);
    refused(await desk.run(["handback", id]), /nothing in .* differs/);

    writeFileSync(join(held.folder, "sum.js"), "export const sum = (...all) => all.reduce((a, b) => a + b, 0);\n");
    const given = await back(id, "--message", "Sum of any number", "--to", "ready");
    expect(existsSync(held.folder)).toBe(false);
    refused(await desk.run(["handback", held.token]), /handed back already/);
    await waitUntil("it waits at the gate", async () => (await gates()).length === 1, 60_000);

    // From the gate, by its firing: the commit is there, in a clone made anew from the bundle.
    const again = await take((await gates())[0]?.firing ?? "", "--out", "by-hand");
    expect(again).toMatchObject({ source: given.token, start: given.head, place: "ready", folder: desk.path("by-hand") });
    expect(await gates()).toEqual([]);
    const log = git(again.folder, "log", "-1", "--format=%an <%ae>%n%B");
    expect(log).toBe(`Grace Hopper <grace@example.org>\nSum of any number\n\nPetrel-Firing: ${NET}/takeover/${id}`);
    git(again.folder, "-c", "user.name=Own", "-c", "user.email=own@example.org", "commit", "-q", "--allow-empty", "-m", "My own commit");
    writeFileSync(join(again.folder, "note.txt"), "a note\n");
    await back(again.correlation);
    expect(existsSync(again.folder)).toBe(true);

    await waitUntil("it is at the gate again", async () => (await gates()).length === 1, 60_000);
    await desk.json(["gate", "approve", NET, "look"]);
    await waitUntil("an executor has tested it", async () => (await tokens("done")).length + (await tokens("stuck")).length > 0, 120_000);
    expect(await tokens("stuck")).toEqual([]);
    const [done] = await tokens("done");
    expect(done?.data.verdict).toMatchObject({ ok: true, commits: [{ subject: "Sum of any number" }, { subject: "My own commit" }, {}] });
    expect(done?.data.task).toMatchObject({
      from: expect.stringMatching(/^[0-9a-f]{40}$/),
      work: { files: [{ path: "note.txt", added: 1 }, {}] },
    });

    const told = (await desk.events(NET, ".petrel")).filter(({ type }) => type === "intervened").map(({ summary }) => summary);
    expect(told).toHaveLength(4);
    expect(told[0]).toMatch(/^\S+ took over “task\/one” from stuck and works on it by hand\.$/);
    expect(told[1]).toMatch(/^\S+ handed “task\/one” back to ready with the commit [0-9a-f]{10}: Sum of any number\.$/);
    const trace = await desk.run(["trace", done?.id ?? ""]);
    expect(trace.stdout).toMatch(/took it over at/);
    expect(trace.stdout).toMatch(/handed it back at .*: Sum of any number/);
    expect((await desk.json<{ equal: boolean }>(["replay", NET, "--verify"])).equal).toBe(true);
  });

  test("is handed back with megabytes in its commit, and an executor that has not seen them tests it", async () => {
    const held = await take(await put("stuck", "task/large", { from: null, said: null }));
    const bytes = randomBytes(3_000_000);
    writeFileSync(join(held.folder, "picture.bin"), bytes);
    await back(held.token, "--message", "A large picture", "--to", "ready");
    await waitUntil("it waits at the gate", async () => (await gates()).length === 1, 60_000);
    const [waiting] = await tokens("ready");
    expect(waiting?.data.work).toMatchObject({ bundle: { type: "application/x-git-bundle", size: expect.any(Number) } });
    const again = await take((await gates())[0]?.firing ?? "", "--out", "large");
    expect(readFileSync(join(again.folder, "picture.bin")).equals(bytes)).toBe(true);
    await back(again.token, "--unchanged");
    await waitUntil("it is at the gate again", async () => (await gates()).length === 1, 60_000);
    await desk.json(["gate", "approve", NET, "look"]);
    await waitUntil("an executor has tested it", async () => (await tokens("done")).length + (await tokens("stuck")).length === 2, 120_000);
    expect(await tokens("stuck")).toEqual([]);
    const tested = (await tokens("done")).find(({ data }) => (data.task as { title?: string }).title === "task/large");
    expect(tested?.data.verdict).toMatchObject({ ok: true, files: [{ path: "picture.bin" }] });
    expect((await desk.json<{ equal: boolean }>(["replay", NET, "--verify"])).equal).toBe(true);
  });

  test("says what cannot be, and how to go on", async () => {
    refused(await desk.run(["takeover", "t-nothing"]), /nothing that is in work or waits now is called t-nothing/);
    refused(await desk.run(["handback", "t-nothing"]), /was taken over from this folder/);
    const slow = await put("slow", "task/slow");
    await waitUntil(
      "it runs",
      async () => (await desk.events(NET, ".petrel")).some((event) => event.type === "claimed" && event.transition === "sleep"),
      60_000,
    );
    refused(await desk.run(["takeover", slow]), /is being worked on right now, by sleep/);
    await waitUntil("its command runs", () => processesWith(`PETREL_FIRING=${NET}/sleep/`).length > 0, 60_000);
    const stopped = await take(slow, "--stop");
    expect(stopped).toMatchObject({ source: slow, place: "slow", branch: "task/slow" });
    expect(stopped.left).toEqual({ lost: "this step has no worktree that could be handed over", artifact: null });
    await waitUntil("its command is ended", () => processesWith(`PETREL_FIRING=${NET}/sleep/`).length === 0, 60_000);
    expect((await desk.events(NET, ".petrel")).at(-1)?.summary).toMatch(
      /took over “task\/slow” from slow and works on it by hand; sleep is ended\.$/,
    );
    expect(await back(slow, "--unchanged")).toMatchObject({ place: "slow", head: null });
    await waitUntil("it runs again", () => processesWith(`PETREL_FIRING=${NET}/sleep/`).length > 0, 60_000);
    // A kill has stopped it already: nothing works on it, and the rest goes on without it.
    await desk.kill(NET);
    const killed = (await tokens("slow"))[0]?.id ?? "";
    const again = await take(killed);
    await desk.json(["resume", NET]);
    expect(await tokens("slow")).toEqual([]);
    expect(await back(again.token, "--unchanged", "--to", "stuck")).toMatchObject({ place: "stuck" });
    await desk.json(["token", "close", NET, "stuck", (await tokens("stuck"))[0]?.id ?? "", "--reason", "it has served"]);
    const lost = await put("stuck", "task/lost");
    const held = await take(lost);
    rmSync(held.folder, { recursive: true });
    refused(await desk.run(["handback", lost]), /is gone, and what was done in it/);
    expect(await back(lost, "--unchanged")).toMatchObject({ place: "stuck", head: null });
    const [same] = await tokens("stuck");
    expect(same?.data).toEqual({ title: "task/lost", repo: origin, base: "main", branch: "task/lost" });
    const elsewhere = await put("stuck", "task/elsewhere", { repo: desk.path("nowhere.git") });
    const failed = await desk.run(["takeover", elsewhere]);
    expect(failed.code).toBe(1);
    // Nothing is held where no worktree could be made.
    expect((await tokens("stuck")).map(({ id }) => id)).toContain(elsewhere);
    expect(readdirSync(desk.path(".petrel", "takeovers")).filter((name) => name.startsWith(elsewhere))).toEqual([]);
  });
});
