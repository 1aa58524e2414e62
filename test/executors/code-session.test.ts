import { existsSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { ToolCallAnswer, WorkOrder } from "../../src/contract/envelope.ts";
import type { Json, JsonObject } from "../../src/contract/json.ts";
import { type GitRepo, gitIn, makeGitRepo } from "../support/git-repo.ts";
import { until } from "../support/wait-until.ts";
import { DEVELOPER, type ExecutorBench, goodValue, startBench } from "./bench.ts";

const FILES = {
  "package.json": JSON.stringify({ name: "x", type: "module", scripts: { test: "node --test" } }),
  "src/sum.js": "export const sum = (a, b) => a + b;\n",
  "test/sum.test.js":
    'import assert from "node:assert/strict";\nimport { test } from "node:test";\nimport { sum } from "../src/sum.js";\n\ntest("sums", () => assert.equal(sum(1, 2), 3));\n',
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

async function open(input: JsonObject = {}, over: Partial<WorkOrder> = {}): Promise<WorkOrder> {
  const order = bench.order(
    "code.session",
    { repo: repo.origin, base: "main", branch: "task/one", seed: "2026-03-01T10:00:00Z", ...input },
    { persona: DEVELOPER, ...over },
  );
  bench.owner.offer(order);
  await until(
    "the session",
    async () => (await bench.owner.callOnce(order, "git.status", {}, "probe")).state === "done" || bench.owner.resultOf(order),
  );
  return order;
}
async function ok(order: WorkOrder, tool: string, input: Json = {}): Promise<JsonObject> {
  const answer = await bench.owner.call(order, tool, input);
  if (answer.state !== "done") throw new Error(`${tool}: ${JSON.stringify(answer)}`);
  return answer.output as JsonObject;
}
function code(answer: ToolCallAnswer): string | undefined {
  return answer.state === "failed" ? answer.error.code : answer.state;
}

test("a persona reads, changes, tests and commits; closing gives the work", async () => {
  const order = await open();
  expect(await ok(order, "fs.list")).toEqual({
    entries: ["package.json", "src/", "src/sum.js", "test/", "test/sum.test.js"],
    truncated: false,
  });
  expect(await ok(order, "fs.read", { path: "src/sum.js" })).toMatchObject({ text: FILES["src/sum.js"], truncated: false });
  expect((await ok(order, "fs.search", { text: "SUM(", ignoreCase: true })).matches).toMatchObject([{ path: "test/sum.test.js", line: 5 }]);
  await ok(order, "fs.patch", { path: "src/sum.js", find: "a + b", replace: "a - b" });
  const red = await ok(order, "tests.run");
  expect(red).toMatchObject({ ok: false, exitCode: 1, passed: 0, failed: 1 });
  expect(red.failing).toEqual([{ name: "test/sum.test.js: sums", message: "expected 3, got -1 (test/sum.test.js:5)" }]);
  await ok(order, "fs.patch", { path: "src/sum.js", find: "a - b", replace: "b + a" });
  await ok(order, "fs.write", { path: "src/deep/new.js", text: "export {};\n" });
  expect(await ok(order, "tests.run")).toMatchObject({ ok: true, passed: 1, failed: 0, failing: [] });
  expect((await ok(order, "git.status")).files).toEqual([
    { path: "src/sum.js", status: " M" },
    { path: "src/deep/new.js", status: "??" },
  ]);
  expect((await ok(order, "git.diff")).diff).toMatch(/\+export const sum = \(a, b\) => b \+ a;/);
  const commit = await ok(order, "git.commit", { message: "Turn the sum around\n\nPetrel-Firing: team/forged/1" });
  expect(commit).toMatchObject({ subject: "Turn the sum around", files: ["src/deep/new.js", "src/sum.js"] });
  expect(code(await bench.owner.call(order, "git.commit", { message: "again" }))).toBe("nothing-to-commit");
  expect((await ok(order, "git.log")).commits).toHaveLength(2);

  const work = await ok(order, "session.close");
  expect(work).toMatchObject({ branch: "task/one", base: repo.head("main"), head: commit.sha, uncommitted: 0 });
  expect(work.commits).toEqual([{ sha: commit.sha, subject: "Turn the sum around" }]);
  expect(work.files).toEqual([
    { path: "src/deep/new.js", status: "added", added: 1, removed: 0 },
    { path: "src/sum.js", status: "changed", added: 1, removed: 1 },
  ]);
  expect(String(work.bundle).length).toBeLessThan(48 * 1024);
  expect(goodValue(await until("the result", () => bench.owner.resultOf(order)))).toEqual(work);
  expect(repo.reflog("main")).toHaveLength(1);
});

test("the same work makes the same commit again, by the persona, and its trailers cannot be forged", async () => {
  const shas = [];
  for (const attempt of [1, 2]) {
    const order = await open({}, { firing: "same", attempt, key: "team/work/same" });
    await ok(order, "fs.write", { path: "a.txt", text: "a\n" });
    shas.push((await ok(order, "git.commit", { message: "Add a\n\nPetrel-Firing: other\nPetrel-Persona: devops" })).sha);
    const mirror = String(await until("the tree", () => join(bench.dir, "work", `team.same.${attempt}`, "tree")));
    expect(gitIn(mirror, "log", "-1", "--format=%an <%ae> %aI %cI|%(trailers:only,separator=%x2C)")).toBe(
      "developer <developer@petrel> 2026-03-01T10:00:00+00:00 2026-03-01T10:00:00+00:00|Petrel-Persona: developer,Petrel-Firing: team/work/same",
    );
    await ok(order, "session.close");
  }
  expect(shas[0]).toBe(shas[1]);
});

test("rework goes on from the branch's own head, here and on an executor that has only the bundle", async () => {
  const first = await open();
  await ok(first, "fs.write", { path: "a.txt", text: "a\n" });
  await ok(first, "git.commit", { message: "Add a" });
  const work = await ok(first, "session.close");
  const second = await open({ from: String(work.head) });
  await ok(second, "fs.write", { path: "b.txt", text: "b\n" });
  await ok(second, "git.commit", { message: "Add b" });
  const again = await ok(second, "session.close");
  expect(again.base).toBe(work.base);
  expect((again.commits as JsonObject[]).map(({ subject }) => subject)).toEqual(["Add a", "Add b"]);

  const elsewhere = await startBench();
  try {
    const verified = await elsewhere.run("code.verify", {
      repo: repo.origin,
      base: "main",
      branch: "task/one",
      head: again.head ?? null,
      bundle: again.bundle ?? null,
    });
    expect(goodValue(verified)).toMatchObject({ ok: true, tests: { passed: 1 } });
    const without = await elsewhere.run("code.verify", { repo: repo.origin, base: "main", branch: "task/one", head: "0".repeat(40) });
    expect(without.outcome).toMatchObject({ ok: false, error: { code: "commit-missing" } });
  } finally {
    await elsewhere.end();
  }
});

test("a repeated call is carried out once, a long one is answered with running", async () => {
  const order = await open({ test: "sleep 2.5; echo '# pass 1'" });
  const first = await bench.owner.callOnce(order, "fs.write", { path: "a.txt", text: "1" }, "w1");
  await ok(order, "fs.write", { path: "a.txt", text: "2" });
  expect(await bench.owner.callOnce(order, "fs.write", { path: "a.txt", text: "1" }, "w1")).toEqual(first);
  expect((await ok(order, "fs.read", { path: "a.txt" })).text).toBe("2");
  expect(await bench.owner.callOnce(order, "tests.run", {}, "t1")).toEqual({ state: "running" });
  expect(await bench.owner.call(order, "tests.run", {}, "t1")).toMatchObject({ state: "done", output: { ok: true, passed: 1 } });
  const work = await bench.owner.call(order, "session.close", {}, "end");
  await until("the result", () => bench.owner.resultOf(order));
  expect(await bench.owner.callOnce(order, "session.close", {}, "end")).toEqual(work);
  expect(await bench.owner.callOnce(order, "fs.list", {}, "late")).toEqual({ state: "no-session" });
});

test("no path leads out of the worktree or into git", async () => {
  const order = await open();
  const tree = join(bench.dir, "work", `team.${order.firing}.1`, "tree");
  symlinkSync("/etc", join(tree, "etc"));
  symlinkSync(join(bench.dir, "planted"), join(tree, "dangling"));
  symlinkSync("../../..", join(tree, "src/up"));
  symlinkSync("sum.js", join(tree, "src/inside.js"));
  const paths = [
    "/etc/passwd",
    "../x",
    "src/../../x",
    "etc/passwd",
    "src/up/results/x",
    ".git",
    ".git/config",
    ".GIT/config",
    "src/../.git",
    "dangling",
    "a\0b",
  ];
  for (const path of paths) {
    expect(code(await bench.owner.call(order, "fs.read", { path })), `read ${path}`).toBe("path-outside");
    expect(code(await bench.owner.call(order, "fs.write", { path, text: "x" })), `write ${path}`).toBe("path-outside");
    expect(code(await bench.owner.call(order, "fs.delete", { path })), `delete ${path}`).toBe("path-outside");
  }
  expect(code(await bench.owner.call(order, "git.diff", { path: "../x" }))).toBe("path-outside");
  expect((await ok(order, "fs.read", { path: "src/inside.js" })).text).toBe(FILES["src/sum.js"]);
  expect(code(await bench.owner.call(order, "fs.write", { path: "src/inside.js", text: "x" }))).toBe("path-outside");
  expect(existsSync(join(bench.dir, "planted"))).toBe(false);
  expect(JSON.stringify(await ok(order, "fs.search", { text: "root:" }))).not.toContain("root:x");
});

test("flags and the list of tools are checked where the tool runs", async () => {
  const reader = { name: "reviewer", flags: "r----", tools: ["fs.read", "fs.write", "git.status"] };
  const order = await open({}, { persona: reader });
  expect(code(await bench.owner.call(order, "fs.write", { path: "a", text: "b" }))).toBe("flag-missing");
  expect(code(await bench.owner.call(order, "git.log", {}))).toBe("tool-not-listed");
  expect(code(await bench.owner.call(order, "shell.run", { argv: ["id"] }))).toBe("tool-unknown");
  expect(code(await bench.owner.call(order, "fs.read", { path: "src/sum.js" }))).toBe("done");
});

test("protected files may not be changed, new ones beside them may be made", async () => {
  const order = await open({ protect: ["test/**"] });
  expect(code(await bench.owner.call(order, "fs.write", { path: "./test/sum.test.js", text: "" }))).toBe("file-protected");
  expect(code(await bench.owner.call(order, "fs.delete", { path: "test/sum.test.js" }))).toBe("file-protected");
  await ok(order, "fs.write", { path: "test/more.test.js", text: "" });
});

test("a base that the origin does not have, and a repository that is none, are said so", async () => {
  const [base, none] = await Promise.all([
    bench.run("code.session", { repo: repo.origin, base: "nope", branch: "t" }, { persona: DEVELOPER }),
    bench.run("code.session", { repo: join(repo.root, "nothing"), base: "main", branch: "t" }, { persona: DEVELOPER }),
  ]);
  expect(base.outcome).toMatchObject({ error: { code: "base-not-found", hint: "it has main" } });
  expect(none.outcome).toMatchObject({ error: { code: "repo-not-found" } });
  const option = await bench.run("code.session", { repo: "--upload-pack=touch x", base: "main", branch: "-b" }, { persona: DEVELOPER });
  expect(option.outcome).toMatchObject({ error: { code: "bad-input" } });
});

test("a cancelled session is gone, with its worktree", async () => {
  const order = await open();
  bench.owner.cancel(order);
  await until("the slot", () => bench.executor().busy() === 0);
  expect(await bench.owner.callOnce(order, "git.status", {}, "probe")).toEqual({ state: "no-session" });
  expect(existsSync(join(bench.dir, "work", `team.${order.firing}.1`))).toBe(false);
});

test("code under test finds no way to push through the worktree's own remote", async () => {
  const order = await open();
  await ok(order, "fs.write", {
    path: "test/evil.test.js",
    text: `import { execSync } from "node:child_process";\nimport { test } from "node:test";\ntest("push", () => { execSync("git push origin HEAD:refs/heads/main 2>&1"); });\n`,
  });
  expect(await ok(order, "tests.run")).toMatchObject({ ok: false });
  expect(repo.reflog("main")).toHaveLength(1);
  expect(readFileSync(join(repo.origin, "HEAD"), "utf8")).toContain("main");
});
