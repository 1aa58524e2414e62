/** What is printed to be pasted runs as it stands, from the folder where the user is. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { pasteable, petrelCommand } from "../../src/cli/team/paste.ts";

let folder: string;
let standing: { cwd: string; entry: string; env: Record<string, string> };
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "petrel paste's-"));
  for (const name of ["clone/dist", "bin", "app/node_modules/.bin"]) mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, "clone", "dist", "petrel.js"), "");
  standing = { cwd: join(folder, "clone"), entry: join(folder, "clone", "dist", "petrel.js"), env: { PATH: "/usr/bin" } };
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const at = (dir: string, hint: string) => pasteable(standing, join(standing.cwd, dir), hint);

test("in a clone the script is called by its path, elsewhere by a quoted one", () => {
  expect(petrelCommand(standing)).toBe("node dist/petrel.js");
  expect(petrelCommand({ ...standing, cwd: join(folder, "bin") })).toBe(`node '${standing.entry.replaceAll("'", "'\\''")}'`);
});

test("by its name only where the user's own shell finds this very program", () => {
  const shim = (where: string) => {
    symlinkSync(standing.entry, join(folder, where, "petrel"));
    return { ...standing, env: { PATH: ["/usr/bin", join(folder, where)].join(delimiter) } };
  };
  // What npx puts in front of PATH is gone when it ends.
  expect(petrelCommand(shim("app/node_modules/.bin"))).toBe("node dist/petrel.js");
  expect(petrelCommand(shim("bin"))).toBe("petrel");
  rmSync(join(folder, "bin", "petrel"));
  writeFileSync(join(folder, "bin", "petrel"), "another program");
  expect(petrelCommand({ ...standing, env: { PATH: join(folder, "bin") } })).toBe("node dist/petrel.js");
});

test("every command of a hint is called so, in the state folder that was asked for", () => {
  expect(at(".petrel", "petrel net diff a.json")).toBe("node dist/petrel.js net diff a.json");
  expect(at("state two", "petrel net diff a.json")).toBe("node dist/petrel.js --dir 'state two' net diff a.json");
  expect(at("other", "use it (petrel places --dir other), or stop it")).toBe("use it (node dist/petrel.js places --dir other), or stop it");
  expect(at("other", "petrel put --help")).toBe("node dist/petrel.js put --help");
  expect(at("other", "`petrel pause a`, then `petrel resume a`")).toBe(
    "`node dist/petrel.js --dir other pause a`, then `node dist/petrel.js --dir other resume a`",
  );
  for (const words of ["Petrel is up", "the petrel-demo context", "petrel: gone", "see /etc/petrel now"])
    expect(at("other", words)).toBe(words);
});
