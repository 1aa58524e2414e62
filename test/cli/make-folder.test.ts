/** Where no folder can be made, one sentence says so at once. */
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { makeFolder } from "../../src/cli/make-folder.ts";

const dir = mkdtempSync(join(tmpdir(), "petrel-folder-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

test("a folder is made with those above it, with its own mode, and again without complaint", () => {
  makeFolder(join(dir, "a", "b", "c"), 0o700);
  makeFolder(join(dir, "a", "b", "c"), 0o700);
  expect(statSync(join(dir, "a", "b", "c")).mode & 0o777).toBe(0o700);
});

test("a file in the way is named", () => {
  writeFileSync(join(dir, "file"), "");
  expect(() => makeFolder(join(dir, "file", "below"))).toThrow(/below cannot be made: a file stands in its way/);
});

test("a file system that takes no folders ends in an error, not in a loop", () => {
  // Node's own recursive mkdir never returns here.
  const place = existsSync("/proc/self") ? "/proc/petrel/x" : join(dir, "file", "x");
  expect(() => makeFolder(place)).toThrow(/cannot be made/);
});
