/** `shell.run` as a user has it: commands, scripts, JSON in and out, exit codes, outputs that are too long to show. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { JsonObject } from "../../src/contract/json.ts";
import { TOKEN_DATA_LIMIT } from "../../src/contract/token.ts";
import { netChecks } from "../../src/executors/hand-faults.ts";
import { shellCard } from "../../src/executors/hands/shell/card.ts";
import { machinePolicySchema } from "../../src/executors/machine-policy.ts";
import { processesWith } from "../../src/executors/stray-processes.ts";
import { checkNetFile } from "../../src/net/check.ts";
import { testFolder } from "../support/nats-server.ts";
import { until } from "../support/wait-until.ts";
import { type ExecutorBench, goodValue, startBench } from "./bench.ts";

let bench: ExecutorBench;
afterEach(() => bench?.end());
const run = async (input: JsonObject) => (await bench.run("shell.run", input)).outcome;
const good = async (input: JsonObject) => goodValue(await bench.run("shell.run", input));

test("JSON goes in on stdin and comes out of stdout", async () => {
  bench = await startBench();
  const echo = { argv: ["node", "-e", "process.stdin.on('data', (d) => console.log(JSON.stringify({ got: JSON.parse(d) })))"] };
  expect(await good({ ...echo, json: { a: [1, "ü"] }, parse: "json" })).toMatchObject({
    ...{ outcome: "ok", value: { got: { a: [1, "ü"] } }, stdout: "", exitCode: 0 },
  });
  expect((await good({ argv: ["printf", '1\\n\\n{"b":2}\\n'], parse: "json-lines" })).value).toEqual([1, { b: 2 }]);
  expect(await run({ argv: ["echo", "not json"], parse: "json" })).toMatchObject({ error: { code: "output-not-json" } });
  expect((await good({ argv: ["false"], parse: "json" })).value).toBeUndefined();
});

test("a script is run by its shell with arguments that stay arguments", async () => {
  bench = await startBench();
  expect((await good({ script: 'echo "$1|$2"; echo "$WHO"', args: ["a b; id", "$(id)"], env: { WHO: "me" } })).stdout).toBe(
    "a b; id|$(id)\nme\n",
  );
  expect((await good({ script: "console.log(process.argv[2])", shell: "node", args: ["x"] })).stdout).toBe("x\n");
  for (const bad of [{}, { argv: ["ls"], script: "ls" }, { argv: ["ls"], shell: "sh" }, { argv: ["cat"], stdin: "a", json: 1 }])
    expect(await run(bad as JsonObject)).toMatchObject({ error: { code: "bad-input" } });
});

test("exit codes mean what the net says", async () => {
  bench = await startBench();
  const exits = { "0": "clean", "1": "findings", "75": "retry", "*": "fail" };
  const ending = (code: number) => ({ argv: ["sh", "-c", `echo said >&2; exit ${code}`], exits });
  expect(await good(ending(0))).toMatchObject({ outcome: "clean", exitCode: 0 });
  expect(await good(ending(1))).toMatchObject({ outcome: "findings", exitCode: 1 });
  expect(await run(ending(75))).toMatchObject({
    error: { outlook: "retryable", code: "command-failed", message: "sh ended with 75: said" },
  });
  expect(await run(ending(3))).toMatchObject({ error: { outlook: "terminal", code: "command-failed" } });
  expect(await good({ argv: ["false"] })).toMatchObject({ outcome: "failed" });
});

test.for(["off", "preferred"])(
  "words that the system does not take are told by which and how long; sandbox %s",
  async (sandbox, { skip }) => {
    skip(process.platform !== "linux", "the length of one argument has a bound of its own on Linux only");
    bench = await startBench({ policy: machinePolicySchema.parse({ sandbox }) });
    const long = "x".repeat(200_000);
    const error = (message: string) => ({
      error: {
        outlook: "terminal",
        code: "command-too-long",
        message: expect.stringContaining(message),
        hint: expect.stringContaining("stdin"),
      },
    });
    expect(await run({ argv: ["echo", "short", long] })).toMatchObject(
      error("argument 2 has 200000 bytes, and this system takes 131071 in one"),
    );
    expect(await run({ argv: ["env"], env: { LONG: long } })).toMatchObject(error("the variable LONG has 200005 bytes"));
    // No Linux takes more than 6 MiB together.
    expect(await run({ argv: ["echo", ...Array(80).fill("y".repeat(100_000))] })).toMatchObject(
      error("bytes together, more than this system takes"),
    );
    expect(await good({ argv: ["wc", "-c"], stdin: long })).toMatchObject({ stdout: "200000\n" });
    expect((await good({ argv: ["echo", "x".repeat(131_071)] })).exitCode).toBe(0);
  },
);

test("a folder to run in that is not there is told as that, and not as a missing program", async () => {
  bench = await startBench();
  const cwd = join(testFolder("cwd"), "nowhere");
  expect(await run({ argv: ["ls"], cwd })).toMatchObject({
    error: { outlook: "terminal", code: "cwd-missing", message: `there is no folder ${cwd} on this executor, which cwd names` },
  });
});

/** Empty when it has gone meanwhile. */
function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}

