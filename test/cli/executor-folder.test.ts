/** Two processes of one executor: the second is refused while the first lives, and takes over what a dead one left. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { takeExecutorFolder } from "../../src/cli/processes/executor-folder.ts";
import { testFolder, wallClock } from "../support/nats-server.ts";
import { waitUntil } from "../support/wait-until.ts";

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});
const running = (...words: string[]) => {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)", "--", ...words], { stdio: "ignore" });
  children.push(child);
  return child;
};
const held = (pid: number | undefined) => {
  const dir = join(testFolder("held"), "local");
  mkdirSync(dir);
  writeFileSync(join(dir, "executor.pid"), `${pid}\n`);
  return dir;
};
const take = (dir: string, waitMs = 0) =>
  takeExecutorFolder(dir, { name: "local", clock: wallClock, waitMs, signal: new AbortController().signal });
const pidIn = (dir: string) => Number(readFileSync(join(dir, "executor.pid"), "utf8"));

test("a second one is refused by name, with the process of the first and what to do, and changes nothing", async () => {
  const first = running("executor", "start", "--name", "local");
  const dir = held(first.pid);
  await expect(take(dir)).rejects.toMatchObject({
    code: "executor-runs-already",
    outlook: "terminal",
    message: expect.stringContaining(`local runs already (process ${first.pid})`),
    hint: expect.stringContaining("--name another"),
  });
  expect(pidIn(dir)).toBe(first.pid);
});

test("one that waits has the folder when the first has ended, and lets it go at its end", async () => {
  const first = running("executor", "start");
  const dir = held(first.pid);
  let isTaken = false;
  const taking = take(dir, 60_000).finally(() => {
    isTaken = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(isTaken).toBe(false);
  first.kill("SIGKILL");
  const letGo = await taking;
  expect(pidIn(dir)).toBe(process.pid);
  letGo();
  expect(existsSync(join(dir, "executor.pid"))).toBe(false);
});

test("what a dead one left, a number that is some other program's by now, and garbage do not stand in the way", async () => {
  const other = running("something", "else");
  const dead = running("executor", "start");
  dead.kill("SIGKILL");
  await waitUntil("it is dead", () => dead.signalCode !== null);
  for (const pid of [other.pid, dead.pid, process.pid, Number.NaN]) {
    const dir = held(pid);
    (await take(dir))();
  }
  (await take(join(testFolder("fresh"), "executors", "local")))();
});
