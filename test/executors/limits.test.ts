/** Commands that fork away, eat memory, ignore SIGTERM, flood, or never end: each ends, and the machine is clean after. */
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { machinePolicySchema } from "../../src/executors/machine-policy.ts";
import { processesWith } from "../../src/executors/stray-processes.ts";
import { TreeWatch } from "../../src/executors/tree-limits.ts";
import { type ExecutorBench, goodValue, startBench } from "./bench.ts";

let bench: ExecutorBench | null = null;
afterEach(async () => {
  const dir = bench?.dir;
  await bench?.end();
  bench = null;
  // The check after each run: nothing that a command started is left.
  if (dir) expect(processesWith(`HOME=${join(dir, "work")}/`)).toEqual([]);
});
const started = async (limits: object, sandbox = "off") => {
  bench = await startBench({ policy: machinePolicySchema.parse({ limits, sandbox }) });
  return bench;
};
const node = (script: string) => ({ argv: [process.execPath, "-e", script] });
const NO_TABLE = "there is no table of processes to read memory from";
const EATS = "const a=[]; setInterval(() => a.push(Buffer.alloc(8<<20, 1)), 5)";

test.for(["off", "preferred"])("one that eats memory ends with its whole tree; sandbox %s", async (sandbox, { skip }) => {
  skip(!TreeWatch.possible, NO_TABLE);
  const { run } = await started({ memoryMb: 300 }, sandbox);
  const nested = `require("child_process").spawn(process.execPath, ["-e", ${JSON.stringify(EATS)}], {stdio:"ignore"}); setInterval(() => {}, 1e6)`;
  const result = await run("shell.run", node(nested));
  expect(result.outcome).toMatchObject({ ok: false, error: { code: "memory-limit", outlook: "terminal" } });
});

test("one that forks and forks ends with all of them", async ({ skip }) => {
  skip(!TreeWatch.possible, NO_TABLE);
  const { run } = await started({ processes: 30 });
  const result = await run("shell.run", { argv: ["sh", "-c", "while :; do sleep 600 & sleep 0.01; done"] });
  expect(result.outcome).toMatchObject({ ok: false, error: { code: "process-limit" } });
});

test("limits are a command's own: many small ones beside each other stay", async () => {
  const { run } = await started({ processes: 6, memoryMb: 200 });
  const all = await Promise.all(
    Array.from({ length: 4 }, () => run("shell.run", { argv: ["sh", "-c", "sleep 1 & sleep 1 & wait; echo done"] })),
  );
  expect(all.map((one) => goodValue(one).stdout)).toEqual(["done\n", "done\n", "done\n", "done\n"]);
});

test("one that floods 2 GB is cut in its output and costs no memory", async () => {
  // The store of artefacts lies in this process too.
  const { run } = await started({ outputMb: 8 });
  const before = process.memoryUsage().rss;
  const result = goodValue(await run("shell.run", { argv: ["sh", "-c", "echo begin; head -c 2000000000 /dev/zero; echo; echo end"] }));
  expect(result).toMatchObject({ exitCode: 0, truncated: true });
  expect(String(result.stdout)).toMatch(/^begin\n[^\n]+\n\.\.\. \d{10} bytes left out \.\.\.\n[^\n]+\nend\n$/);
  expect(process.memoryUsage().rss - before).toBeLessThan(300e6);
}, 180_000);

test("one that forks away, closes its output and ignores SIGTERM is found all the same", async () => {
  const { run } = await started({});
  const away = "(trap '' TERM HUP; setsid sh -c 'exec >/dev/null 2>&1 </dev/null; sleep 600; sleep 600' &) ; echo left";
  expect(goodValue(await run("shell.run", { argv: ["sh", "-c", away] })).stdout).toBe("left\n");
});

test("one that never ends is ended at its time", async () => {
  const { run } = await started({});
  const result = await run("shell.run", { argv: ["sh", "-c", "trap '' TERM; while :; do sleep 1; done"] }, { timeoutMs: 700 });
  expect(result.outcome).toMatchObject({ ok: false, error: { outlook: "retryable", code: expect.stringMatching(/timed-out/) } });
});
