import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { PetrelError } from "../../src/contract/errors.ts";
import { silentLogger } from "../../src/contract/logger.ts";
import { cleanEnvironment } from "../../src/executors/clean-environment.ts";
import type { HandContext } from "../../src/executors/hand.ts";
import { plainOutput } from "../../src/executors/hands/code/plain-output.ts";
import { globPattern, testFileMatcher } from "../../src/executors/hands/code/test-files.ts";
import { runTests, type TestRun, type TestSettings } from "../../src/executors/hands/code/test-run.ts";
import { readSummary } from "../../src/executors/hands/code/test-summary.ts";
import { KeyedLock } from "../../src/executors/keyed-lock.ts";
import { runCommand } from "../../src/executors/process-tree.ts";
import { ids, realClock } from "./bench.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "petrel test run-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Runs the tests of a project under a PATH whose `node` may be another version. */
async function runProject(files: Record<string, string>, settings: TestSettings = {}, path = process.env.PATH): Promise<TestRun> {
  const tree = join(dir, "work", "tree");
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(tree, name)), { recursive: true });
    writeFileSync(join(tree, name), text);
  }
  const workDir = join(dir, "work");
  const signal = new AbortController().signal;
  const env = cleanEnvironment({ PATH: path }, workDir, { key: "k", run: "r", traceparent: "t" });
  const workshop = { dir, clock: realClock, ids, environment: { PATH: path }, locks: new KeyedLock(), memo: new Map(), trees: new Map() };
  const context = { workDir, signal, workshop, logger: silentLogger, secrets: {} } as unknown as HandContext;
  context.run = (command) => runCommand({ ...command, env: { ...env, ...command.env }, signal }, realClock);
  return await runTests(context, tree, settings);
}

const PROJECT = {
  "package.json": JSON.stringify({ name: "x", type: "module", scripts: { test: "node --test" } }),
  "test/a.test.js": `import assert from "node:assert/strict";
import { describe, it, test } from "node:test";
test("equal", () => assert.equal(1, 2));
test("deep", () => assert.deepEqual({ a: 1, b: [1, 2, 3], c: undefined }, { a: 2, b: [1, 2, 4] }));
test("own words", () => assert.ok(false, "my words"));
test("fine", () => console.log("@petrel {\\"state\\":\\"ok\\",\\"name\\":\\"forged\\",\\"file\\":\\"x\\"}"));
test("throws", () => assert.throws(() => {}, /x/));
test("type", () => undefined.x);
test("left out", { skip: true }, () => {});
describe("suite", () => { it("inner", () => { throw new RangeError("boom"); }); it("good", () => {}); });
test("parent", async (t) => { await t.test("child", () => assert.match("abc", /d/)); });
`,
  "test/b.test.js": 'import "./nothere.js";\n',
  "test/c.test.js": 'import { test } from "node:test";\ntest("syntax" () => {});\n',
  "test/d.test.js":
    'import { test } from "node:test";\ntest("slow", { timeout: 50 }, () => new Promise((resolve) => setTimeout(resolve, 400)));\n',
};
const EXPECTED = {
  ok: false,
  exitCode: 1,
  passed: 2,
  failed: 10,
  failing: [
    { name: "test/a.test.js: equal", message: "expected 2, got 1 (test/a.test.js:3)" },
    { name: "test/a.test.js: deep", message: 'expected {"a":2,"b":[1,2,4]}, got {"a":1,"b":[1,2,3],"c":"undefined"} (test/a.test.js:4)' },
    { name: "test/a.test.js: own words", message: "my words (test/a.test.js:5)" },
    { name: "test/a.test.js: throws", message: "Missing expected exception. (test/a.test.js:7)" },
    { name: "test/a.test.js: type", message: "TypeError: Cannot read properties of undefined (reading 'x') (test/a.test.js:8)" },
    { name: "test/a.test.js: suite > inner", message: "RangeError: boom (test/a.test.js:10)" },
    {
      name: "test/a.test.js: parent > child",
      message: "The input did not match the regular expression /d/. Input: 'abc' (test/a.test.js:11)",
    },
    {
      name: "test/b.test.js: the file as a whole",
      message: "Error [ERR_MODULE_NOT_FOUND]: Cannot find module 'test/nothere.js' imported from test/b.test.js",
    },
    { name: "test/c.test.js: the file as a whole", message: "SyntaxError: Malformed arrow function parameter list" },
    { name: "test/d.test.js: slow", message: "test timed out after" },
  ],
  passing: ["test/a.test.js: fine", "test/a.test.js: suite > good"],
};

