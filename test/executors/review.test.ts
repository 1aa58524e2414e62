import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { JsonObject } from "../../src/contract/json.ts";
import { addedLines } from "../../src/executors/hands/review/added-lines.ts";
import type { Finding } from "../../src/executors/hands/review/finding.ts";
import { addRun, rangesOf, readLcov, unrunRecord } from "../../src/executors/hands/review/line-coverage.ts";
import { outputProblems } from "../../src/executors/hands/review/output-lines.ts";
import { type GitRepo, gitIn, makeGitRepo } from "../support/git-repo.ts";
import { type ExecutorBench, goodValue, startBench } from "./bench.ts";

const MANIFEST = { name: "sums", type: "module", scripts: { test: "node --test", lint: "node lint.mjs" } };
const SUM = "export function sum(a, b) {\n  return a + b;\n}\n";
const TEST =
  'import assert from "node:assert/strict";\nimport { test } from "node:test";\nimport { sum } from "../src/sum.js";\n\ntest("adds two numbers", () => {\n  assert.equal(sum(1, 2), 3);\n});\n';
/** A linter of the project's own: it says what most of them say. */
const LINT = `import { readFileSync } from "node:fs";
let bad = 0;
for (const file of ["src/sum.js", "src/old.js"])
  readFileSync(file, "utf8").split("\\n").forEach((text, at) => {
    if (!text.includes("var ")) return;
    console.log(file + ":" + (at + 1) + ":1: Unexpected var [Error/no-var]");
    bad = 1;
  });
process.exit(bad);
`;

let repo: GitRepo;
let bench: ExecutorBench;
beforeEach(async () => {
  repo = makeGitRepo({
    "package.json": JSON.stringify(MANIFEST),
    "lint.mjs": LINT,
    "src/sum.js": SUM,
    "src/old.js": "var old = 1;\nexport { old };\n",
    "test/sum.test.js": TEST,
  });
  bench = await startBench();
});
afterEach(async () => {
  await bench?.end();
  repo?.remove();
});

/** Pushes a branch that starts at main. */
function branch(name: string, files: Record<string, string>): string {
  gitIn(repo.origin, "branch", "-f", name, "main");
  return repo.push(name, files);
}
async function review(head: string, more: JsonObject = {}): Promise<JsonObject & { findings: Finding[] }> {
  const result = await bench.run("review.run", { repo: repo.origin, base: "main", head, ...more });
  return goodValue(result) as JsonObject & { findings: Finding[] };
}
const rules = (findings: Finding[]) => findings.map(({ file, line, rule }) => `${file}:${line} ${rule}`);

test("a sound change has no findings, and its coverage is counted", async () => {
  const head = branch("good", {
    "src/sum.js": `${SUM}\nexport function double(a) {\n  return sum(a, a);\n}\n`,
    "test/double.test.js": TEST.replaceAll("sum(1, 2), 3", "double(2), 4").replace("{ sum }", "{ double }"),
  });
  const value = await review(head);
  expect(value.findings).toEqual([]);
  expect(value).toMatchObject({
    ...{ ok: true, head, told: "nothing found", shown: 0 },
    tests: { passed: 2, failed: 0, ok: true },
    coverage: { from: "v8", added: { lines: 2, covered: 2 } },
    // What the linter says of a file that was not touched was so before.
    checks: [{ script: "lint", exitCode: 1, findings: 1 }],
  });
});

