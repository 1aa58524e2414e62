import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Clone } from "./clone.ts";

let clone: Clone;
beforeEach(() => {
  clone = new Clone();
});
afterEach(() => clone.remove());

const withServer = () => {
  clone.env.PETREL_NATS_SERVER = clone.server(join(clone.folder, "own", "nats-server"), "2.15.1");
};

describe("a fresh clone", () => {
  test("gets node modules, a built CLI and a server, and says how long it took", async () => {
    withServer();
    const first = await clone.setup();
    expect(first.stderr).toContain("installing node modules");
    expect(first.stderr).toMatch(/ready: \d+ s, [\d.]+ MB, nats-server 2\.15\.1/);
    expect(first.code).toBe(0);
    expect(first.stdout).toBe("");
    const bundle = await clone.node("dist/petrel.js");
    expect(bundle.stdout).toBe("hello from the bundle");
    expect(readFileSync(join(clone.root, "dist/petrel.js"), "utf8")).toMatch(/^#!\/usr\/bin\/env node\n/);
  });

  test("is quiet and quick on the second start", async () => {
    withServer();
    await clone.setup();
    const times: number[] = [];
    // The best of ten: what else the machine does says nothing of the set-up.
    while (times.length < 10 && (times.length < 3 || Math.min(...times) >= 1000)) {
      const again = await clone.setup();
      expect(again).toMatchObject({ code: 0, stderr: "", stdout: "" });
      times.push(again.ms);
    }
    expect(Math.min(...times)).toBeLessThan(1000);
    expect(clone.calls("npm")).toHaveLength(1);
  });

  test("says nothing with --quiet", async () => {
    withServer();
    expect(await clone.setup("--quiet")).toMatchObject({ code: 0, stderr: "" });
  });

  test("refuses a flag that it does not know", async () => {
    const ended = await clone.setup("--fast");
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain("--fast");
  });
});

describe("node modules", () => {
  test("are installed anew when the lock file has changed", async () => {
    withServer();
    await clone.setup();
    clone.write("package-lock.json", JSON.stringify({ packages: { "node_modules/left": { version: "2.0.0" } } }));
    const again = await clone.setup();
    expect(again.stderr).toContain("out of date");
    expect(clone.calls("npm")).toEqual([expect.stringMatching(/^ci /), expect.stringMatching(/^ci /)]);
  });

  test("that npm install has made as locked are taken as they are", async () => {
    withServer();
    await clone.setup();
    rmSync(join(clone.root, "node_modules/.petrel-lock"));
    clone.write("node_modules/.package-lock.json", JSON.stringify({ packages: { "node_modules/left": { version: "1.0.0" } } }));
    expect(await clone.setup()).toMatchObject({ code: 0 });
    expect(clone.calls("npm")).toHaveLength(1);
  });

  test("that npm cannot install end the set-up with npm's own words", async () => {
    withServer();
    clone.program("npm", "echo 'npm error code ENOTFOUND registry' >&2; exit 7");
    const ended = await clone.setup();
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(/npm ci ended with 7: code ENOTFOUND registry/);
  });

  test("are not fetched with --offline", async () => {
    withServer();
    const ended = await clone.setup("--offline");
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain("--offline");
    expect(clone.calls("npm")).toEqual([]);
  });
});

describe("the build", () => {
  test("is made again when a source has changed, by content", async () => {
    withServer();
    await clone.setup();
    clone.write("src/main.ts", "process.stdout.write('changed');\n");
    expect((await clone.setup()).stderr).toContain("building");
    expect((await clone.node("dist/petrel.js")).stdout).toBe("changed");
  });

  test("that fails names file and line", async () => {
    withServer();
    clone.write("src/main.ts", "const = 1;\n");
    const ended = await clone.setup();
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(/main\.ts:1:\d+/);
  });
});

describe("two set-ups at once", () => {
  test("do the work once", async () => {
    withServer();
    const both = await Promise.all([clone.setup(), clone.setup(), clone.setup()]);
    expect(both.map((ended) => ended.code)).toEqual([0, 0, 0]);
    expect(clone.calls("npm")).toHaveLength(1);
    expect(existsSync(join(clone.root, ".petrel/setup.lock"))).toBe(false);
  });

  test("the lock of a process that has died is taken over", async () => {
    withServer();
    const died = await clone.node("--eval", "process.stdout.write(String(process.pid))");
    clone.write(".petrel/setup.lock", `${died.stdout}\n`);
    expect(await clone.setup()).toMatchObject({ code: 0 });
  });

  test("the lock of a living process is waited for", async () => {
    withServer();
    clone.write(".petrel/setup.lock", `${process.pid}\n`);
    let ended = false;
    const waiting = clone.setup().then((result) => {
      ended = true;
      return result;
    });
    // Nothing is installed while the lock is held; the file's removal lets the waiting one go on.
    await clone.node("--eval", "");
    expect(ended).toBe(false);
    expect(clone.calls("npm")).toEqual([]);
    rmSync(join(clone.root, ".petrel/setup.lock"));
    expect(await waiting).toMatchObject({ code: 0 });
  });
});

test("a lock file that lacks optional packages of other platforms is completed, without inventing a sum", async () => {
  const biome = { version: "2.0.0", dev: true, optionalDependencies: { "@b/cli-linux-x64-musl": "2.0.0", "@b/cli-darwin-arm64": "2.0.0" } };
  const there = { version: "2.0.0", integrity: "sha512-x", optional: true };
  clone.write(
    "package-lock.json",
    JSON.stringify({ packages: { "node_modules/@b/biome": biome, "node_modules/@b/cli-darwin-arm64": there } }),
  );
  const before = await clone.node("scripts/complete-lock.mjs", "--check");
  expect(before).toMatchObject({ code: 1, stderr: "missing: @b/cli-linux-x64-musl@2.0.0\n" });
  expect((await clone.node("scripts/complete-lock.mjs")).code).toBe(0);
  const { packages } = JSON.parse(readFileSync(join(clone.root, "package-lock.json"), "utf8")) as { packages: object };
  expect(packages).toEqual({
    "node_modules/@b/biome": biome,
    "node_modules/@b/cli-darwin-arm64": there,
    "node_modules/@b/cli-linux-x64-musl": { version: "2.0.0", cpu: ["x64"], dev: true, libc: ["musl"], optional: true, os: ["linux"] },
  });
  expect((await clone.node("scripts/complete-lock.mjs", "--check")).code).toBe(0);
});
