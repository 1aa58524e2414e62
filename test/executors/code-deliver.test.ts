import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Json, JsonObject } from "../../src/contract/json.ts";
import { type GitRepo, gitIn, makeGitRepo } from "../support/git-repo.ts";
import { until } from "../support/wait-until.ts";
import { DEVOPS, type ExecutorBench, goodValue, startBench } from "./bench.ts";
import { YES } from "./memory-owner.ts";

const SUM_TEST =
  'import assert from "node:assert/strict";\nimport { test } from "node:test";\nimport { sum } from "../src/sum.js";\n\ntest("sums", () => assert.equal(sum(1, 2), 3));\n';
const FILES = {
  "package.json": JSON.stringify({ name: "x", type: "module", scripts: { test: "node --test" } }),
  "src/sum.js": "export const sum = (a, b) => a + b;\n",
  "test/sum.test.js": SUM_TEST,
};
let repo: GitRepo;
let bench: ExecutorBench;
beforeEach(async () => {
  repo = makeGitRepo(FILES);
  bench = await startBench();
});
afterEach(async () => {
  await bench?.end();
  repo?.remove();
});

/** A task branch on the origin, made from main as it is now. */
function task(name: string, files: Record<string, string>): JsonObject {
  gitIn(repo.origin, "branch", `task/${name}`, repo.head("main"));
  return { task: name, branch: `task/${name}`, head: repo.push(`task/${name}`, files, `Work on ${name}`) };
}
function input(branches: Json[], over: JsonObject = {}): JsonObject {
  return { repo: repo.origin, target: "main", base: "main", branches, message: "Deliver the story", seed: "2026-03-01T12:00:00Z", ...over };
}
function mirrorOf(dir: string): string {
  return join(dir, "mirrors", readdirSync(join(dir, "mirrors"))[0] ?? "");
}
const byDevops = { persona: DEVOPS, firing: "push1", key: "team/deliver/push1" };

test("branches are merged in order, tested and pushed once, with fixed dates and the firing's trailer", async () => {
  const branches = [task("one", { "one.txt": "1\n" }), task("two", { "two.txt": "2\n" })];
  const value = goodValue(await bench.run("code.deliver", input(branches), byDevops));
  expect(value).toMatchObject({
    ok: true,
    pushed: true,
    alreadyPushed: false,
    merged: ["one", "two"],
    tests: { passed: 1, failed: 0 },
    reworkTasks: [],
    reason: null,
  });
  expect(value.head).toBe(repo.head("main"));
  expect(
    gitIn(
      repo.origin,
      "log",
      "--first-parent",
      "-2",
      "--format=%s|%cI|%(trailers:key=Petrel-Firing,valueonly,separator=%x2C)",
      "main",
    ).split("\n"),
  ).toEqual([
    "Deliver the story|2026-03-01T12:00:01+00:00|team/deliver/push1",
    "Merge task/one|2026-03-01T12:00:00+00:00|team/deliver/push1",
  ]);
  expect(repo.reflog("main")).toHaveLength(2);
  expect(bench.owner.verbs("push1")).toContain("confirm");
  const again = goodValue(await bench.run("code.deliver", input(branches), { ...byDevops, attempt: 2 }));
  expect(again).toEqual({ ...value, alreadyPushed: true, findings: again.findings ?? null });
  expect(repo.reflog("main")).toHaveLength(2);
});

test("a target that the origin does not have is made", async () => {
  const value = goodValue(
    await bench.run("code.deliver", input([task("one", { "one.txt": "1\n" })], { target: "petrel/story" }), byDevops),
  );
  expect(repo.head("petrel/story")).toBe(value.head);
  expect(repo.reflog("main")).toHaveLength(1);
});

