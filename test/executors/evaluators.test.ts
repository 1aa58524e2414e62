/** V1 to V3: expressions that never end, eat memory or give no JSON, and a thousand good ones. */
import { spawn } from "node:child_process";
import { afterEach, describe, expect, it } from "vitest";
import { type Evaluators, type ExpressionJob, expressionEvaluators } from "../../src/executors/expressions/evaluators.ts";
import { jsonataFault } from "../../src/executors/expressions/jsonata-syntax.ts";
import { wallClock } from "../support/nats-server.ts";
import { isAlive } from "../support/petrel-process.ts";
import { waitUntil } from "../support/wait-until.ts";

let evaluators: Evaluators;
afterEach(() => evaluators?.close());

const start = (memoryMb = 64) => {
  evaluators = expressionEvaluators({ clock: wallClock, memoryMb });
};
const run = (expression: string, more: Partial<ExpressionJob> = {}) =>
  evaluators.evaluate({ expression, input: {}, meta: {}, now: Date.parse("2026-03-01T12:00:00Z"), timeoutMs: 60_000, ...more });

describe("expressions", () => {
  it("see their inputs by name, their envelopes, and the time that they are given", async () => {
    start();
    const input = {
      order: {
        lines: [
          { price: 2, n: 3 },
          { price: 5, n: 1 },
        ],
      },
    };
    expect(await run("$sum(order.lines.(price * n))", { input })).toBe(11);
    expect(await run('{"ids": order.lines[n > 1].price, "by": $meta.order.by}', { input, meta: { order: { by: "ada" } } })).toEqual({
      ids: 2,
      by: "ada",
    });
    expect(await run("[$now(), $millis(), $now('[Y0001]')]")).toEqual(["2026-03-01T12:00:00.000Z", 1772366400000, "2026"]);
    expect(await run("null")).toBeNull();
  });

  it("1,000 of them are done by the same two processes", async () => {
    start();
    await Promise.all([run("1"), run("2"), run("3")]);
    const pids = evaluators.pids();
    const results = await Promise.all(Array.from({ length: 1000 }, (_, n) => run("order.n * 2", { input: { order: { n } } })));
    expect(results).toEqual(Array.from({ length: 1000 }, (_, n) => n * 2));
    expect(evaluators.pids()).toEqual(pids);
    expect(pids).toHaveLength(2);
  });

  it.each([
    ["a tail call", "($f := function($x){ $f($x) }; $f(1))", /^map-too-long$/],
    ["a recursion", "($f := function($x){ $f($x) + 1 }; $f(1))", /^map-too-(long|much|deep)$|^jsonata-failed$/],
    ["a regular expression", `$contains("${"a".repeat(60)}", /^(a+)+$/) and $contains("${"a".repeat(60)}!", /^(a+)+$/)`, /^map-too-long$/],
  ])("%s without end is ended, and the next one is done", async (_, expression, code) => {
    start();
    await expect(run(expression, { timeoutMs: 1000 })).rejects.toMatchObject({ outlook: "terminal", code: expect.stringMatching(code) });
    expect(await run("1 + 1")).toBe(2);
  });

  it.each([
    ["one text", "$pad('', 500000000)"],
    ["a text that doubles", "($f := function($x){ $f($x & $x) }; $length($f('abcdefgh')))"],
    ["a list that doubles", "($f := function($x){ $f($append($x, $x)) }; $f([1..100000]))"],
    ["a list of lists", "$map([1..9999999], function($v){ {'a': [$v, $v], 'b': $string($v)} })"],
  ])(
    "V1: %s that eats memory ends its own process alone",
    async (_, expression) => {
      start();
      await expect(run(expression, { timeoutMs: 150_000 })).rejects.toMatchObject({
        outlook: "terminal",
        code: expect.stringMatching(/^(map-too-much|jsonata-failed|map-too-deep)$/),
      });
      expect(await run("1 + 1")).toBe(2);
    },
    180_000,
  );

  it.each([
    ["function($x){ $x }", "map-not-json", "is a function"],
    ['{"a": [1, {"f": $uppercase}]}', "map-not-json", "a[1].f is a function"],
    ["nothing.here", "map-no-value", "no value"],
    ["$random()", "map-not-pure", "$random"],
    ["1 + 'a'", "jsonata-failed", "JSONata T2002"],
    ["$error('enough')", "jsonata-failed", "enough"],
  ])("%s is refused", async (expression, code, words) => {
    start();
    await expect(run(expression)).rejects.toMatchObject({ outlook: "terminal", code, message: expect.stringContaining(words) });
  });

  it("see nothing of the environment and of the process", async () => {
    start();
    const found = await run("[$exists(process), $exists($process), $exists($require), $exists($global)]");
    expect(found).toEqual([false, false, false, false]);
  });

  it("are not left alone by a master that is killed in the middle", async () => {
    const url = new URL("../../src/executors/expressions/evaluators.ts", import.meta.url).href;
    const script = `
      const { expressionEvaluators } = await import(${JSON.stringify(url)});
      const clock = { now: Date.now, after: (ms, call) => { const t = setTimeout(call, ms); return { cancel: () => clearTimeout(t) }; } };
      const evaluators = expressionEvaluators({ clock, processes: 1 });
      const job = (expression) => evaluators.evaluate({ expression, input: {}, meta: {}, now: 0, timeoutMs: 600000 });
      await job("1");
      void job("($f := function($x){ $f($x) }; $f(1))");
      setTimeout(() => console.log(evaluators.pids()[0]), 200);`;
    const { build } = await import("esbuild");
    const { outputFiles } = await build({
      stdin: { contents: script, resolveDir: process.cwd(), loader: "ts" },
      bundle: true,
      write: false,
      platform: "node",
      format: "esm",
      external: ["jsonata"],
      plugins: [{ name: "file-urls", setup: (b) => b.onResolve({ filter: /^file:/ }, ({ path }) => ({ path: new URL(path).pathname })) }],
    });
    const master = spawn(process.execPath, ["--input-type=module", "-e", outputFiles[0]?.text ?? ""], {
      stdio: ["ignore", "pipe", "inherit"],
      cwd: process.cwd(),
    });
    let said = "";
    master.stdout.on("data", (bytes) => (said += String(bytes)));
    await waitUntil("it works", () => /\d+\n/.test(said));
    const pid = Number(said);
    expect(isAlive(pid)).toBe(true);
    master.kill("SIGKILL");
    await waitUntil("the evaluator is gone", () => !isAlive(pid));
  }, 180_000);
});

describe("syntax", () => {
  it("tells what does not parse, and where", () => {
    expect(jsonataFault("order.lines[price > 1]")).toBeNull();
    expect(jsonataFault("order.(")).toMatchObject({ message: expect.stringContaining("JSONata S0") });
    expect(jsonataFault("order.lines ~> $shuffle")).toMatchObject({ message: expect.stringContaining("$shuffle"), offset: 15 });
    expect(jsonataFault('{"id": $random() * 10}')).toMatchObject({ message: expect.stringContaining("$random"), offset: 7 });
    expect(jsonataFault("($random := 4; $random + $now().x)")).toBeNull();
    expect(jsonataFault("order.random & $map(lines, function($shuffle) { $shuffle })")).toBeNull();
  });
});
