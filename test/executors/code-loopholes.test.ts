/** Subtler ways round the tests, each found by somebody who looked for one: none is done. And honest work beside them, which is. */
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
const manifest = (scripts: Files, more: object = {}) => JSON.stringify({ name: "x", type: "module", scripts, ...more });

const RIGHT = "export const sum = (a, b) => a + b;\n";
const WRONG = "export const sum = (a, b) => a - b;\n";
const testOf = (source: string) =>
  `import assert from "node:assert/strict";\nimport { test } from "node:test";\nimport { sum } from "${source}";\n\ntest("sums", () => assert.equal(sum(1, 2), 3));\ntest("sums nothing", () => assert.equal(sum(0, 0), 0));\n`;
const SUM_TEST = testOf("../src/sum.js");
const EMPTY = 'import { test } from "node:test";\ntest("sums", () => {});\ntest("sums nothing", () => {});\n';
const NODE = { "package.json": manifest({ test: "node --test" }), "src/sum.js": RIGHT, "test/sum.test.js": SUM_TEST };
const GLOB = { "package.json": manifest({ test: "node --test checks/*.mjs" }), "src/sum.js": RIGHT, "checks/sum.mjs": SUM_TEST };
/** A runner that is given a folder. Node's own took one until Node 21. */
const ALL_OF = `import { readdirSync } from "node:fs";
const folder = process.argv.at(-1);
for (const name of readdirSync(folder)) await import("./" + folder + "/" + name);
`;
const workspace = (script: string): Files => ({
  "package.json": manifest({ test: script }, { workspaces: ["packages/*"] }),
  "packages/a/package.json": JSON.stringify({ name: "a", version: "1.0.0", type: "module", scripts: { test: "node check.js" } }),
  "packages/a/check.js": 'import assert from "node:assert";\nimport { sum } from "./sum.js";\nassert.equal(sum(1, 2), 3);\n',
  "packages/a/sum.js": RIGHT,
});
const CHAIN = {
  Makefile: "include rules.mk\nRUN = sh\n.PHONY: test check\ntest: check\n",
  "rules.mk": "check: $(NOTHING)\n\t$(RUN) ./run-all\n\t$(RUN) scripts/all.sh\n",
  "run-all": "exit 0\n",
  "scripts/all.sh": "set -e\nsh scripts/one.sh\n",
  "scripts/one.sh": 'test "$(cat answer)" = 42\n',
  answer: "42\n",
};
const SNAP = {
  "package.json": manifest({ test: "node --test" }),
  "src/sum.js": RIGHT,
  "test/sum.test.js":
    'import assert from "node:assert/strict";\nimport { readFileSync } from "node:fs";\nimport { test } from "node:test";\nimport { sum } from "../src/sum.js";\ntest("as shown", () => assert.equal(String(sum(1, 2)), readFileSync("shown/three.snap", "utf8")));\n',
  "shown/three.snap": "3",
  "testdata/in.json": "[1,2]",
};

