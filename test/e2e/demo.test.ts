import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { builtCli, Desk, descendants, isAlive, runtimeOf } from "../support/petrel-process.ts";
import { waitUntil } from "../support/wait-until.ts";
import { git, reflog } from "./git-proof.ts";
import { deliverySpan, expectOneStory } from "./story-log.ts";

interface Report {
  ok: boolean;
  net: string;
  firings: Record<string, number>;
  modelCalls: number;
  reworkRounds: number;
  tasks: { task: string; attempts: number; head: string }[];
  commits: { sha: string; subject: string; author: string }[];
  origin: string;
  head: string;
  tests: { passed: number; failed: number };
  killed: unknown[];
  durationMs: number;
}

describe("petrel demo", () => {
  // Blanks and quotes: paths go through shells, git and the broker.
  const desk = new Desk("demo", `it's a "demo" folder`);
  beforeAll(builtCli);
  afterAll(() => desk.clear());

  test("makes a feature request a pushed commit, and git and the log tell the same story", { timeout: 300_000 }, async () => {
    const ran = await desk.run(["demo", "--json", "--speed", "full"]);
    expect(ran.stderr).toBe("");
    expect(ran.code).toBe(0);
    // Exactly one document: the whole of stdout parses.
    const report = JSON.parse(ran.stdout) as Report;
    expect(report).toMatchObject({ ok: true, net: "safe-teams", tests: { failed: 0 }, killed: [] });
    expect(report.reworkRounds).toBeGreaterThanOrEqual(1);
    expect(Object.keys(report.firings).sort()).toEqual(["agent", "command", "llm", "pass"]);
    expect(report.modelCalls).toBeGreaterThan(5);
    expect(report.durationMs).toBeGreaterThan(0);
    expect(report.tasks).toHaveLength(2);
    expect(Math.max(...report.tasks.map(({ attempts }) => attempts))).toBe(2);

    const { origin, head } = report;
    expect(origin).toBe(desk.path(".petrel", "demo", "origin.git"));
    expect(git(origin, "rev-parse", "main")).toBe(head);
    const history = git(origin, "rev-list", "main").split("\n");
    expect(report.commits.length).toBeGreaterThanOrEqual(3);
    for (const { sha } of report.commits) expect(history).toContain(sha);
    for (const { head: task } of report.tasks) expect(history).toContain(task);

    git(desk.cwd, "clone", "--quiet", origin, "look");
    const tests = await desk.paste("cd look && npm test");
    expect(tests.code, tests.stdout).toBe(0);
    expect(tests.stdout).toMatch(new RegExp(`^(#|ℹ) pass ${report.tests.passed}$`, "m"));

    // The reflog: the sample's own commit, then one push.
    const moves = reflog(origin, "main");
    expect(moves).toHaveLength(2);
    expect(moves[1]).toMatchObject({ to: head });

    // The same folder comes up again, and its log is the story.
    const up = desk.start(["up", "--json", "--dir", ".petrel/demo", "--models", "recorded"]);
    await up.says(/"ready":true/);
    const events = await desk.events("safe-teams", ".petrel/demo");
    expectOneStory(events);
    const { from, to } = deliverySpan(events);
    expect(moves[1]?.at).toBeGreaterThanOrEqual(from);
    expect(moves[1]?.at).toBeLessThanOrEqual(to);
    expect((await up.stop()).code).toBe(0);
  });
});

describe("petrel demo --keep", () => {
  const desk = new Desk("keep", "a user's folder");
  beforeAll(builtCli);
  afterAll(() => desk.clear());

  test("every hint runs as it is printed, and the end leaves nothing behind", { timeout: 360_000 }, async () => {
    const demo = desk.start(["demo", "--keep", "--speed", "full"]);
    await demo.says(/Ctrl-C ends it\.\n/, 240_000);
    const said = demo.stderr;
    expect(said.trimStart()).toMatch(/^Answers written by hand, no model ran; git, tests, processes, kills and the push are real\./);
    expect(demo.stdout).toContain("spent 0, estimate at list prices");
    const hints = said.split("\n").flatMap((line) => /^ {2}((?:git|node|nats) .*)$/.exec(line)?.[1] ?? []);
    expect(hints.length).toBeGreaterThanOrEqual(7);
    for (const hint of hints) {
      const ran = await desk.paste(hint);
      expect(ran.code, `${hint}\n${ran.stdout}\n${ran.stderr}`).toBe(0);
      expect(ran.stdout, hint).not.toBe("");
    }

    const dir = desk.path(".petrel", "demo");
    expect(runtimeOf(dir).pid).toBe(demo.pid);
    // A second one beside it is refused and takes nothing from under the first.
    const beside = await desk.json<{ error: { code: string } }>(["demo"], 1);
    expect(beside.error.code).toBe("already-up");
    expect(await desk.json(["doctor", "--dir", ".petrel/demo"])).toMatchObject({ ok: true });

    const family = descendants(demo.pid);
    expect(family.filter(({ command }) => command.includes("nats-server"))).toHaveLength(1);
    expect(family.filter(({ command }) => / (master|executor start) /.test(command))).toHaveLength(2);
    const ended = await demo.stop("SIGTERM");
    expect(ended.code).toBe(0);
    expect(family.filter((one) => isAlive(one.pid))).toEqual([]);
  });

  test("a start after kill -9 begins anew, and Ctrl-C in the middle ends with 5 and leaves nothing", { timeout: 300_000 }, async () => {
    const first = desk.start(["demo", "--speed", "full"]);
    await first.says(/✓ .*split/, 120_000);
    const left = descendants(first.pid);
    expect(left.length).toBeGreaterThanOrEqual(3);
    await first.stop("SIGKILL");
    expect(left.some(({ pid, command }) => command.includes("nats-server") && isAlive(pid))).toBe(true);

    const again = desk.start(["demo", "--speed", "full"]);
    await again.says(/✓ .*split/, 120_000);
    await waitUntil("all of the first is gone", () => left.every(({ pid }) => !isAlive(pid)));
    const family = descendants(again.pid);
    const ended = await again.stop("SIGINT");
    expect(ended.code).toBe(5);
    expect(ended.stderr).toContain("the demo was interrupted");
    expect(family.filter((one) => isAlive(one.pid))).toEqual([]);
  });

  test("a folder that is not the demo's is left alone", async () => {
    mkdirSync(desk.path("mine", "demo"), { recursive: true });
    writeFileSync(desk.path("mine", "demo", "thesis.txt"), "years of work");
    const refused = await desk.json<{ error: { code: string; hint: string } }>(["demo", "--dir", "mine"], 1);
    expect(refused.error).toMatchObject({ code: "not-a-demo-folder", hint: expect.stringContaining("--dir") });
    expect(readFileSync(desk.path("mine", "demo", "thesis.txt"), "utf8")).toBe("years of work");
  });
});
