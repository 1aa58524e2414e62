/** The process group of a process, from /proc or from `ps`. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { groupOf } from "../../src/executors/process-start.ts";

const hasPs = (process.env.PATH ?? "").split(delimiter).some((folder) => existsSync(join(folder, "ps")));
let child: ChildProcess | null = null;
afterEach(() => child?.kill("SIGKILL"));

test.for([true, false])("a leader is in the group of its own pid, and this process is not; with /proc: %s", (table, { skip }) => {
  skip(table && !existsSync("/proc/self/stat"), "there is no /proc here");
  skip(!table && !hasPs, "there is no ps here");
  child = spawn("sleep", ["600"], { detached: true, stdio: "ignore" });
  const pid = child.pid ?? 0;
  expect(groupOf(pid, table)).toBe(pid);
  expect(groupOf(process.pid, table)).not.toBe(pid);
  // The largest pid that Linux gives is below.
  expect(groupOf(2 ** 22 + 1, table)).toBeNull();
});