test("an origin that moves just before the push is merged again, never forced", async () => {
  const branches = [task("one", { "one.txt": "1\n" })];
  let moved = "";
  bench.owner.onClaim = ({ verb }) => {
    if (verb === "confirm" && moved === "") moved = repo.push("main", { "elsewhere.txt": "x\n" });
    return YES;
  };
  const value = goodValue(await bench.run("code.deliver", input(branches), byDevops));
  expect(value).toMatchObject({ ok: true, pushed: true });
  gitIn(repo.origin, "merge-base", "--is-ancestor", moved, "main");
  expect(repo.show("main", "elsewhere.txt")).toBe("x");
  expect(repo.reflog("main")).toHaveLength(3);
  expect(bench.owner.verbs("push1").filter((verb) => verb === "confirm")).toHaveLength(2);
});

test("a push that the owner does not confirm does not happen", async () => {
  bench.owner.onClaim = ({ verb }) => (verb === "confirm" ? { ok: false, code: "paused", message: "the net is paused" } : YES);
  const result = await bench.run("code.deliver", input([task("one", { "one.txt": "1\n" })]), byDevops);
  expect(result.outcome).toMatchObject({ ok: false, error: { outlook: "cancelled", code: "not-confirmed" } });
  expect(repo.reflog("main")).toHaveLength(1);
});

test("an origin that refuses the push by a rule is told as refused", async () => {
  const one = task("one", { "one.txt": "1\n" });
  const hook = join(repo.origin, "hooks", "pre-receive");
  writeFileSync(hook, "#!/bin/sh\necho 'not on a Friday' >&2; exit 1\n");
  chmodSync(hook, 0o755);
  const result = await bench.run("code.deliver", input([one]), byDevops);
  expect(result.outcome).toMatchObject({ ok: false, error: { outlook: "refused", code: "push-refused" } });
});

test("an origin that could not write, and one that is away, are tried again", async () => {
  const one = task("one", { "one.txt": "1\n" });
  gitIn(repo.origin, "config", "receive.maxInputSize", "1");
  const full = await bench.run("code.deliver", input([one]), byDevops);
  expect(full.outcome).toMatchObject({ ok: false, error: { outlook: "retryable", code: "push-failed" } });
  gitIn(repo.origin, "config", "--unset", "receive.maxInputSize");
  renameSync(repo.origin, `${repo.origin}.away`);
  const away = await bench.run("code.deliver", input([one]), { ...byDevops, attempt: 2 });
  expect(away.outcome).toMatchObject({ ok: false, error: { outlook: "retryable", code: "origin-unreachable" } });
  renameSync(`${repo.origin}.away`, repo.origin);
  expect(goodValue(await bench.run("code.deliver", input([one]), { ...byDevops, attempt: 3 }))).toMatchObject({ ok: true, pushed: true });
  const never = await bench.run("code.deliver", input([one], { repo: `${repo.origin}.never` }), { ...byDevops, firing: "push2" });
  expect(never.outcome).toMatchObject({ ok: false, error: { outlook: "terminal", code: "repo-not-found" } });
});

test("a conflict sends back the task that conflicts and keeps the others, whole", async () => {
  const one = { ...task("one", { "src/sum.js": "export const sum = (x, y) => x + y;\n" }), attempt: 1 };
  const two = { ...task("two", { "src/sum.js": "export const sum = (a, b) => b + a;\n" }), attempt: 2 };
  const three = task("three", { "three.txt": "3\n" });
  const value = goodValue(await bench.run("code.deliver", input([one, two, three]), byDevops));
  expect(value).toMatchObject({
    ok: false,
    pushed: false,
    head: null,
    reason: "conflict",
    reworkTasks: ["two"],
    keepTasks: ["one", "three"],
  });
  expect(value.rework).toEqual([two]);
  expect(value.keep).toEqual([one, three]);
  expect(gitIn(mirrorOf(bench.dir), "ls-tree", "--name-only", String(value.integration)).split("\n")).toContain("three.txt");
  expect(value.findings).toMatch(/src\/sum\.js[\s\S]*x \+ y[\s\S]*b \+ a/);
  expect(repo.reflog("main")).toHaveLength(1);
});

