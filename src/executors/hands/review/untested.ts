/** Findings about what no test ran, and about tests that fail, with their places. */
import { isTestFile } from "../../../personas/rules/diff-lines.ts";
import type { Coverage } from "./coverage.ts";
import type { Finding } from "./finding.ts";
import { rangesOf } from "./line-coverage.ts";
import { ownText } from "./own-text.ts";

export type CoverageNumbers = {
  from: "lcov" | "v8";
  /** Of the changed files. */
  lines: number;
  covered: number;
  /** Of the added lines that hold code. */
  added: { lines: number; covered: number };
};

export function coverageFindings(
  coverage: Coverage,
  added: ReadonlyMap<string, ReadonlySet<number>>,
): { numbers: CoverageNumbers; findings: Finding[] } {
  const numbers: CoverageNumbers = { from: coverage.from, lines: 0, covered: 0, added: { lines: 0, covered: 0 } };
  const findings: Finding[] = [];
  for (const [file, lines] of added) {
    const record = coverage.files.get(file);
    if (!record || isTestFile(file)) continue;
    numbers.lines += record.code.size;
    numbers.covered += [...record.code].filter((line) => record.ran.has(line)).length;
    const code = [...lines].filter((line) => record.code.has(line));
    const unrun = code.filter((line) => !record.ran.has(line));
    numbers.added.lines += code.length;
    numbers.added.covered += code.length - unrun.length;
    for (const [from, to] of rangesOf(unrun, record.code))
      findings.push({
        ...{ file, line: from, ...(to > from ? { endLine: to } : {}) },
        ...{ severity: "minor", rule: "coverage/untested", added: true },
        message: to > from ? `no test runs these ${to - from + 1} lines` : "no test runs this line",
      });
  }
  return { numbers, findings };
}

/** Where the name of a failing test stands in a test file; without such a place the finding names the first test file or the project. */
export function failingTests(tree: string, failing: readonly { name: string; message: string }[], testFiles: readonly string[]): Finding[] {
  const texts = testFiles.map((file) => ({ file, lines: (ownText(tree, file) ?? "").split("\n") }));
  return failing.map(({ name, message }) => {
    const named = texts.find(({ file }) => name.startsWith(`${file}: `));
    const own = (named ? name.slice(named.file.length + 2) : name).split(" > ").at(-1) ?? name;
    const places = (named ? [named] : texts).flatMap(({ file, lines }) => {
      const at = lines.findIndex((line) => line.includes(own));
      return at < 0 ? [] : [{ file, line: at + 1 }];
    });
    const place = places[0] ?? { file: named?.file ?? testFiles[0] ?? "package.json", line: null };
    const words = message.split("\n")[0]?.slice(0, 300) ?? "";
    return { ...place, severity: "blocking", rule: "tests/failing", message: `the test “${own}” fails: ${words}`, added: false };
  });
}
