// Sums the checks and the tests of one CI run: what failed and what could not run here by name, then "N passed, N failed" alone on the last line.
// Reads <name>.check ("ok" or "failed"), vitest.json, vitest.code and not-run.json from the folder given; exits 1 unless all is well.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const [folder] = process.argv.slice(2);
const read = (name) => readFileSync(join(folder, name), "utf8");
const failures = [];
let passed = 0;

const checks = readdirSync(folder).filter((name) => name.endsWith(".check"));
for (const name of checks) {
  if (read(name).trim() === "ok") passed += 1;
  else failures.push(`check ${name.replace(".check", "")}`);
}

// What this machine lacks, like a program that cannot be installed: said by the test itself.
const notRun = existsSync(join(folder, "not-run.json")) ? JSON.parse(read("not-run.json")) : [];
const whyNot = (file, test) =>
  test.status === "failed"
    ? undefined
    : notRun.find(({ file: where, name, why }) => where === file.name && name === test.fullName && why)?.why;
const lacking = [];
let tests = 0;
try {
  const report = JSON.parse(read("vitest.json"));
  const before = failures.length;
  for (const file of report.testResults) {
    const others = file.assertionResults.filter((test) => test.status !== "passed");
    passed += file.assertionResults.length - others.length;
    for (const test of others) if (whyNot(file, test)) lacking.push(`${file.name}: ${test.fullName}: ${whyNot(file, test)}`);
    const broken = others.filter((test) => !whyNot(file, test));
    tests += file.assertionResults.length;
    // Without a reason no test is skipped here: one that did not run has not passed.
    for (const test of broken) failures.push(`${file.name}: ${test.fullName}${test.status === "failed" ? "" : ` (${test.status})`}`);
    // A file that could not be loaded, or whose hooks failed, has no failed test of its own.
    if (file.status === "failed" && broken.length === 0) failures.push(`${file.name}: ${(file.message || "did not load").split("\n")[0]}`);
  }
  if (tests === 0) failures.push("vitest ran no test");
  if (read("vitest.code").trim() !== "0" && failures.length === before) failures.push(`vitest ended with ${read("vitest.code").trim()}`);
} catch (error) {
  failures.push(`vitest left no report: ${error.message}`);
}

process.stdout.write(
  `\n${checks.length} checks, ${tests} tests${lacking.length > 0 ? `, of which ${lacking.length} could not run here` : ""}\n`,
);
for (const lack of lacking) process.stdout.write(`not run here: ${lack}\n`);
for (const failure of failures) process.stdout.write(`failed: ${failure}\n`);
process.stdout.write(`${passed} passed, ${failures.length} failed\n`);
process.exitCode = failures.length === 0 ? 0 : 1;