test.for(["off", "preferred"])("who is killed by somebody else gives no answer of its own; sandbox %s", async (sandbox, { skip }) => {
  skip(!existsSync("/proc/self/cmdline"), "there is no /proc here");
  bench = await startBench({ policy: machinePolicySchema.parse({ sandbox }) });
  const order = bench.order("shell.run", { argv: ["sh", "-c", "exec sleep 600"] });
  bench.owner.offer(order);
  const sleeping = () => processesWith(`HOME=${bench.dir}/work/`).filter((pid) => commandOf(pid) === "sleep\x00600\0");
  // As the kernel does it for want of memory: only the process, and nobody is told.
  const [pid = Number.NaN] = await until("it runs", () => (sleeping().length > 0 ? sleeping() : null));
  process.kill(pid, "SIGKILL");
  const { outcome } = await until("its result", () => bench.owner.resultOf(order));
  expect(outcome).toMatchObject({
    error: {
      code: "killed-from-outside",
      outlook: "retryable",
      message: expect.stringMatching(/^sh was ended by SIGKILL.*want of memory/),
    },
  });
});

test("another signal is named in the result, and who maps 137 knows what it means", async () => {
  bench = await startBench();
  expect(await good({ argv: ["sh", "-c", "kill -s TERM $$"] })).toMatchObject({ outcome: "failed", exitCode: 143, signal: "SIGTERM" });
  const mapped = await good({ argv: ["sh", "-c", "kill -s KILL $$"], exits: { "137": "killed" } });
  expect(mapped).toMatchObject({ outcome: "killed", exitCode: 137, signal: "SIGKILL" });
  expect((await good({ argv: ["sh", "-c", "exit 137"] })).signal, "its own exit code").toBeUndefined();
});

test("two outputs of very short lines fit into a token by head and tail, and are whole as artefacts", async () => {
  bench = await startBench();
  const value = await good({ argv: ["sh", "-c", "yes '' | head -c 24576; yes '' | head -c 24576 >&2"] });
  expect(Buffer.byteLength(JSON.stringify(value))).toBeLessThan(TOKEN_DATA_LIMIT);
  const { stdout, stderr, truncated, full } = value as unknown as {
    [name in "stdout" | "stderr"]: string;
  } & { truncated: boolean; full: { stdout: { size: number }; stderr: { size: number } } };
  expect(truncated).toBe(true);
  for (const text of [stdout, stderr]) expect(text).toMatch(/^\n+\.\.\. \d+ bytes left out \.\.\.\n+$/);
  expect([full.stdout.size, full.stderr.size]).toEqual([24_576, 24_576]);
});

test("an output that is too long to show is whole as an artefact, head and tail in the token", async () => {
  bench = await startBench();
  const value = await good({ argv: ["sh", "-c", "echo first; seq 1 40000; echo last; echo short >&2"] });
  const { stdout, truncated, full } = value as unknown as { stdout: string; truncated: boolean; full: { stdout: { $artifact: string } } };
  expect(truncated).toBe(true);
  expect(stdout).toMatch(/^first\n1\n[\s\S]*bytes left out[\s\S]*\n40000\nlast\n$/);
  expect(Object.keys(full)).toEqual(["stdout"]);
  const whole = Buffer.from((await bench.owner.artifacts.get(full.stdout.$artifact)) ?? []).toString();
  expect(whole.split("\n")).toEqual(["first", ...Array.from({ length: 40_000 }, (_, at) => String(at + 1)), "last", ""]);
  await until("the work folder to go", () => readdirSync(join(bench.dir, "work")).length === 0);
});

