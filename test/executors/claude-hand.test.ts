/** `code.claude`: the real Claude Code from npm, on a local stub of the API. Says when it cannot be had. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/contract/json.ts";
import { sealFor } from "../../src/contract/sealed.ts";
import { startAnthropicStub } from "../support/anthropic-stub.ts";
import { gitIn, makeGitRepo } from "../support/git-repo.ts";
import type { StubTurn } from "../support/stub-turn.ts";
import { type ExecutorBench, goodValue, startBench } from "./bench.ts";
import { YES } from "./memory-owner.ts";

/** The last that runs on the oldest Node that must work. */
const VERSION = "2.1.197";
const cache = process.env.PETREL_CLAUDE_CACHE ?? join(homedir(), ".cache", "petrel", `claude-code-${VERSION}`);
const bin = join(cache, "bin");
let missing = "";
beforeAll(() => {
  if (existsSync(join(bin, "claude"))) return;
  mkdirSync(cache, { recursive: true });
  try {
    execFileSync(
      "npm",
      ["install", "--global", "--prefix", cache, "--no-audit", "--no-fund", "--silent", `@anthropic-ai/claude-code@${VERSION}`],
      {
        timeout: 240_000,
        stdio: "pipe",
      },
    );
  } catch (error) {
    missing = `Claude Code ${VERSION} could not be installed from npm: ${(error as Error).message.split("\n")[0]}`;
    process.stderr.write(`${missing}\n`);
  }
}, 300_000);

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
  const bench: ExecutorBench = await startBench({ environment: { ...process.env, PATH: `${bin}:${process.env.PATH}` } });
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

describe("the real Claude Code", { timeout: 120_000 }, () => {
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
