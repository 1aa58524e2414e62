/** What `review.run` says by itself of an added line, and of what only looks like it. */
import { expect, test } from "vitest";
import { ownFindings } from "../../src/executors/hands/review/own-checks.ts";

const rulesOf = (text: string) => ownFindings([{ file: "src/a.js", line: 1, text }]).map(({ rule }) => rule);

test.each([
  "debugger",
  "  debugger;",
  "if (rest) debugger;",
  "const f = (a) => { debugger; return a };",
  "a(); debugger;",
  "() => {debugger}",
])("%s was left in", (text) => {
  expect(rulesOf(text)).toContain("petrel/debugger");
});

test.each([
  "// what debugger; means",
  'say("; debugger;");',
  "say(`{debugger}`);",
  "const debuggers = 1;",
  "start(debugger_);",
  "f({ debugger: true });",
])("%s is none", (text) => {
  expect(rulesOf(text)).not.toContain("petrel/debugger");
});