test("lines that no test runs, a linter's words, a red test and leftovers come as findings with file and line", async () => {
  const head = branch("bad", {
    "src/sum.js":
      "export function sum(a, b) {\n  if (a === 0) {\n    const rest = b;\n    return rest;\n  }\n  debugger;\n  var both = a + b + 1;\n  return both;\n}\n",
    "src/keys.js": 'export const key = "sk-abcdefghijklmnopqrstuvwxyz0123456789";\n',
    "test/other.test.js": 'import { test } from "node:test";\n\ntest.only("alone", () => {});\n',
    "data.json": '{\n  "a": 1,\n}\n',
    "src/broken.js": "export const a = 1;\nexport const b = ;\n",
  });
  const value = await review(head);
  expect(value.ok).toBe(false);
  expect(rules(value.findings)).toEqual(
    expect.arrayContaining([
      "src/sum.js:3 coverage/untested",
      "src/sum.js:6 petrel/debugger",
      "src/sum.js:7 lint/no-var",
      "test/sum.test.js:5 tests/failing",
      "test/other.test.js:3 petrel/only",
      "src/keys.js:1 petrel/security",
      "data.json:3 petrel/syntax",
      "src/broken.js:2 petrel/syntax",
    ]),
  );
  const untested = value.findings.find(({ rule, file }) => rule === "coverage/untested" && file === "src/sum.js");
  expect(untested).toMatchObject({ line: 3, endLine: 4, severity: "minor", added: true, message: "no test runs these 2 lines" });
  expect(value.findings.find(({ rule }) => rule === "lint/no-var")).toMatchObject({ severity: "major", added: true });
  expect(value.findings.some(({ file }) => file === "src/old.js")).toBe(false);
  // The worst comes first.
  expect(value.findings[0]?.severity).toBe("blocking");
  expect(String(value.told)).toMatch(/\d+ blocking, \d+ major, \d+ minor; first: /);
  // A key that was found is not carried on.
  expect(JSON.stringify(value.findings)).not.toContain("abcdefghijklmnop");
  const report = await bench.owner.artifacts.get(String((value.report as JsonObject).$artifact));
  const whole = JSON.parse(Buffer.from(report ?? []).toString()) as JsonObject & { findings: Finding[] };
  expect(whole.findings).toEqual(value.findings);
  expect(String(whole.diff)).toContain("+  debugger;");
});

test("a file that no test loads is untested as a whole; without tests and checks only the lines are read", async () => {
  const head = branch("alone", { "src/alone.js": "export function alone() {\n  return 1;\n}\n\n// a word\nexport const two = 2;\n" });
  const value = await review(head);
  expect(value.findings).toMatchObject([{ file: "src/alone.js", line: 1, endLine: 6, rule: "coverage/untested" }]);
  const short = await review(head, { test: "", checks: false });
  expect(short).toMatchObject({ ok: true, tests: null, coverage: null, checks: [], findings: [] });
});

test("a tracefile that the project's own run writes is read in place of V8's notes", async () => {
  const script =
    "node -e \"require('fs').mkdirSync('coverage');require('fs').writeFileSync('coverage/lcov.info','SF:src/sum.js\\\\nDA:1,1\\\\nDA:2,0\\\\nend_of_record\\\\n')\" && node --test";
  const head = branch("lcov", {
    "package.json": JSON.stringify({ ...MANIFEST, scripts: { test: script } }),
    "src/sum.js": "export function sum(a, b) {\n  return b + a;\n}\n",
  });
  const value = await review(head);
  expect(value.coverage).toMatchObject({ from: "lcov", added: { lines: 1, covered: 0 } });
  expect(rules(value.findings)).toContain("src/sum.js:2 coverage/untested");
});

test("pipes and links to the outside, by which the tests or the change stand in for usual files, are not read", async () => {
  const secret = join(bench.dir, "secret.json");
  writeFileSync(secret, "TOP-SECRET of the machine");
  const makes = [
    'import { execFileSync } from "node:child_process";',
    'import { mkdirSync, rmSync } from "node:fs";',
    'for (const file of ["coverage", "package.json", "src/sum.js", "test/piped.test.js"]) rmSync(file, { recursive: true, force: true });',
    'mkdirSync("coverage");',
    'for (const file of ["coverage/lcov.info", "package.json", "src/sum.js", "test/piped.test.js"]) execFileSync("mkfifo", [file]);',
    "process.exitCode = 1;",
  ].join("\n");
  gitIn(repo.origin, "branch", "-f", "pipes", "main");
  symlinkSync(secret, join(repo.root, "clone", "data.json"));
  const head = repo.push("pipes", { "src/sum.js": `${SUM}// more\n`, "test/piped.test.js": makes });
  const value = await review(head, { test: "node test/piped.test.js" });
  expect(JSON.stringify(value)).not.toContain("TOP-SECRET");
  expect(value.ok).toBe(false);
  expect(value.checks).toEqual([]);
});