describe("never done", () => {
  test.each<[string, Files, Files, string[], RegExp, JsonObject?]>([
    ["a test emptied under cover of a NUL byte", NODE, { "test/sum.test.js": `${EMPTY}//\0\n` }, ["changed-test"], /lines removed/],
    [
      "an old test in a comment, and an empty one of its name",
      NODE,
      { "test/sum.test.js": `${SUM_TEST.replace('test("sums",', '/*\ntest("sums",')}*/\n${EMPTY.split("\n").slice(1).join("\n")}` },
      ["changed-test"],
      /into a comment/,
    ],
    [
      "the same over broken code",
      NODE,
      {
        "src/sum.js": WRONG,
        "test/sum.test.js": `${SUM_TEST.replace('test("sums",', 'if (false) {\ntest("sums",')}}\n${EMPTY.split("\n").slice(1).join("\n")}`,
      },
      ["changed-test"],
      /another block/,
    ],
    [
      "a shadowed assertion over broken code",
      NODE,
      { "src/sum.js": WRONG, "test/sum.test.js": SUM_TEST.replace("\n\n", "\n\nassert.equal = () => {};\n") },
      ["regression"],
      /as they were before the change fail/,
    ],
    ["a test that only a glob names", GLOB, { "src/sum.js": WRONG, "checks/sum.mjs": EMPTY }, ["changed-test"], /checks\/sum\.mjs/],
    [
      "a test of a folder that the runner is given",
      {
        ...GLOB,
        "package.json": manifest({ test: "node --test ./checks/sum.mjs && node all-of.mjs --test checks" }),
        "all-of.mjs": ALL_OF,
      },
      { "src/sum.js": WRONG, "checks/sum.mjs": EMPTY },
      ["changed-test"],
      /checks\/sum\.mjs/,
    ],
    ...["npm test --workspaces", "npm --prefix packages/a test", "npm test -w a"].map(
      (script): [string, Files, Files, string[], RegExp] => [
        `another script behind ${script}`,
        workspace(script),
        {
          "packages/a/package.json": JSON.stringify({ name: "a", version: "1.0.0", type: "module", scripts: { test: "true" } }),
          "packages/a/sum.js": WRONG,
        },
        ["changed-test"],
        /"test" in packages\/a\/package\.json/,
      ],
    ),
    [
      "a file that a workspace's script names",
      workspace("npm test --workspaces"),
      { "packages/a/check.js": "\n", "packages/a/sum.js": WRONG },
      ["changed-test"],
      /packages\/a\/check\.js/,
    ],
    [
      "the new pretest of a new workspace that quietens another's test",
      { ...workspace("npm test --workspaces"), "packages/a/check.js": workspace("x")["packages/a/check.js"] ?? "" },
      {
        "packages/0/package.json": JSON.stringify({
          name: "zero",
          version: "1.0.0",
          scripts: { pretest: "echo > ../a/check.js", test: "true" },
        }),
        "packages/a/sum.js": WRONG,
      },
      ["regression"],
      /as they were before/,
    ],
    [
      "an included rule of make",
      CHAIN,
      { "rules.mk": "check:\n\ttrue\n", answer: "41\n" },
      ["changed-test"],
      /test target of the Makefile/,
    ],
    ["a variable of make", CHAIN, { Makefile: CHAIN.Makefile.replace("= sh", "= true"), answer: "41\n" }, ["changed-test"], /test target/],
    ["a script that a recipe names", CHAIN, { "run-all": "\n" }, ["changed-test"], /run-all/],
    ["a script that a script calls", CHAIN, { "scripts/one.sh": "\n", answer: "41\n" }, ["changed-test"], /scripts\/one\.sh/],
    [
      "another makefile that goes first",
      CHAIN,
      { GNUmakefile: "test:\n\ttrue\n", answer: "41\n" },
      ["regression"],
      /as they were before the change fail/,
    ],
    [
      "what make computes, over broken code",
      { ...CHAIN, Makefile: `${CHAIN.Makefile}X := $(shell true)\n` },
      { Makefile: `${CHAIN.Makefile}X := $(shell echo 42 > answer)\n`, answer: "41\n" },
      ["regression"],
      /as they were before the change fail/,
    ],
    ["a snapshot", SNAP, { "shown/three.snap": "-1", "src/sum.js": WRONG }, ["changed-test"], /three\.snap/],
    ["test data", SNAP, { "testdata/in.json": "[]" }, ["changed-test"], /testdata\/in\.json/],
    [
      "no test at all",
      { "package.json": manifest({ test: "node --test" }), "src/sum.js": RIGHT },
      { "src/sum.js": WRONG },
      ["no-tests"],
      /no test to run/,
    ],
    [
      "numbers that are gone, where there were none above zero",
      { "package.json": manifest({ test: "node run.js" }), "run.js": 'import "./src.js";\n', "src.js": 'console.log("# pass 0");\n' },
      { "src.js": "\n" },
      ["no-tests"],
      /cannot be on it/,
    ],
    [
      "one of two tests of the same name",
      { ...NODE, "test/sum.test.js": SUM_TEST.replace("sums nothing", "sums") },
      {
        "src/sum.js": `${RIGHT}process.argv.length > 99 || process.on("beforeExit", () => {});\n`,
        "test/sum.test.js": SUM_TEST.replace("sums nothing", "sums")
          .replace("\n\n", '\n\nlet n = 0;\nconst it = test; if (n++ < 0) it("x");\n')
          .replace('test("sums", () => assert.equal(sum(0', 'n < 9 ||\ntest("sums", () => assert.equal(sum(0'),
      },
      ["regression"],
      /1 test that passed before no longer passes/,
    ],
  ])("%s", async (_, before, change, expected, words, input) => {
    const value = await verify(before, change, input);
    expect(value.ok).toBe(false);
    expect(codes(value)).toEqual(expected);
    expect(value.findings).toMatch(words);
  });

  test("a deleted snapshot", async () => {
    const repo = makeGitRepo(SNAP);
    try {
      const clone = `${repo.root}/deleting`;
      gitIn(repo.root, "clone", "-q", repo.origin, clone);
      gitIn(clone, "rm", "-q", "testdata/in.json");
      gitIn(clone, "commit", "-q", "-m", "gone");
      gitIn(clone, "push", "-q", "origin", "HEAD:refs/heads/task");
      const head = repo.head("task");
      const value = goodValue(await bench.run("code.verify", { repo: repo.origin, base: "main", branch: "task", head }));
      expect(codes(value)).toEqual(["deleted-test"]);
    } finally {
      repo.remove();
    }
  });

  test("the diff shows a file with NUL bytes, and leaves pictures out", async () => {
    const value = await verify(NODE, { "src/more.js": "export const hidden = 1;\n//\0\n", "logo.png": "\0\x01\x02".repeat(9000) });
    expect(value.diff).toContain("+export const hidden = 1;\n+//\u2400");
    expect(value.diff).toMatch(/Binary files .*logo\.png differ/);
    expect(value.files).toContainEqual({ path: "src/more.js", status: "added", added: 2, removed: 0 });
  });
});