test("a flood of 2 GB is kept up to the machine's limit, counted whole, and stays out of memory", { timeout: 180_000 }, async () => {
  bench = await startBench({ policy: machinePolicySchema.parse({ limits: { outputMb: 4 } }) });
  const before = process.memoryUsage().rss;
  let most = 0;
  const watch = setInterval(() => {
    most = Math.max(most, process.memoryUsage().rss);
  }, 20);
  const result = await bench.run("shell.run", { argv: ["sh", "-c", "head -c 2000000000 /dev/zero; echo last"] }, { timeoutMs: 170_000 });
  clearInterval(watch);
  const { stdout, full } = goodValue(result) as unknown as { stdout: string; full: { stdout: { size: number } } };
  expect(stdout).toContain("last");
  // As JSON a NUL has six letters, so less than 24 KiB is shown.
  const [head = "", left = "", tail = ""] = stdout.split(/\n\.\.\. (\d+) bytes left out \.\.\.\n/);
  expect(head.length + Number(left) + tail.length).toBe(2_000_000_005);
  expect(full.stdout.size).toBe(4 * 1024 * 1024);
  expect(most - before).toBeLessThan(300 * 1024 * 1024);
});

test("a script in a net file holds no template, since what it brings would be run", () => {
  const net = (input: object) =>
    JSON.stringify({
      net: "n",
      places: { a: { open: true }, b: { sink: true } },
      transitions: { t: { kind: "command", pool: "code", in: [{ place: "a", as: "a" }], input, out: [{ to: "b" }] } },
    });
  const codes = (input: object) => checkNetFile(net(input), "n.json", netChecks).problems.map(({ code }) => code);
  expect(codes({ script: "echo ${a.name}" })).toEqual(["template-in-script"]);
  expect(codes({ script: 'echo "$1"', args: ["${a.name}"] })).toEqual([]);
  expect(codes({ script: "ls", exits: { "0": "${a}", x: "fail" } })).toEqual(["hand-input"]);
  expect(codes({ argv: ["ls"], tiemout: 1 })).toEqual(["hand-input"]);
});

const flagOf = (input: JsonObject) => (shellCard.flag as (input: JsonObject) => string | null)(input);

test.each<[JsonObject, "x" | null]>([
  [{ argv: ["git", "push"] }, "x"],
  [{ argv: ["/usr/bin/git", "-C", "x", "push", "o"] }, "x"],
  [{ argv: ["git", "send-pack", "o"] }, "x"],
  [{ script: 'git -c a.b=c "$@"', args: ["push", "origin", "HEAD"] }, "x"],
  [{ script: "read line; git $line", stdin: "push origin HEAD" }, "x"],
  [{ script: "read line; git $line", json: "push" }, "x"],
  [{ argv: ["sh"], stdin: "cd x\ngit push origin HEAD" }, "x"],
  [{ argv: ["env", "bash", "-s"], stdin: "git push" }, "x"],
  [{ argv: ["node", "-"], stdin: "require('child_process').execSync('git push')" }, "x"],
  [{ argv: ["sh", "-c", "xargs git"], stdin: "push origin" }, "x"],
  [{ argv: ["xargs", "git"], stdin: "push origin" }, "x"],
  [{ argv: ["sh", "-c", "cat | sh"], stdin: "git push" }, "x"],
  [{ argv: ["sh", "-c", '$TOOL "$1"', "x", "push"], env: { TOOL: "git" } }, "x"],
  [{ argv: ["git", "p"], env: { GIT_CONFIG_COUNT: "1", GIT_CONFIG_KEY_0: "alias.p", GIT_CONFIG_VALUE_0: "push" } }, "x"],
  [{ argv: ["git", "status"] }, null],
  [{ argv: ["git", "commit", "-F", "-"], stdin: "Say when git push failed" }, null],
  [{ argv: ["docker", "push", "git.example.com/shop"] }, null],
  [{ argv: ["node", "sort.mjs"], json: { text: "git push failed" } }, null],
  [{ argv: ["node", "-e", "1"], stdin: "git push failed" }, null],
  [{ argv: ["sh", "-c", "wc -l"], stdin: "git push failed" }, null],
  [{ script: "jq .text", json: { text: "git push failed" } }, null],
])("%j needs %s", (input, flag) => {
  expect(flagOf(input)).toBe(flag);
});

test.each<[string, JsonObject]>([
  ["the word git", { argv: ["sh"], stdin: "git ".repeat(200_000) }],
  ["separators", { argv: ["sh", "-c", "cat", "x", ";".repeat(1_000_000)] }],
  ["empty lines", { argv: ["sh", "-c", "cat", "x", "\n".repeat(1_000_000)] }],
])("many of %s are looked through once: squared, it would take minutes", (_, input) => {
  expect(flagOf(input)).toBe(null);
});
