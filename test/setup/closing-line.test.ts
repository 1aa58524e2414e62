import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
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

test("a test that says why it cannot run here is named, and neither passed nor failed; one that gives no reason has failed", async () => {
  const skipped = (fullName: string) => ({ fullName, status: "skipped" });
  const files = [{ ...passing, assertionResults: [...passing.assertionResults, skipped("needs claude"), skipped("set aside")] }];
  const why = "it could not be installed";
  writeFileSync(
    join(folder, "not-run.json"),
    JSON.stringify([
      { file: "a.test.ts", name: "needs claude", why },
      { file: "b.test.ts", name: "set aside", why },
    ]),
  );
  const closed = await close({ types: "ok" }, files);
  expect(closed).toMatchObject({ code: 1, last: "2 passed, 1 failed" });
  expect(closed.text).toContain("1 checks, 3 tests, of which 1 could not run here\n");
  expect(closed.text).toContain("not run here: a.test.ts: needs claude: it could not be installed\n");
  expect(closed.text).toContain("failed: a.test.ts: set aside (skipped)\n");
  files[0]?.assertionResults.pop();
  expect(await close({ types: "ok" }, files)).toMatchObject({ code: 0, last: "2 passed, 0 failed" });
});

test("the reporter names a test that says why it does not run, with its reason, and no other", async () => {
  const file = join(folder, "probe.test.ts");
  writeFileSync(
    file,
    'import { describe, expect, test } from "vitest";\n' +
      'describe("of", () => { test("one", (context) => context.skip("no such program")); });\n' +
      'test.skip("two", () => {}); test("three", () => expect(1).toBe(1));\n',
  );
  const reporters = [
    "--reporter=json",
    `--outputFile.json=${join(folder, "vitest.json")}`,
    "--reporter",
    resolve("scripts/ci/not-run-here.mjs"),
  ];
  const where = ["--root", folder];
  const argv = [resolve("node_modules/vitest/vitest.mjs"), "run", ...where, ...reporters];
  // A run of its own, not part of this one.
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("VITEST"));
  const env = { ...Object.fromEntries(inherited), NODE_PATH: resolve("node_modules"), PETREL_NOT_RUN: join(folder, "not-run.json") };
  symlinkSync(resolve("node_modules"), join(folder, "node_modules"));
  const said = await new Promise<string>((settle) =>
    execFile(process.execPath, argv, { cwd: folder, env }, (_, __, stderr) => settle(stderr)),
  );
  expect(said).toContain("not run here: of one: no such program\n");
  expect(said.match(/not run here/g)).toHaveLength(1);
  const closed = await close({}, null);
  expect(closed).toMatchObject({ code: 1, last: "1 passed, 1 failed" });
  expect(closed.text).toContain("failed: ");
  expect(closed.text).toContain("probe.test.ts: two (skipped)\n");
});

test("a runner that died, ended badly or ran nothing has not passed", async () => {
  expect(await close({ types: "ok" }, null, "137")).toMatchObject({ code: 1, last: "1 passed, 1 failed" });
  expect(await close({ types: "ok" }, [], "0")).toMatchObject({ code: 1 });
  expect(await close({ types: "ok" }, [passing], "1")).toMatchObject({ code: 1, last: "2 passed, 1 failed" });
});
