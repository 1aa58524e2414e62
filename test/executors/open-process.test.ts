/** A process that stays open: its lines, its end, and the bounds of what it prints and does not read. */
import { tmpdir } from "node:os";
import { afterEach, expect, test } from "vitest";
import { OPEN_LIMIT_BYTES, openProcess } from "../../src/executors/open-process.ts";
import { startOf } from "../../src/executors/process-start.ts";
import { until } from "../support/wait-until.ts";

const over = new AbortController();
afterEach(() => over.abort());
const opened = (script: string) =>
  openProcess({ argv: ["node", "-e", script], cwd: tmpdir(), env: { PATH: process.env.PATH ?? "" }, signal: over.signal });
const ended = (one: ReturnType<typeof opened>) => new Promise<string | undefined>((resolve) => one.onEnd(resolve));

test("it answers by lines, and its own end has no reason of ours; the last line needs no end", async () => {
  const echo = opened('process.stdin.on("data", (d) => { process.stdout.write(`got ${d}and more`); process.exit(); })');
  const lines: string[] = [];
  echo.onLine((line) => lines.push(line));
  echo.write("one");
  expect(await ended(echo)).toBeUndefined();
  expect(lines).toEqual(["got one", "and more"]);
});

test("one that reads nothing of what it is told is ended with the reason", async () => {
  const deaf = opened("console.log(process.pid); setInterval(() => {}, 1000)");
  const pid = await new Promise<string>((resolve) => deaf.onLine(resolve));
  const line = "x".repeat(1024 * 1024);
  // The pipe itself takes a little of it.
  for (let told = 0; told <= OPEN_LIMIT_BYTES + 2 * line.length; told += line.length) deaf.write(line);
  expect(await ended(deaf)).toBe("it left more than 16 MB of what it was told unread");
  await until("its end", () => startOf(pid) === null, 60_000);
});

test("one whose line does not end is ended with the reason, and a line of some megabytes is heard", async () => {
  const long = opened(
    'process.stdout.write("a".repeat(4 << 20) + "\\n"); const b = Buffer.alloc(1 << 20, "x"); (function go() { process.stdout.write(b, go); })()',
  );
  const lengths: number[] = [];
  long.onLine((line) => lengths.push(line.length));
  expect(await ended(long)).toBe("it printed a line of more than 16 MB");
  expect(lengths).toEqual([4 << 20]);
});
