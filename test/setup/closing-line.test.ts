import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "petrel-closing-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface TestFile {
  name: string;
  status: string;
  message?: string;
  assertionResults: { fullName: string; status: string }[];
}
const passing: TestFile = { name: "a.test.ts", status: "passed", assertionResults: [{ fullName: "one", status: "passed" }] };

function close(
  checks: Record<string, string>,
  files: TestFile[] | null,
  vitestCode = "0",
): Promise<{ code: number; last: string; text: string }> {
  for (const [name, outcome] of Object.entries(checks)) writeFileSync(join(folder, `${name}.check`), `${outcome}\n`);
  if (files) writeFileSync(join(folder, "vitest.json"), JSON.stringify({ testResults: files }));
  writeFileSync(join(folder, "vitest.code"), vitestCode);
  return new Promise((settle) => {
    execFile(process.execPath, [resolve("scripts/ci/closing-line.mjs"), folder], (error, stdout) => {
      settle({ code: error ? 1 : 0, last: stdout.trimEnd().split("\n").at(-1) ?? "", text: stdout });
    });
  });
}

test("counts checks and tests together", async () => {
  expect(await close({ types: "ok", biome: "ok" }, [passing])).toMatchObject({ code: 0, last: "3 passed, 0 failed" });
});

test("a failed check fails the run", async () => {
  const closed = await close({ types: "failed", biome: "ok" }, [passing]);
  expect(closed).toMatchObject({ code: 1, last: "2 passed, 1 failed" });
  expect(closed.text).toContain("failed: check types");
});

test("a failed test, a skipped test and a file that does not load are failures", async () => {
  const bad = { fullName: "two", status: "failed" };
  const skipped = { fullName: "three", status: "pending" };
  const files = [
    { ...passing, status: "failed", assertionResults: [...passing.assertionResults, bad, skipped] },
    { name: "b.test.ts", status: "failed", message: "SyntaxError: x\n at y", assertionResults: [] },
  ];
  const closed = await close({}, files, "1");
  expect(closed).toMatchObject({ code: 1, last: "1 passed, 3 failed" });
  expect(closed.text).toContain("b.test.ts: SyntaxError: x");
});

test("a runner that died, ended badly or ran nothing has not passed", async () => {
  expect(await close({ types: "ok" }, null, "137")).toMatchObject({ code: 1, last: "1 passed, 1 failed" });
  expect(await close({ types: "ok" }, [], "0")).toMatchObject({ code: 1 });
  expect(await close({ types: "ok" }, [passing], "1")).toMatchObject({ code: 1, last: "2 passed, 1 failed" });
});
