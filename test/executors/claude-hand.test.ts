/** `code.claude`: the real Claude Code from npm, on a local stub of the API. Says when it cannot be had. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/contract/json.ts";
import { sealFor } from "../../src/contract/sealed.ts";
import { startAnthropicStub } from "../support/anthropic-stub.ts";
import { gitIn, makeGitRepo } from "../support/git-repo.ts";
import { CLAUDE_BIN, INSTALL_MS, installClaude } from "../support/real-claude.ts";
import type { StubTurn } from "../support/stub-turn.ts";
import { until } from "../support/wait-until.ts";
import { type ExecutorBench, goodValue, startBench } from "./bench.ts";
import { YES } from "./memory-owner.ts";

let missing = "";
beforeAll(() => {
  missing = installClaude();
}, INSTALL_MS);

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});
async function started(turns: (tree: string) => StubTurn[]) {
  const stub = await startAnthropicStub();
  ends.push(() => stub.close());
  const repo = makeGitRepo({
    "package.json": '{"type":"module","scripts":{"test":"node --test"}}',
    "sum.js": "export const sum = (a, b) => a + b;\n",
  });
  ends.push(() => repo.remove());
  const bench: ExecutorBench = await startBench({ environment: { ...process.env, PATH: `${CLAUDE_BIN}:${process.env.PATH}` } });
  ends.push(() => bench.end());
  stub.turns = turns(join(bench.dir, "work", "team.f1.1", "tree"));
  bench.owner.onClaim = ({ verb, key }) => {
    if (verb !== "claim") return YES;
    const secrets = { ANTHROPIC_API_KEY: sealFor(key ?? "", "ANTHROPIC_API_KEY", "key-of-the-stub") };
    return { ok: true, leaseMs: 30_000, timeLeftMs: 600_000, secrets };
  };
  const run = (more: JsonObject = {}) =>
    bench.run(
      "code.claude",
      { repo: repo.origin, branch: "petrel/t1", author: "developer <developer@petrel>", ask: "Add a product.", baseUrl: stub.url, ...more },
      { timeoutMs: 55_000 },
    );
  return { bench, repo, stub, run };
}
const TEST =
  'import test from "node:test";\nimport assert from "node:assert";\nimport { product } from "./product.js";\ntest("it", () => assert.equal(product(2, 3), 6));\n';
const writes = (tree: string): StubTurn[] => [
  { tools: [{ name: "Write", input: { file_path: `${tree}/product.js`, content: "export const product = (a, b) => a * b;\n" } }] },
  { tools: [{ name: "Write", input: { file_path: `${tree}/product.test.js`, content: TEST } }] },
  { tools: [{ name: "Bash", input: { command: "npm test", description: "Run the tests" } }] },
];

describe("the real Claude Code", { timeout: 180_000 }, () => {
  test("writes files, runs the test, and its work is one commit of the firing (K3)", async (context) => {
    if (missing !== "") context.skip(missing);
    const { bench, run, stub } = await started((tree) => [...writes(tree), { text: "There is a product now." }]);
    const result = await run();
    const value = goodValue(result);
    expect(value).toMatchObject({ said: "There is a product now.", uncommitted: 0, session: expect.any(String), turns: 4, resumed: null });
    expect(value.costUsd).toBeGreaterThan(0);
    const use = { provider: "claude-code", calls: 4, inputTokens: 400, outputTokens: 80 };
    expect(result.model).toMatchObject({ ...use, name: expect.stringMatching(/^claude-/), costUsd: value.costUsd });
    expect(value.commits).toMatchObject([{ subject: "There is a product now." }]);
    expect((value.files as JsonObject[]).map(({ path }) => path)).toEqual(["product.js", "product.test.js"]);
    // What the test printed went back to its model: it was really run.
    const heard = JSON.stringify(stub.requests.at(-1)?.body.messages);
    expect(heard).toMatch(/pass 1/);
    expect(stub.requests.every(({ headers }) => headers["x-api-key"] === "key-of-the-stub" || headers.authorization === undefined)).toBe(
      true,
    );
    const [mirror] = readdirSync(join(bench.dir, "mirrors"));
    const commit = gitIn(join(bench.dir, "mirrors", mirror ?? ""), "log", "-1", "--format=%an <%ae>%n%B", String(value.head));
    expect(commit).toBe("developer <developer@petrel>\nThere is a product now.\n\nPetrel-Firing: team/work/f1");
  });

  test("a denied tool, spent turns and an API that refuses are failures, whatever the exit code (K1)", async (context) => {
    if (missing !== "") context.skip(missing);
    const denied = await started(() => [
      { tools: [{ name: "Bash", input: { command: "curl http://127.0.0.1:1", description: "Fetch" } }] },
      { text: "Done." },
    ]);
    expect((await denied.run()).outcome).toMatchObject({ error: { outlook: "terminal", code: "claude-denied" } });
    const turns = await started((tree) => [...writes(tree), { text: "Done." }]);
    const spent = await turns.run({ maxTurns: 1 });
    expect(spent.outcome).toMatchObject({ error: { outlook: "terminal", code: "claude-max-turns" } });
    // What came to nothing has its price all the same.
    expect(spent.model?.costUsd).toBeGreaterThan(0);
    const refused = await started(() => [{ status: 401, errorType: "authentication_error", text: "no such key" }]);
    expect((await refused.run()).outcome).toMatchObject({ ok: false, error: { outlook: "terminal", code: "claude-failed" } });
  });

  test("as an agent's engine it may what the persona's own tools say, and protected files stand (N1, N2, N3)", async (context) => {
    if (missing !== "") context.skip(missing);
    const { bench, repo, stub } = await started(() => []);
    const engine = async (tools: string[], firing: string, turns: (tree: string) => StubTurn[], workspace: JsonObject = {}) => {
      const order = bench.order(
        "code.claude-session",
        { repo: repo.origin, branch: "petrel/t1", ...workspace },
        { ...{ firing, mode: "session", timeoutMs: 55_000 }, persona: { name: "developer", flags: "rw---", tools } },
      );
      stub.turns = [...turns(join(bench.dir, "work", `team.${firing}.1`, "tree")), { text: "Done." }];
      bench.owner.offer(order);
      await until("the session", async () => (await bench.owner.callOnce(order, "git.status", {}, "probe")).state === "done");
      const call = { ask: "Add a product.", system: "You are a developer.", maxTurns: 10, baseUrl: stub.url };
      const answer = await bench.owner.call(order, "session.engine", call);
      const work = await bench.owner.call(order, "session.close", {});
      if (answer.state !== "done" || work.state !== "done") throw new Error(JSON.stringify([answer, work]));
      return { told: answer.output as JsonObject, work: work.output as JsonObject };
    };
    const all = ["git.status", "fs.read", "fs.write", "tests.run"];
    const whole = await engine(all, "e1", writes);
    expect(whole.told).toMatchObject({ ok: true, said: "Done.", use: { provider: "claude-code", calls: 4 } });
    expect(whole.work).toMatchObject({ uncommitted: 0, commits: [{ subject: "Done." }] });
    // Without the tool that runs tests, its wish to run them is denied, whatever else it may.
    const less = await engine(all.slice(0, 3), "e2", writes);
    expect(less.told).toMatchObject({ ok: false, error: { code: "claude-denied" }, use: { calls: 4 } });
    const changes = (tree: string): StubTurn[] => [
      { tools: [{ name: "Read", input: { file_path: `${tree}/sum.js` } }] },
      { tools: [{ name: "Edit", input: { file_path: `${tree}/sum.js`, old_string: "a + b", new_string: "a - b" } }] },
    ];
    const guarded = await engine(all, "e3", changes, { protect: ["sum.js"] });
    expect(guarded.told).toMatchObject({ ok: false, error: { code: "file-protected" } });
    expect(guarded.work).toMatchObject({ commits: [] });
  });

  test("a session is taken up by its id, in another worktree; one that is not here is said", async (context) => {
    if (missing !== "") context.skip(missing);
    const { run, stub } = await started(() => [{ text: "I remember the word heron." }]);
    const first = goodValue(await run());
    const asked = stub.requests.length;
    const second = goodValue(await run({ resume: first.session as string, ask: "Which word?" }));
    expect(second.resumed).toBe(first.session);
    const conversation = stub.requests.slice(asked).map(({ body }) => JSON.stringify(body?.messages ?? ""));
    expect(conversation.some((text) => text.includes("heron") && text.includes("Which word?"))).toBe(true);
    expect((await run({ resume: "0-not-there" })).outcome).toMatchObject({ error: { code: "claude-session-missing" } });
  });
});
