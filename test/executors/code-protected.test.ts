/** Ways round the tests: none is done. And honest additions beside each, which are. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/contract/json.ts";
import { gitIn, makeGitRepo } from "../support/git-repo.ts";
import { type ExecutorBench, goodValue, startBench } from "./bench.ts";

type Files = Record<string, string>;
let bench: ExecutorBench;
beforeAll(async () => {
  bench = await startBench();
});
afterAll(async () => await bench?.end());

async function verify(before: Files, change: Files, input: JsonObject = {}): Promise<JsonObject> {
  const repo = makeGitRepo(before);
  try {
    gitIn(repo.origin, "branch", "task", repo.head("main"));
    const head = repo.push("task", change);
    return goodValue(await bench.run("code.verify", { repo: repo.origin, base: "main", branch: "task", head, ...input }));
  } finally {
    repo.remove();
  }
}
const codes = (value: JsonObject) => (value.problems as JsonObject[]).map(({ code }) => code);
const manifest = (scripts: Files, more: object = {}) => JSON.stringify({ name: "x", scripts, ...more });

const CHECK = 'const assert = require("assert");\nassert.equal(require("./sum.js")(1, 2), 3);\nconsole.log("fine");\n';
const PLAIN = {
  "package.json": manifest({ test: "node test.js", build: "echo built" }),
  "test.js": CHECK,
  "sum.js": "module.exports = (a, b) => a + b;\n",
};
const WRONG = "module.exports = (a, b) => a - b;\n";
const MAKE = {
  Makefile: "build:\n\ttrue\n\ntest: build\n\tsh ./test.sh\n",
  "test.sh": 'test "$(cat answer)" = 42\n',
  answer: "42\n",
};

describe("a project whose tests cannot be counted", () => {
  test.each<[string, Files, Files, string[], RegExp]>([
    [
      "its test file is overwritten",
      PLAIN,
      { "sum.js": WRONG, "test.js": 'console.log("ok");\n' },
      ["changed-test"],
      /test\.js was changed/,
    ],
    [
      "its test script is another",
      PLAIN,
      { "package.json": manifest({ test: "exit 0", build: "echo built" }) },
      ["changed-test"],
      /the script "test" in package\.json/,
    ],
    ["the shell script of its Makefile is overwritten", MAKE, { "test.sh": "exit 0\n", answer: "41\n" }, ["changed-test"], /test\.sh/],
    ["the recipe of its Makefile is another", MAKE, { Makefile: "test:\n\ttrue\n" }, ["changed-test"], /test target of the Makefile/],
    ["its make runs another shell", MAKE, { Makefile: `SHELL = /bin/true\n${MAKE.Makefile}` }, ["changed-test"], /test target/],
    [
      "it leaves its test early",
      PLAIN,
      { "sum.js": WRONG, "test.js": `process.exit(0);\n${CHECK}` },
      ["regression"],
      /as they were before/,
    ],
    [
      "a new pretest quietens the test",
      PLAIN,
      { "package.json": manifest({ pretest: "echo > test.js", test: "node test.js" }), "sum.js": WRONG },
      ["regression"],
      /as they were before/,
    ],
    ["npm gets another shell", PLAIN, { ".npmrc": "script-shell=/bin/true\n", "sum.js": WRONG }, ["regression"], /as they were before/],
    [
      "package.json takes over from the Makefile",
      MAKE,
      { "package.json": manifest({ test: "exit 0" }), answer: "41\n" },
      ["regression"],
      /as they were before/,
    ],
    [
      "a script that test runs is another",
      { ...PLAIN, "package.json": manifest({ test: "npm run check", check: "node checks.js" }), "checks.js": CHECK },
      { "package.json": manifest({ test: "npm run check", check: "true" }), "sum.js": WRONG },
      ["changed-test"],
      /"check"/,
    ],
    [
      "a file that the script names is overwritten",
      { ...PLAIN, "package.json": manifest({ test: "node ./checks.js" }), "checks.js": CHECK },
      { "checks.js": "\n", "sum.js": WRONG },
      ["changed-test"],
      /checks\.js/,
    ],
  ])("%s", async (_, before, change, expected, words) => {
    const value = await verify(before, change);
    expect(value.ok).toBe(false);
    expect(codes(value)).toEqual(expected);
    expect(value.findings).toMatch(words);
  });

  test("a file that the user's own command names is a test", async () => {
    const value = await verify({ "go.sh": "test -f a\n", a: "a" }, { "go.sh": "exit 0\n" }, { test: "sh ./go.sh" });
    expect(codes(value)).toEqual(["changed-test"]);
  });

  test("numbers that were there and are gone are a regression", async () => {
    const before = {
      "package.json": manifest({ test: "node run.js" }),
      "run.js": 'require("./src.js");\n',
      "src.js": 'console.log("# pass 3");\n',
    };
    const value = await verify(before, { "src.js": "\n" });
    expect(codes(value)).toEqual(["regression"]);
    expect(value).toMatchObject({ tests: { passed: 0, countable: false }, baseline: { passed: 3, countable: true } });
  });
});

describe("honest additions are done", () => {
  test.each<[string, Files, Files]>([
    ["lines in a test that is not counted", PLAIN, { "test.js": `${CHECK}assert.equal(require("./sum.js")(0, 0), 0);\n` }],
    [
      "a dependency-free script and a field in package.json",
      PLAIN,
      { "package.json": manifest({ test: "node test.js", build: "echo other", start: "node sum.js" }, { version: "1.0.0" }) },
    ],
    ["a pretest that builds", PLAIN, { "package.json": manifest({ pretest: "echo building", test: "node test.js" }) }],
    ["another recipe beside the test's", MAKE, { Makefile: `${MAKE.Makefile}\ninstall:\n\ttrue\n` }],
  ])("%s", async (_, before, change) => {
    const value = await verify(before, change);
    expect(value).toMatchObject({ ok: true, problems: [], tests: { passed: 0, countable: false } });
    expect(value.findings).toBe("The tests ran (exit 0) but could not be counted.");
  });

  test("a helper that was added to, and a new test that needs it", async () => {
    const one = (name: string, value: string) =>
      `import assert from "node:assert/strict";\nimport { test } from "node:test";\nimport * as help from "./help.js";\ntest("${name}", () => assert.ok(help.${value}));\n`;
    const before = {
      "package.json": manifest({ test: "node --test" }, { type: "module" }),
      "test/help.js": "export const one = 1;\n",
      "test/one.test.js": one("one", "one"),
    };
    const value = await verify(before, {
      "test/help.js": "export const one = 1;\nexport const two = 2;\n",
      "test/two.test.js": one("two", "two"),
    });
    expect(value).toMatchObject({ ok: true, problems: [], findings: "" });
  });
});