test("merged tests that are red send back the task that turned them red", async () => {
  const one = task("one", { "src/sum.js": "export const sum = (a, b) => Number(a) + Number(b);\n" });
  const two = task("two", { "src/broken.js": "export {};\n", "test/two.test.js": SUM_TEST.replace("sum(1, 2), 3", 'sum("1", 2), "12"') });
  const three = task("three", { "three.txt": "3\n" });
  const value = goodValue(await bench.run("code.deliver", input([one, two, three]), byDevops));
  expect(value).toMatchObject({
    ok: false,
    pushed: false,
    reason: "red-tests",
    reworkTasks: ["two"],
    keepTasks: ["one", "three"],
    tests: { failed: 1 },
  });
  expect(value.findings).toContain("test/two.test.js: sums");
  expect(repo.reflog("main")).toHaveLength(1);
});

test("a task's token may stand for the branch, its head and bundle in its work", async () => {
  const { head, ...rest } = task("one", { "one.txt": "1\n" });
  const value = goodValue(
    await bench.run("code.deliver", input([{ ...rest, title: "One", work: { head: head ?? null, bundle: null, files: [] } }]), byDevops),
  );
  expect(value.ok).toBe(true);
  const none = await bench.run("code.deliver", input([rest]), { ...byDevops, attempt: 2 });
  expect(none.outcome).toMatchObject({ ok: false, error: { code: "bad-input" } });
});

test("a kill between the push and its result gives no second push", async () => {
  const branches = [task("one", { "one.txt": "1\n" })];
  const dir = mkdtempSync(join(tmpdir(), "petrel-killed-"));
  const order = bench.order("code.deliver", input(branches), byDevops);
  // The origin itself kills the executor as soon as it has taken the push.
  const hook = join(repo.origin, "hooks", "post-receive");
  writeFileSync(hook, `#!/bin/sh\nkill -9 $(cat ${dir}/pid)\n`);
  chmodSync(hook, 0o755);
  const program = join(dir, "executor.mjs");
  const banner = { js: 'import { createRequire as makeRequire } from "node:module"; const require = makeRequire(import.meta.url);' };
  await build({
    entryPoints: [join(import.meta.dirname, "deliver-process.ts")],
    // In pieces, as the program itself is built: esbuild makes one file such that some of zod is asked for before it is there.
    ...{ outdir: dir, entryNames: "executor", outExtension: { ".js": ".mjs" }, splitting: true },
    bundle: true,
    platform: "node",
    format: "esm",
    banner,
    logLevel: "error",
  });
  writeFileSync(join(dir, "order.json"), JSON.stringify(order));
  try {
    const first = run(program, dir);
    const signal = await new Promise((resolve) => first.once("exit", (_, by) => resolve(by)));
    expect(signal).toBe("SIGKILL");
    expect(existsSync(join(dir, "result.json"))).toBe(false);
    expect(repo.reflog("main")).toHaveLength(2);
    rmSync(hook);

    writeFileSync(join(dir, "order.json"), JSON.stringify({ ...order, attempt: 2 }));
    const second = run(program, dir);
    await until("the second attempt's result", () => existsSync(join(dir, "result.json")) || second.exitCode !== null);
    const value = goodValue(JSON.parse(readFileSync(join(dir, "result.json"), "utf8")));
    expect(value).toMatchObject({
      ok: true,
      pushed: true,
      alreadyPushed: true,
      head: repo.head("main"),
      merged: ["one"],
      tests: { passed: 1 },
    });
    expect(repo.reflog("main")).toHaveLength(2);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});

function run(program: string, dir: string): ChildProcess {
  const child = spawn(process.execPath, [program, dir], { stdio: ["ignore", "ignore", "inherit"] });
  writeFileSync(join(dir, "pid"), String(child.pid));
  return child;
}
