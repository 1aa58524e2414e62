/** The shipped team with Claude Code as the developer's engine: the real CLI from npm on a local stub of the API, up to the pushed commit. */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Json } from "../../src/contract/json.ts";
import { startAnthropicStub } from "../support/anthropic-stub.ts";
import { builtCli, Desk, ROOT } from "../support/petrel-process.ts";
import { CLAUDE_BIN, INSTALL_MS, installClaude } from "../support/real-claude.ts";
import type { Stub, StubTurn } from "../support/stub-turn.ts";
import { waitUntil } from "../support/wait-until.ts";
import { git } from "./git-proof.ts";
import { applyTeam, NET, putSettings, REQUEST } from "./team.ts";

const KEY = "key-of-the-stub-1234567890";
const desk = new Desk("claude-engine");
let missing = "";
let stub: Stub;
let origin = "";

/** One task: a module with its test, the tests run, and the end in the form that is asked for. */
function work(task: string): StubTurn[] {
  const suite = `import assert from "node:assert/strict";\nimport { test } from "node:test";\nimport { ${task} } from "../src/${task}.js";\ntest("${task}", () => assert.equal(${task}(), "${task}"));\n`;
  return [
    { tools: [{ name: "Write", input: { file_path: `src/${task}.js`, content: `export const ${task} = () => "${task}";\n` } }] },
    { tools: [{ name: "Write", input: { file_path: `test/${task}.test.js`, content: suite } }] },
    { tools: [{ name: "Bash", input: { command: "npm test", description: "Run the tests" } }] },
    { text: JSON.stringify({ status: "done", summary: `${task} is there, and its test is green` }) },
  ];
}

beforeAll(async () => {
  missing = installClaude();
  if (missing !== "") return;
  await builtCli();
  stub = await startAnthropicStub([], (prompt) => {
    const task = /"id": "(search|limit)"/.exec(prompt)?.[1];
    return task === undefined ? null : work(task);
  });
  desk.env.PATH = `${CLAUDE_BIN}:${process.env.PATH}`;
  const file = join(ROOT, "nets", `${NET}.answers.json`);
  const { answers, ...rest } = JSON.parse(readFileSync(file, "utf8")) as { answers: { persona: string }[] };
  // Nobody but the engine can answer for the developer.
  const others = { ...rest, answers: answers.filter(({ persona }) => persona !== "developer") };
  writeFileSync(desk.path("answers.json"), JSON.stringify(others));
  await desk.start(["up", "--json", "--models", "authored", "--answers", "answers.json"]).says(/\{"ready":true.*\n/);
  await applyTeam(desk);
  const set = spawnSync(process.execPath, [join(ROOT, "dist", "petrel.js"), "secret", "set", "anthropic_key"], {
    ...{ cwd: desk.cwd, env: desk.env, input: KEY, encoding: "utf8" },
  });
  expect(set.status, set.stderr).toBe(0);
  const developer = JSON.parse(readFileSync(join(ROOT, "personas", "developer.json"), "utf8")) as { knowledge: string[] };
  writeFileSync(desk.path("developer.json"), JSON.stringify({ ...developer, knowledge: [], secrets: ["anthropic_key"] }));
  await desk.json(["persona", "apply", "developer.json"]);
  const net = JSON.parse(readFileSync(join(ROOT, "nets", `${NET}.json`), "utf8")) as { transitions: Record<string, object> };
  net.transitions.develop = { ...net.transitions.develop, engine: { kind: "claude-code", baseUrl: stub.url } };
  writeFileSync(desk.path("net.json"), JSON.stringify(net));
  await desk.json(["net", "apply", "net.json"]);
  origin = await putSettings(desk);
}, INSTALL_MS + 180_000);
afterAll(async () => {
  await desk.clear();
  await stub?.close();
});

test("a request becomes a pushed commit that Claude Code wrote", { timeout: 300_000 }, async (context) => {
  if (missing !== "") context.skip(missing);
  await desk.json(["put", NET, "inbox", JSON.stringify(REQUEST)]);
  const tokens = async (place: string) => (await desk.json<{ tokens: { data: Record<string, Json> }[] }>(["tokens", NET, place])).tokens;
  await waitUntil("it is delivered", async () => (await tokens("delivered")).length + (await tokens("escalations")).length > 0, 240_000);
  expect(await tokens("escalations")).toEqual([]);
  const [done] = await tokens("delivered");
  expect(done?.data).toMatchObject({ head: git(origin, "rev-parse", "main"), tasks: ["limit", "search"] });
  const files = git(origin, "ls-tree", "-r", "--name-only", "main").split("\n");
  expect(files).toEqual(expect.arrayContaining(["src/search.js", "test/search.test.js", "src/limit.js", "test/limit.test.js"]));
  const log = git(origin, "log", "--format=%an|%(trailers:key=Petrel-Persona,valueonly,separator=%x2C)", "main").split("\n");
  expect(log.filter((line) => line === "developer|developer")).toHaveLength(2);

  // The tests really ran in it, and it was asked with the secret and nothing else of the user's.
  const heard = stub.requests.map(({ body }) => JSON.stringify(body?.messages ?? ""));
  expect(heard.some((text) => /# pass \d|pass \d/.test(text))).toBe(true);
  const keys = stub.requests.flatMap(({ headers }) => headers["x-api-key"] ?? []);
  expect(new Set(keys)).toEqual(new Set([KEY]));

  // What it used is in the events and in the books.
  const events = await desk.events(NET, ".petrel");
  const fired = events.filter(({ type, transition }) => type === "fired" && transition === "develop");
  expect(fired.map(({ model }) => model)).toMatchObject([
    { provider: "claude-code", calls: 4, tier: "standard", inputTokens: 400 },
    { provider: "claude-code", calls: 4, tier: "standard", inputTokens: 400 },
  ]);
  const { rows } = await desk.json<{ rows: { by: Record<string, string>; firings: number; usd: number }[] }>([
    ...["costs", NET, "--by", "persona,tier,model"],
  ]);
  const row = rows.find(({ by }) => by.persona === "developer");
  expect(row).toMatchObject({ firings: 2, by: { tier: "standard", model: expect.stringMatching(/^claude-code\/claude-/) as unknown } });
  expect(row?.usd).toBeGreaterThan(0);
});