describe("honest work is done", () => {
  test.each<[string, Files, Files]>([
    [
      "tests among the old ones, with comments, texts and patterns in them",
      NODE,
      {
        "test/sum.test.js": SUM_TEST.replace(
          "\n\n",
          '\n\n/* More of them: it\'s "fine" (\n   to say so. */\ntest("says", () => {\n  const text = `${[1].map((n) => `{${n}`)} ) \'`;\n  assert.match(text, /[{/"]1 \\) \'/); // it\'s {\n});\n',
        ),
      },
    ],
    ["a new file that the glob names", GLOB, { "checks/more.mjs": SUM_TEST.replaceAll("sums", "more") }],
    [
      "a new workspace with tests of its own",
      workspace("npm test --workspaces"),
      {
        "packages/b/package.json": JSON.stringify({ name: "b", version: "1.0.0", scripts: { test: "node b.js" } }),
        "packages/b/b.js": "console.log(1);\n",
      },
    ],
    [
      "a source that a build names",
      {
        ...NODE,
        "package.json": manifest({ pretest: "esbuild src/sum.js || true", test: "node --test" }),
      },
      { "src/sum.js": "export const sum = (a, b) => b + a;\n" },
    ],
    ["a new snapshot", SNAP, { "shown/four.snap": "4", "testdata/more.json": "[]" }],
    [
      "a new object in the list of a makefile",
      {
        Makefile: "PARTS = a.txt\ntest: all.txt\n\tgrep -q a all.txt\nall.txt: $(PARTS)\n\tcat $(PARTS) > all.txt\n",
        "a.txt": "a\n",
      },
      {
        Makefile: "PARTS = a.txt b.txt\ntest: all.txt\n\tgrep -q a all.txt\nall.txt: $(PARTS)\n\tcat $(PARTS) > all.txt\n",
        "b.txt": "b\n",
      },
    ],
    ["another rule in an included makefile", CHAIN, { "rules.mk": `${CHAIN["rules.mk"]}\ninstall:\n\ttrue\n` }],
  ])("%s", async (_, before, change) => {
    const value = await verify(before, change);
    expect(value.problems).toEqual([]);
    expect(value.ok).toBe(true);
  });
});