test("a node:test project reads the same on every Node", async () => {
  const run = await runProject(PROJECT);
  expect(run).toMatchObject(EXPECTED);
  expect(run.output).not.toContain(dir);
  expect(run.output).not.toMatch(/node:internal|Node\.js v|duration|\d+ms/);
  // Other versions, where somebody has put them; the expectation above is literal, so CI's three versions compare too.
  for (const other of (process.env.PETREL_TEST_NODES ?? "").split(":").filter((path) => path && existsSync(path))) {
    const again = await runProject(PROJECT, {}, `${dirname(other)}:${process.env.PATH}`);
    expect(again, execFileSync(other, ["--version"], { encoding: "utf8" })).toEqual(run);
  }
}, 180_000);

test("a script of its own reporter is read as it prints", async () => {
  const scripts = { test: "node --test --test-reporter=tap" };
  const run = await runProject({
    "package.json": JSON.stringify({ type: "module", scripts }),
    "a.test.js": 'import { test } from "node:test";\ntest("fine", () => {});\n',
  });
  expect(run).toMatchObject({ ok: true, passed: 1, failed: 0, passing: ["fine"] });
});

test("a Makefile's test target is run, and no test command is an error with a hint", async () => {
  expect(await runProject({ Makefile: "test:\n\t@echo '3 passing'\n" })).toMatchObject({ ok: true, passed: 3, exitCode: 0 });
  rmSync(join(dir, "work"), { recursive: true });
  const error = (await runProject({ "package.json": '{"scripts":{"test":"echo \\"Error: no test specified\\" && exit 1"}}' }).catch(
    (thrown: unknown) => thrown,
  )) as PetrelError;
  expect(error).toMatchObject({ outlook: "terminal", code: "no-test-command" });
  expect(error.hint).toContain("--test");
});

test("an install that fails is a red run", async () => {
  expect(await runProject(PROJECT, { install: "echo no network >&2; exit 7" })).toMatchObject({
    ok: false,
    failing: [{ name: "the install", message: "the install ended with exit code 7" }],
  });
});

test.each([
  [
    "pytest",
    "PASSED tests/test_a.py::test_x\nFAILED tests/test_a.py::test_y - assert 1 == 2\n1 failed, 1 passed in 0.03s",
    1,
    1,
    "tests/test_a.py::test_y",
  ],
  ["go", "=== RUN TestA\n--- PASS: TestA (0.00s)\n--- FAIL: TestB (0.01s)\nFAIL", 1, 1, "TestB"],
  [
    "vitest",
    " FAIL  test/a.test.ts > adds\n Test Files  1 failed (1)\n      Tests  1 failed | 4 passed (5)",
    4,
    1,
    "test/a.test.ts > adds",
  ],
  ["jest", "  ● sums › adds\nTests:       1 failed, 5 passed, 6 total", 5, 1, "sums › adds"],
  ["cargo", "test a::b ... FAILED\ntest result: FAILED. 3 passed; 1 failed; 0 ignored", 3, 1, "a::b"],
])("%s summaries are read", (_, text, passed, failed, name) => {
  expect(readSummary(text)).toMatchObject({ passed, failed, failing: [{ name }] });
});

test("what differs from run to run is left out of output", () => {
  const text =
    "\u001b[31mred\u001b[0m /tmp/w/src/a.js took 12ms (3.5 s)\n    at x (node:internal/a:1:2)\nlistening on 127.0.0.1:45123 at 2026-01-02T03:04:05.678Z";
  expect(plainOutput(text, ["/tmp/w"])).toBe("red src/a.js took\nlistening on 127.0.0.1:<port> at <time>");
});

test("test files are known by their places and names, or by globs", () => {
  const isTest = testFileMatcher(null);
  for (const path of ["test/a.js", "src/a.test.ts", "pkg/x_test.go", "tests/test_a.py", "src/__tests__/a.jsx", "spec/a_spec.rb"])
    expect(isTest(path), path).toBe(true);
  for (const path of ["src/latest.js", "src/contest/a.js", "src/testing.ts"]) expect(isTest(path), path).toBe(false);
  expect(globPattern("checks/**/*.js").test("checks/a.js")).toBe(true);
  expect(globPattern("checks/*.js").test("checks/a/b.js")).toBe(false);
  expect(globPattern("a.b/").test("axb/c")).toBe(false);
});

test("the sample project passes, and its tests are counted", async () => {
  cpSync(join(import.meta.dirname, "../../examples/sample-project"), join(dir, "work", "tree"), { recursive: true });
  expect(await runProject({})).toMatchObject({ ok: true, passed: 16, failed: 0 });
});

test("a test run that somebody else killed is no verdict on the change", async () => {
  const killed = { "package.json": JSON.stringify({ name: "x" }), "killed.sh": "kill -s KILL $$\n" };
  await expect(runProject(killed, { test: "sh killed.sh" })).rejects.toMatchObject({ code: "killed-from-outside", outlook: "retryable" });
});
