import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, expect, test } from "vitest";
import { endProcessesWith, processesWith } from "../../src/executors/stray-processes.ts";

let left: ChildProcess;
afterEach(() => void left?.kill("SIGKILL"));

/** Settles when it runs its own program, and so has its own environment. */
async function started(env: Record<string, string>): Promise<ChildProcess> {
  const child = spawn("cat", [], { env: { PATH: process.env.PATH, ...env }, stdio: ["pipe", "pipe", "ignore"] });
  left = child;
  child.stdin.write("here");
  await once(child.stdout, "data");
  return child;
}

// Who runs these tests at the same time has marks of their own.
const ME = `me-${process.pid}`;

test.each([
  ["in a folder whose name is no ASCII", { HOME: `/srv/jürgen/日/${ME}/f1/home` }, `HOME=/srv/jürgen/日/${ME}/f1/`],
  // The kernel takes 128 KiB a word; an environment has as many words as there is room for.
  ["at the end of a long environment", { A: "a".repeat(100_000), B: "b".repeat(100_000), C: "c".repeat(100_000), Z: ME }, `Z=${ME}`],
])("a process is found by its mark %s, and ended", async (_, env, mark) => {
  const { pid } = await started(env as unknown as Record<string, string>);
  expect(processesWith(mark)).toEqual([pid]);
  expect(processesWith(`${mark}-not`)).toEqual([]);
  const ended = once(left, "exit");
  await Promise.all([endProcessesWith(`${mark}-not`), endProcessesWith(mark)]);
  expect(await ended).toEqual([null, "SIGKILL"]);
  expect(processesWith(mark)).toEqual([]);
});
