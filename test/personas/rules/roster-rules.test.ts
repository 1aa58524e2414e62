/** What the rules answer fits what their personas owe, and says no where no rule can know. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Json, JsonObject } from "../../../src/contract/json.ts";
import type { RuleAnswer, RuleFacts } from "../../../src/models/providers/rules.ts";
import { mismatches } from "../../../src/personas/output-check.ts";
import { rosterRules } from "../../../src/personas/rules/roster-rules.ts";
import { unknownPersona } from "../../../src/personas/rules/unknown-persona.ts";
import { modelRequest } from "../../support/model-request.ts";

const facts = (persona: string, data: JsonObject, more: Partial<RuleFacts> = {}): RuleFacts => ({
  ...{ persona, turn: 0, ask: "Do the task, attempt 1.", data, calls: [], tools: [], request: modelRequest({}) },
  ...more,
});
async function answerOf(persona: string, data: JsonObject): Promise<RuleAnswer> {
  const rule = rosterRules.get(persona);
  if (!rule) throw new Error(`no rule for ${persona}`);
  const given = await rule(facts(persona, data), new AbortController().signal);
  const { output } = JSON.parse(readFileSync(`personas/${persona}.json`, "utf8")) as { output: JsonObject };
  if (given.answer) expect(mismatches(output, given.answer), persona).toEqual([]);
  return given;
}
const EXAMPLES = { function: "twice", about: "Doubles.", examples: Array.from({ length: 30 }, (_, n) => ({ in: n, out: 2 * n })) };
const request = { title: "Write twice", text: `Please.\n\n\`\`\`json\n${JSON.stringify(EXAMPLES)}\n\`\`\`` };

describe("product manager and architect", () => {
  test("a request with examples becomes a story with all of them in its criteria, and one task", async () => {
    const story = (await answerOf("product-manager", { request })).answer as JsonObject;
    expect(story.criteria).toHaveLength(10);
    expect(String((story.criteria as string[]).join("; "))).toContain("twice(29) gives 58");
    const plan = (await answerOf("architect", { story })).answer as { tasks: JsonObject[] };
    expect(plan.tasks).toMatchObject([{ id: "twice", description: expect.stringContaining('"function":"twice"') }]);
  });
  test("a list of criteria does as well", async () => {
    const { answer } = await answerOf("product-manager", {
      request: { title: "Show ages", text: "- a note of 3 hours says so\n* a note of today says today" },
    });
    expect(answer).toMatchObject({ slug: "show-ages", criteria: ["a note of 3 hours says so", "a note of today says today"] });
  });
  test("loose words are declined: no rule invents requirements", async () => {
    expect((await answerOf("product-manager", { request: { title: "Make it nicer", text: "You know what I mean." } })).refusal).toMatch(
      /No rule makes a story/,
    );
  });
});

const added = (file: string, ...lines: string[]) =>
  `diff --git a/${file} b/${file}\n--- a/${file}\n+++ b/${file}\n@@ -1 +1,9 @@\n${lines.map((line) => `+${line}`).join("\n")}\n`;

describe("reviewers", () => {
  test.each([
    ["security-reviewer", "src/a.js", "const found = eval(input);", "blocking"],
    ["security-reviewer", "src/a.js", "db.run(`SELECT * FROM notes WHERE id = ${id}`);", "blocking"],
    ["performance-reviewer", "src/a.js", "const text = readFileSync(path);", "major"],
    ["threat-modeller", "src/a.js", "await fetch(request.query.url);", "blocking"],
    ["migration-safety-reviewer", "migrations/7.sql", "ALTER TABLE notes DROP COLUMN title;", "blocking"],
    ["migration-safety-reviewer", "migrations/7.sql", "ALTER TABLE notes ADD COLUMN owner uuid NOT NULL;", "blocking"],
    ["licence-auditor", "package.json", '    "left-pad": "^1.3.0",', "minor"],
    ["accessibility-auditor", "web/a.html", '<div class="bin" onclick="remove()"></div>', "major"],
    ["ux-reviewer", "src/a.js", 'throw new Error("An error occurred.");', "minor"],
    ["observability-engineer", "src/a.js", "try { send(); } catch {}", "major"],
    ["localisation-specialist", "src/a.js", 'const label = n + " note" + (n === 1 ? "" : "s");', "minor"],
    ["api-design-reviewer", "src/a.js", 'answer.status(200).json({ error: "no" });', "minor"],
  ])("%s sees %s: %s", async (persona, file, line, severity) => {
    const { answer } = await answerOf(persona, { change: { title: "x", diff: added(file, line) } });
    expect(answer).toMatchObject({ severity, notes: expect.stringContaining(file) });
    // The same line in a test, or taken away, is no finding.
    const test = await answerOf(persona, { change: { title: "x", diff: added("test/a.test.js", line) } });
    const gone = await answerOf(persona, { change: { title: "x", diff: added(file, line).replace(`+${line}`, `-${line}`) } });
    expect([test.answer?.severity, gone.answer?.severity]).toEqual(["none", "none"]);
  });
  test("one that finds nothing says what it looked for, and that no model ran", async () => {
    const { answer } = await answerOf("security-reviewer", { change: { title: "x", diff: added("src/a.js", "export const one = 1;") } });
    expect(answer).toMatchObject({ severity: "none", notes: expect.stringMatching(/by rules, no model: nothing found of/) });
  });
});

describe("a persona that has no rule", () => {
  const change = { title: "x", diff: added("src/zones.js", "const timezone = 'UTC';", "const other = 1;") };
  const output = {
    type: "object",
    required: ["severity", "notes"],
    additionalProperties: false,
    properties: { severity: { enum: ["none", "minor"] }, notes: { type: "string", maxLength: 1200 } },
  };
  const asked = (input: JsonObject, data: JsonObject = { change }, name = "answer") =>
    unknownPersona(facts("timezone-reviewer", data, { request: modelRequest({ tools: [{ name, description: "Takes it.", input }] }) }));

  test.each(["answer", "done"])("that owes an opinion on a change states facts through %s, and that nobody judged", (name) => {
    const notes = String(asked(output, { change }, name)?.answer.notes);
    expect(asked(output, { change }, name)?.answer.severity).toBe("none");
    expect(notes).toContain("nobody judged this change for timezone");
    expect(notes).toContain("1 file, 2 lines added, 0 taken away");
    expect(notes).toContain("1 added line says \"timezone\":\nsrc/zones.js: const timezone = 'UTC';");
  });
  test("fits, however much a change says", () => {
    const much = { diff: added("a.js", ...Array.from({ length: 4000 }, (_, n) => `timezone ${n} ${"x".repeat(200)}`)) };
    expect(mismatches(output, asked(output, { much })?.answer ?? {})).toEqual([]);
  });
  test("answers nothing that it owes in another form, and nothing without a change", () => {
    expect(asked({ ...output, required: ["verdict"] })).toBeNull();
    expect(asked({ ...output, properties: { ...output.properties, severity: { enum: ["minor", "major"] } } })).toBeNull();
    expect(asked(output, { task: { title: "x" } })).toBeNull();
  });
});

describe("QA", () => {
  const criteria = ["twice(2) gives 4", "twice(3) gives 6; twice(4) gives 8"];
  const lines = ["test('a', () => { assert.equal(twice(2), 4); });", "assert.deepEqual(twice(3), 6);", "assert.deepEqual(twice(4), 8);"];
  const judge = async (diff: string, given: string[] = criteria) =>
    (await answerOf("qa", { task: { title: "Twice" }, criteria: given, diff })).answer;

  test("passes what states every example", async () =>
    expect(await judge(added("test/twice.test.js", ...lines))).toMatchObject({ verdict: "pass" }));
  test.each<[string, string, RegExp]>([
    ["an example that no test states", added("test/twice.test.js", ...lines.slice(0, 2)), /No added test states: twice\(4\) gives 8/],
    ["one that is only named", added("test/twice.test.js", ...lines.slice(0, 2), 'test("twice(4), 8", () => {});'), /twice\(4\) gives 8/],
    ["one that stands outside of tests", added("src/twice.js", ...lines), /No added test states/],
    ["an old test that lost a line", `${added("test/twice.test.js", ...lines)}-assert.ok(true);\n`, /a line of an existing test is gone/],
    ["a test that is set aside", added("test/twice.test.js", ...lines, "test.skip('later', () => {});"), /A test is set aside/],
  ])("sends back %s", async (_, diff, finding) => {
    expect(await judge(diff)).toMatchObject({ verdict: "rework", findings: expect.stringMatching(finding) });
  });
  test("knows an example whose text looks like two", async () => {
    const [odd, other] = ['upTo("a; upTo(1) gives b") gives "A; UPTO(1) GIVES B"', 'upTo("c") gives "C"'];
    const stated = ['assert.deepEqual(upTo("a; upTo(1) gives b"), "A; UPTO(1) GIVES B");', 'assert.deepEqual(upTo("c"), "C");'];
    expect(await judge(added("test/up-to.test.js", ...stated), [odd, other, `${odd}; ${other}; ${odd}`])).toMatchObject({
      verdict: "pass",
    });
    expect(await judge(added("test/up-to.test.js", stated[1] as string), [`${other}; ${odd}`])).toMatchObject({
      verdict: "rework",
      findings: `No added test states: ${odd}`,
    });
  });
  test("does not pass what only judgement could decide", async () => {
    expect(await judge(added("test/twice.test.js", ...lines), ["it feels fast"])).toMatchObject({
      verdict: "rework",
      findings: expect.stringContaining("No rule can judge this criterion"),
    });
  });
});

describe("the developer", () => {
  const rule = rosterRules.get("developer");
  const task = {
    id: "twice",
    description: `Do it.\n${JSON.stringify({
      function: "twice",
      examples: [
        { in: 1, out: 2 },
        { in: 3, out: 6 },
      ],
    })}`,
  };
  const read = (path: string, text: string) => ({ tool: "fs.read", input: { path }, output: { text }, isError: false });
  const tests = (output: JsonObject) => ({ tool: "tests.run", input: {}, output, isError: false });
  const next = (calls: RuleFacts["calls"], data: JsonObject = { task }) =>
    rule?.(facts("developer", data, { turn: 1, calls }), new AbortController().signal);

  test("works from examples and from nothing else", async () => {
    expect(await next([], { task: { id: "x", description: "Make it nicer." } })).toMatchObject({
      fail: expect.stringContaining("no examples"),
    });
  });
  test("does not write over a file that is not its own", async () => {
    expect(await next([read("src/twice.js", "export const other = 1;")])).toMatchObject({
      fail: expect.stringContaining("src/twice.js is there already"),
    });
  });
  test("mends no tests of others", async () => {
    const red = tests({ ok: false, passed: 1, failed: 1, failing: [{ name: "test/server.test.js: starts", message: "" }] });
    expect(await next([red])).toMatchObject({ fail: expect.stringContaining("test/server.test.js: starts") });
  });
  test("is not done by a run that tested nothing", async () => {
    expect(await next([tests({ ok: true, passed: 0, failed: 0, failing: [] })])).toMatchObject({
      fail: expect.stringContaining("could not be run"),
    });
  });
  test("commits only when the tests are green", async () => {
    expect(await next([tests({ ok: true, passed: 2, failed: 0, failing: [] })])).toMatchObject({ calls: [{ tool: "git.commit" }] });
  });
  const taskOf = (name: string, pairs: [Json, Json][]) => ({
    task: { id: name, description: JSON.stringify({ function: name, examples: pairs.map(([given, out]) => ({ in: given, out })) }) },
  });
  test("hands in nothing that says its examples by heart, and says so", async () => {
    const primes = [
      [1, 2],
      [2, 3],
      [3, 5],
      [7, 11],
      [10, 11],
      [13, 17],
    ] as [Json, Json][];
    const given = await next([read("package.json", "{}")], taskOf("nextPrime", primes));
    expect(given).toMatchObject({
      fail: expect.stringMatching(
        /^I found a program for all 6 examples of nextPrime, but it says them by heart: of 6 that were left out in turn, the search gives [0-3] right \(\d+ were tried, the limit of attempt 1 is 60000\)/,
      ),
    });
  });
  test("looks at all examples where the first few have no one expression, and says how many it would give unseen", async () => {
    const grades = taskOf(
      "grade",
      [95, 85, 75, 10, 90, 80, 70, 69].map((n) => [n, n >= 90 ? "A" : n >= 80 ? "B" : n >= 70 ? "C" : "F"]),
    );
    const given = await next([read("package.json", "{}")], grades);
    expect(given?.say).toMatch(/^Candidate 1, from 8 of 8 examples/);
    const [thought, source] = (given?.calls ?? []).map(({ input }) => input as JsonObject);
    expect(source?.text).toContain('if (n < 90) return "B";');
    const green = tests({ ok: true, passed: 8, failed: 0, failing: [] });
    const noted = { tool: "think", input: thought as Json, output: {}, isError: false };
    const commit = { tool: "git.commit", input: {}, output: {}, isError: false };
    expect(await next([noted, green, commit], grades)).toMatchObject({
      done: { summary: expect.stringMatching(/Of 8 examples left out in turn, the search gives [5-8] right unseen\.$/) },
    });
  });
  test("has nothing more to say when its program came back and is found again", async () => {
    const green = tests({ ok: true, passed: 2, failed: 0, failing: [] });
    const commit = { tool: "git.commit", input: {}, output: { error: "nothing-to-commit", message: "nothing is changed" }, isError: true };
    expect(await next([green, commit])).toMatchObject({ fail: expect.stringMatching(/same program again.*nothing is changed$/) });
  });
  test("writes modules by name where the package does not say so", async () => {
    const given = await next([read("package.json", "{}")]);
    expect(given?.calls?.filter(({ tool }) => tool !== "think").map(({ input }) => (input as JsonObject).path)).toEqual([
      "src/twice.mjs",
      "test/twice.test.mjs",
      undefined,
    ]);
  });
});
