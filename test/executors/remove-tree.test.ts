/** What commands leave behind is removed, whatever they made of it, and never keeps an executor from starting (X2). */
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { silentLogger } from "../../src/contract/logger.ts";
import { removeTree } from "../../src/executors/remove-tree.ts";
import { testFolder } from "../support/nats-server.ts";
import { until } from "../support/wait-until.ts";
import { type ExecutorBench, goodValue, startBench } from "./bench.ts";

let bench: ExecutorBench | null = null;
afterEach(async () => {
  await bench?.end();
  bench = null;
});

/** Deeper than a path may be long. */
const DEEP = "for i in $(seq 700); do mkdir deeper && cd deeper || break; done 2>/dev/null";

test("folders that may not be written or read, and a path longer than the system takes", async () => {
  const around = testFolder("left");
  const kept = join(around, "kept");
  mkdirSync(kept);
  writeFileSync(join(kept, "file"), "stays");
  const left = join(around, "left");
  mkdirSync(join(left, "go", "pkg"), { recursive: true });
  writeFileSync(join(left, "go", "pkg", "mod.go"), "");
  symlinkSync(kept, join(left, "go", "link"));
  chmodSync(kept, 0o555);
  mkdirSync(join(left, "closed"));
  writeFileSync(join(left, "closed", "file"), "");
  for (const folder of [join(left, "go", "pkg"), join(left, "go")]) chmodSync(folder, 0o555);
  chmodSync(join(left, "closed"), 0);
  execFileSync("sh", ["-c", DEEP], { cwd: left });
  await removeTree(left);
  expect(readdirSync(around)).toEqual(["kept"]);
  expect(readdirSync(kept)).toEqual(["file"]);
  expect(statSync(kept).mode & 0o777).toBe(0o555);
  chmodSync(kept, 0o755);
  await removeTree(left);
});

test("a command's deep folders go when it has ended", async () => {
  bench = await startBench();
  const value = goodValue(await bench.run("shell.run", { argv: ["sh", "-c", DEEP] }));
  expect(value.exitCode).toBe(0);
  const work = join(bench.dir, "work");
  await until("the work folder to go", () => readdirSync(work).length === 0);
});

test("an executor starts over what a former one left", async () => {
  bench = await startBench();
  await bench.executor().stop();
  const left = join(bench.dir, "work", "team.former.1");
  mkdirSync(left, { recursive: true });
  execFileSync("sh", ["-c", DEEP], { cwd: left });
  await bench.restart();
  expect(existsSync(left)).toBe(false);
  expect(String(goodValue(await bench.run("shell.run", { argv: ["echo", "works"] })).stdout)).toBe("works\n");
});

test("what cannot be removed is told, and keeps nothing from starting", async () => {
  const told: string[] = [];
  const logger = { ...silentLogger, warn: (...words: unknown[]) => void told.push(JSON.stringify(words)) };
  bench = await startBench({}, logger);
  await bench.executor().stop();
  // Without the programs of the system it stays, like a folder that is mounted, or that nobody may change.
  const path = process.env.PATH;
  mkdirSync(join(bench.dir, "work", "left"), { recursive: true });
  execFileSync("sh", ["-c", DEEP], { cwd: join(bench.dir, "work", "left") });
  process.env.PATH = "/nowhere";
  try {
    await bench.restart({ environment: { PATH: path } });
  } finally {
    process.env.PATH = path;
  }
  expect(told.join("\n")).toContain("could not be removed");
  expect(goodValue(await bench.run("shell.run", { argv: ["true"] })).exitCode).toBe(0);
  await removeTree(join(bench.dir, "work"));
});
