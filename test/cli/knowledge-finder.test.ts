import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { knowledgeIn } from "../../src/cli/knowledge-finder.ts";
import { checkPersonaFile } from "../../src/personas/check-persona.ts";

let base: string;
let folder: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "petrel-knowledge-"));
  folder = join(base, "personas");
  mkdirSync(folder);
  writeFileSync(join(base, "secret.md"), "not for models");
  writeFileSync(join(folder, "own.md"), "for models");
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

const problems = (path: string) => {
  const file = { persona: "p", title: "P", flags: "r----", tier: "economy", prompt: "Work.", knowledge: ["own.md", path] };
  const text = JSON.stringify(file, null, 2);
  return checkPersonaFile(text, "personas/p.json", { exists: knowledgeIn(folder) }).problems.filter(({ severity }) => severity === "error");
};

test("a knowledge file outside the folder is an error with line and column, however it is reached", () => {
  symlinkSync(join(base, "secret.md"), join(folder, "link.md"));
  symlinkSync(base, join(folder, "up"));
  for (const path of ["../secret.md", join(base, "secret.md"), "link.md", "up/secret.md"]) {
    const [problem, ...more] = problems(path);
    expect(more).toEqual([]);
    expect(problem).toMatchObject({ file: "personas/p.json", line: 9, column: 5 });
    expect(`${problem?.code} ${problem?.message}`).toMatch(/outside|below the persona file's folder/);
  }
});
test("one in it is fine, also by a link inside; a missing one is told as missing", () => {
  symlinkSync(join(folder, "own.md"), join(folder, "again.md"));
  expect(problems("again.md")).toEqual([]);
  expect(problems("none.md")).toMatchObject([{ code: "knowledge-missing", line: 9 }]);
});
test("a folder, and a file that is too large, are told before anything is applied", () => {
  mkdirSync(join(folder, "all"));
  writeFileSync(join(folder, "huge.md"), "");
  truncateSync(join(folder, "huge.md"), 16 * 1024 * 1024 + 1);
  expect(problems("all")).toMatchObject([{ code: "knowledge-no-file", line: 9, column: 5 }]);
  expect(problems("huge.md")).toMatchObject([{ code: "knowledge-too-large", line: 9, message: expect.stringContaining("16 MB") }]);
});