test("neither head nor branch, and a branch that is not there, are errors that say so", async () => {
  const run = async (more: JsonObject) => (await bench.run("review.run", { repo: repo.origin, base: "main", ...more })).outcome;
  expect(await run({})).toMatchObject({ error: { code: "bad-input" } });
  expect(await run({ branch: "nowhere" })).toMatchObject({ error: { code: "branch-not-found" } });
});

test("positions are read from what common tools print", () => {
  const text = [
    "src/a.ts(3,5): error TS2322: Type 'string' is not assignable.",
    "\u001b[96msrc/b.ts\u001b[0m:4:1 - error TS1005: ';' expected.",
    "/tree/src/c.js",
    "  12:5  error    'x' is never used  no-unused-vars",
    "  13:1  warning  Missing return     consistent-return",
    "",
    "src/d.py:7:80: E501 line too long",
    "src/e.js:2:1 lint/suspicious/noDebugger  FIXABLE  ━━━━━",
    "  × This is an unexpected use of the debugger statement.",
    "/elsewhere/f.js:1:1: error outside",
    "https://example.com:443: nothing",
  ].join("\n");
  expect(outputProblems(text, "/tree", "lint")).toMatchObject([
    { file: "src/a.ts", line: 3, rule: "tsc/TS2322", severity: "major" },
    { file: "src/b.ts", line: 4, rule: "tsc/TS1005" },
    { file: "src/c.js", line: 12, rule: "lint/no-unused-vars", severity: "major" },
    { file: "src/c.js", line: 13, rule: "lint/consistent-return", severity: "minor" },
    { file: "src/d.py", line: 7 },
    {
      file: "src/e.js",
      line: 2,
      rule: "biome/lint/suspicious/noDebugger",
      message: "This is an unexpected use of the debugger statement.",
    },
  ]);
});

test("added lines are numbered as they are after the change, whatever they look like", () => {
  const diff = [
    "diff --git a/x.sql b/x.sql",
    "--- a/x.sql",
    "+++ b/x.sql",
    "@@ -2,2 +2,3 @@ head",
    "-- old",
    "--- older",
    "++++ b/not-a-name",
    "+two",
    "+three",
    "@@ -9,0 +10 @@",
    "+ten",
  ].join("\n");
  expect(addedLines(diff)).toEqual([
    { file: "x.sql", line: 2, text: "+++ b/not-a-name" },
    { file: "x.sql", line: 3, text: "two" },
    { file: "x.sql", line: 4, text: "three" },
    { file: "x.sql", line: 10, text: "ten" },
  ]);
});

test("a line ran unless a range that covers it did not, and runs of several processes add up", () => {
  const source = "const a = 1;\nif (a) {\n  one();\n} else {\n  two();\n}\n";
  const at = (text: string) => source.indexOf(text);
  const script = (skipped: string) => ({
    url: "file:///x.js",
    functions: [
      {
        ranges: [
          { startOffset: 0, endOffset: source.length, count: 1 },
          { startOffset: at(skipped), endOffset: at(skipped) + skipped.length, count: 0 },
        ],
      },
    ],
  });
  const record = unrunRecord(source);
  expect([...record.code]).toEqual([1, 2, 3, 4, 5]);
  addRun(record, source, script("two();"));
  expect([...record.code].filter((line) => !record.ran.has(line))).toEqual([5]);
  addRun(record, source, script("one();"));
  expect(record.ran.size).toBe(5);
  expect(rangesOf([1, 2, 5], new Set([1, 2, 4, 5]))).toEqual([
    [1, 2],
    [5, 5],
  ]);
  expect(readLcov("SF:a.js\nDA:1,0\nDA:2,3\nend_of_record\n").get("a.js")?.ran).toEqual(new Set([2]));
});
