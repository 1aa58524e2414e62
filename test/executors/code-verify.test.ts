import { afterAll, beforeAll, expect, test } from "vitest";
import type { JsonObject } from "../../src/contract/json.ts";
import { type GitRepo, gitIn, makeGitRepo } from "../support/git-repo.ts";
import { type ExecutorBench, goodValue, startBench } from "./bench.ts";

const SUM_TEST =
  'import assert from "node:assert/strict";\nimport { test } from "node:test";\nimport { sum } from "../src/sum.js";\n\ntest("sums", () => assert.equal(sum(1, 2), 3));\ntest("sums nothing", () => assert.equal(sum(0, 0), 0));\n';
const FILES = {
  "package.json": JSON.stringify({ name: "x", type: "module", scripts: { test: "node --test" } }),
  "src/sum.js": "export const sum = (a, b) => a + b;\n",
  "test/sum.test.js": SUM_TEST,
};
let repo: GitRepo;
let bench: ExecutorBench;
let base: string;
beforeAll(async () => {
  repo = makeGitRepo(FILES);
  base = repo.head("main");
  bench = await startBench();
});
afterAll(async () => {
  await bench?.end();
  repo?.remove();
});

let branches = 0;
async function verify(files: Record<string, string> | null, input: JsonObject = {}): Promise<JsonObject> {
  let head: string | null = null;
  if (files) {
    const branch = `b${++branches}`;
    gitBranch(branch);
    head = repo.push(branch, files);
  }
  return goodValue(await bench.run("code.verify", { repo: repo.origin, base: "main", branch: "task/x", head, ...input }));
}
function gitBranch(branch: string): void {
  gitIn(repo.origin, "branch", branch, base);
}
function codes(value: JsonObject): unknown[] {
  return (value.problems as JsonObject[]).map(({ code }) => code);
}

test("a change with a new test is done", async () => {
  const value = await verify({
    "src/twice.js": "export const twice = (a) => 2 * a;\n",
    "test/twice.test.js": SUM_TEST.replaceAll("sum(1, 2), 3", "sum(2, 2), 4"),
  });
  expect(value).toMatchObject({
    ok: true,
    exitCode: 0,
    tests: { passed: 4, failed: 0 },
    baseline: { passed: 2, failed: 0 },
    problems: [],
    findings: "",
  });
});

test("added lines in an existing test file are fine", async () => {
  expect(await verify({ "test/sum.test.js": `${SUM_TEST}test("more", () => assert.equal(sum(2, 2), 4));\n` })).toMatchObject({
    ok: true,
    tests: { passed: 3 },
  });
});

test("done without a commit is not done, nor is a refusal", async () => {
  const value = await verify(null, { said: { status: "refused", reason: "I can't do that" } });
  expect(value.ok).toBe(false);
  expect(codes(value)).toEqual(["refused", "no-commit"]);
  expect(value.findings).toMatch(/I can't do that[\s\S]*Nothing was committed/);
});

test("an attempt that adds nothing to what it began with is not done", async () => {
  gitBranch("earlier");
  const head = repo.push("earlier", { "earlier.txt": "from the attempt before" });
  expect(codes(await verify(null, { head, from: head }))).toEqual(["no-commit"]);
  expect(codes(await verify(null, { head, said: { status: "done", work: { start: head } } }))).toEqual(["no-commit"]);
  expect(codes(await verify(null, { head, said: { status: "done", work: { start: base } } }))).toEqual([]);
});

test("a commit that changes nothing is not done", async () => {
  gitBranch("empty");
  const tree = gitIn(repo.origin, "rev-parse", "main^{tree}");
  const head = gitIn(repo.origin, "commit-tree", tree, "-p", base, "-m", "nothing");
  gitIn(repo.origin, "update-ref", "refs/heads/empty", head);
  expect(codes(await verify(null, { head }))).toEqual(["empty-diff"]);
});

test("red tests are told with their names and what was expected", async () => {
  const value = await verify({ "src/sum.js": "export const sum = (a, b) => a + b + 1;\n" });
  expect(codes(value)).toEqual(["red-tests", "regression"]);
  expect(value.exitCode).toBe(1);
  expect(value.findings).toContain("- test/sum.test.js: sums: expected 3, got 4 (test/sum.test.js:5)");
});

test("an existing test that is changed to fit is not done, though all is green", async () => {
  const value = await verify({
    "src/sum.js": "export const sum = (a, b) => a + b + 1;\n",
    "test/sum.test.js": SUM_TEST.replace("2), 3", "2), 4").replace("0), 0", "0), 1"),
  });
  expect(value).toMatchObject({ ok: false, exitCode: 0 });
  expect(codes(value)).toEqual(["changed-test"]);
});

test("a deleted test is not done", async () => {
  gitBranch("deleted");
  const clone = `${repo.root}/deleting`;
  gitIn(repo.root, "clone", "-q", "-b", "deleted", repo.origin, clone);
  gitIn(clone, "mv", "test/sum.test.js", "test/other.test.js");
  gitIn(clone, "commit", "-q", "-m", "move");
  const head = gitIn(clone, "rev-parse", "HEAD");
  gitIn(clone, "push", "-q", "origin", "deleted");
  expect(codes(await verify(null, { head }))).toEqual(["deleted-test", "regression"]);
});

test("an existing test that is kept from running is a regression", async () => {
  const skipping = `${SUM_TEST}`.replace('test("sums",', 'test("sums", { skip: true },');
  expect(codes(await verify({ "test/sum.test.js": skipping }))).toContain("regression");
  const quiet = JSON.stringify({ name: "x", type: "module", scripts: { test: "node --test test/none.test.js" } });
  const value = await verify({
    "package.json": quiet,
    "test/none.test.js": 'import { test } from "node:test";\ntest("nothing", () => {});\n',
  });
  expect(codes(value)).toEqual(["changed-test", "regression"]);
});

test("a test command of the user's own is taken, and none at all is asked for", async () => {
  const value = await verify({ "a.txt": "a" }, { test: "test -f a.txt && echo '# pass 7'" });
  expect(value).toMatchObject({ ok: true, tests: { passed: 7 }, baseline: { passed: 0 } });
  const bare = makeGitRepo({ "readme.md": "nothing to test" });
  try {
    const result = await bench.run("code.verify", { repo: bare.origin, base: "main", branch: "b", head: null });
    expect(result.outcome).toMatchObject({ ok: false, error: { code: "no-test-command", hint: expect.stringContaining("--test") } });
  } finally {
    bare.remove();
  }
});
