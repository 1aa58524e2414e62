/**
 * An executor in a network namespace of its own: nothing comes in, and it reaches the broker, the git remote and the model, and nothing else.
 * A whole task is done, committed and pushed there, by an agent and by Claude Code. Says when it cannot run.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Json } from "../../src/contract/json.ts";
import { startAnthropicStub } from "../support/anthropic-stub.ts";
import { freePort } from "../support/free-port.ts";
import { builtCli, CLI, Desk, descendants, ROOT, type Running } from "../support/petrel-process.ts";
import { CLAUDE_BIN, INSTALL_MS, installClaude } from "../support/real-claude.ts";
import type { Stub } from "../support/stub-turn.ts";
import { waitUntil } from "../support/wait-until.ts";
import { git } from "./git-proof.ts";

const UNSHARE = process.getuid?.() === 0 ? ["unshare", "--net"] : ["unshare", "--user", "--map-root-user", "--net"];
const desk = new Desk("namespace");
const relays: Server[] = [];
let lack = "";
let noClaude = "";
let stub: Stub;
let origin = "";
let yard: Running;
let ports: Record<"broker" | "git" | "model" | "gateway", number>;

/** A way out of the namespace: a socket in the file system, to a port of this machine. */
async function relay(name: string, port: number): Promise<string> {
  const path = desk.path(`${name}.sock`);
  const server = createServer((inside) => {
    const outside = connect(port, "127.0.0.1");
    inside.pipe(outside).pipe(inside);
    for (const socket of [inside, outside])
      socket.on("error", () => {
        inside.destroy();
        outside.destroy();
      });
  });
  await new Promise<void>((listening) => server.listen(path, listening));
  relays.push(server);
  return `${port}=${path}`;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    }).once("error", () => resolve(false));
  });
}

const net = () => {
  const ship = { target: "petrel/${done.task}", base: "main", message: "Ship ${done.task}", test: "true" };
  const branch = { task: "${done.task}", branch: "${done.branch}", head: "${done.head}", bundle: "${done.bundle}" };
  const out = (task: string) => [{ to: "made", value: { task, branch: "$b", head: "$h", bundle: "$l" } }];
  const made = (task: string, from: string) =>
    JSON.parse(
      JSON.stringify(out(task))
        .replace("$b", `\${$result.${from}branch}`)
        .replace("$h", `\${$result.${from}head}`)
        .replace("$l", `\${$result.${from}bundle}`),
    ) as Json;
  const place = { base: "main", seed: "2026-01-01T00:00:00Z", repo: origin };
  return {
    net: "fenced",
    places: {
      tasks: { open: true },
      hard: { open: true },
      built: { open: true },
      asked: { open: true },
      made: {},
      said: { sink: true },
      shipped: { sink: true },
      lost: { sink: true },
    },
    transitions: {
      make: {
        ...{ kind: "agent", persona: "maker", pool: "yard", onError: "lost", ask: "Make a file.", in: [{ place: "tasks" }] },
        ...{ workspace: { ...place, branch: "work/agent" }, out: made("agent", "work.") },
      },
      build: {
        ...{ kind: "agent", persona: "coder", pool: "yard", onError: "lost", ask: "Build it.", in: [{ place: "built" }] },
        ...{ engine: { kind: "claude-code", baseUrl: stub.url, secret: "claude_key" } },
        ...{ workspace: { ...place, branch: "work/engine", test: "node --test" }, out: made("engine", "work.") },
      },
      session: {
        ...{
          kind: "command",
          pool: "yard",
          hand: "code.claude",
          secrets: { ANTHROPIC_API_KEY: "claude_key" },
          onError: "lost",
          in: [{ place: "hard" }],
        },
        input: { ...place, branch: "work/claude", ask: "Add a note.", baseUrl: stub.url, tools: ["Bash"] },
        out: made("claude", ""),
      },
      ship: {
        ...{
          kind: "command",
          persona: "shipper",
          pool: "yard",
          hand: "code.deliver",
          onError: "lost",
          in: [{ place: "made", as: "done" }],
        },
        ...{
          input: { repo: origin, ...ship, branches: [branch] },
          out: [{ to: "shipped", value: { task: "${done.task}", pushed: "${$result.pushed}" } }],
        },
      },
      reach: {
        ...{
          kind: "command",
          pool: "yard",
          onError: "lost",
          in: [{ place: "asked", as: "it" }],
          out: [{ to: "said", value: "${$result.stdout}" }],
        },
        argv: [
          "node",
          "-e",
          'require("net").connect(+process.argv[1], process.argv[2]).on("connect", () => (console.log("reached"), process.exit())).on("error", (e) => console.log(e.code))',
          "${it.port}",
          "${it.host}",
        ],
      },
    },
  };
};

beforeAll(async () => {
  try {
    execFileSync(UNSHARE[0] ?? "", [...UNSHARE.slice(1), "ip", "link", "set", "lo", "up"], { stdio: "pipe" });
    if (!existsSync(join(execFileSync("git", ["--exec-path"], { encoding: "utf8" }).trim(), "git-daemon"))) lack = "git daemon is not here";
  } catch (error) {
    lack = `network namespaces cannot be made here: ${String((error as { stderr?: Buffer }).stderr ?? error).trim()}`;
  }
  if (lack !== "") return void process.stderr.write(`not run: ${lack}\n`);
  noClaude = installClaude();
  await builtCli();
  const note = { tools: [{ name: "Bash", input: { command: "echo by claude > note.txt", description: "Write the note" } }] };
  const suite =
    'import assert from "node:assert/strict";\nimport { test } from "node:test";\ntest("it adds", () => assert.equal(1 + 1, 2));\n';
  const build = [
    { tools: [{ name: "Write", input: { file_path: "add.test.mjs", content: suite } }] },
    { tools: [{ name: "Bash", input: { command: "node --test", description: "Run the tests" } }] },
    { text: JSON.stringify({ summary: "It is built, and its test is green." }) },
  ];
  stub = await startAnthropicStub([], (prompt) =>
    prompt.includes("Build it.")
      ? build
      : prompt.includes("Add a note.")
        ? [note, { text: "There is a note." }]
        : [
            { tools: [{ name: "fs__write", input: { path: "a.txt", text: "by an agent\n" } }] },
            { tools: [{ name: "git__commit", input: { message: "Add a" } }] },
            { tools: [{ name: "done", input: { summary: "It is made." } }] },
          ],
  );
  desk.env.ANTHROPIC_API_KEY = "stub";
  desk.env.ANTHROPIC_BASE_URL = stub.url;
  git(desk.cwd, "init", "--quiet", "--initial-branch=main", "seed");
  git(desk.path("seed"), "-c", "user.name=S", "-c", "user.email=s@petrel.invalid", "commit", "--quiet", "--allow-empty", "-m", "begin");
  git(desk.cwd, "clone", "--quiet", "--bare", "seed", "served/origin.git");
  const port = await freePort();
  origin = `git://127.0.0.1:${port}/origin.git`;
  const serve = ["daemon", "--reuseaddr", "--export-all", "--enable=receive-pack", "--listen=127.0.0.1"];
  desk.exec("git", [...serve, `--port=${port}`, `--base-path=${desk.path("served")}`]);
  await waitUntil("the git daemon listens", () => answers(port));

  const system = desk.start(["up", "--json"]);
  const [, ready = ""] = await system.says(/(\{"ready":true.*\})\n/);
  const { nats, gateway } = JSON.parse(ready) as { nats: string; gateway: string };
  const of = (url: string) => Number(new URL(url.replace("nats:", "http:")).port);
  ports = { broker: of(nats), git: port, model: of(stub.url), gateway: of(gateway) };
  const { file } = await desk.json<{ file: string }>(["executor", "enroll", "yard-one", "--pool", "yard"]);
  const ways = await Promise.all((["broker", "git", "model"] as const).map((name) => relay(name, ports[name])));
  const inside = [process.execPath, join(ROOT, "test", "support", "namespace-relay.mjs"), ...ways, "--"];
  desk.env.PATH = `${CLAUDE_BIN}:${process.env.PATH}`;
  const start = [process.execPath, CLI, "executor", "start", "--creds", file, "--dir", desk.path("yard")];
  yard = desk.exec(UNSHARE[0] ?? "", [...UNSHARE.slice(1), ...inside, ...start]);
  await yard.says(/"ready":true/);

  const persona = (name: string, flags: string, tools: string[]) => ({
    persona: name,
    title: name,
    flags,
    tools,
    tier: "standard",
    prompt: "You work.",
  });
  writeFileSync(desk.path("maker.json"), JSON.stringify(persona("maker", "rw---", ["fs.write", "git.commit"])));
  const coder = { ...persona("coder", "rw---", ["fs.read", "fs.write", "tests.run", "git.commit"]), secrets: ["claude_key"] };
  writeFileSync(desk.path("coder.json"), JSON.stringify(coder));
  writeFileSync(desk.path("shipper.json"), JSON.stringify(persona("shipper", "r-x--", [])));
  writeFileSync(desk.path("fenced.json"), JSON.stringify(net()));
  await desk.paste(`echo key-of-the-stub | "${process.execPath}" "${CLI}" secret set claude_key`);
  for (const file of ["maker.json", "coder.json", "shipper.json"]) await desk.json(["persona", "apply", file]);
  await desk.json(["net", "apply", "fenced.json"]);
}, INSTALL_MS + 240_000);
afterAll(async () => {
  await desk.clear();
  for (const each of relays) each.close();
  await stub?.close();
});

const tokens = async (place: string) =>
  (await desk.json<{ tokens: { data: Json }[] }>(["tokens", "fenced", place])).tokens.map(({ data }) => data);
async function shipped(place: string, task: string): Promise<void> {
  await desk.json(["put", "fenced", place, "{}"]);
  const found = async () => (await tokens("shipped")).some((data) => (data as { task: string }).task === task);
  await waitUntil(`${task} is shipped`, async () => (await found()) || (await tokens("lost")).length > 0, 180_000);
  expect(await tokens("lost")).toEqual([]);
}
const head = (branch: string, file: string) => git(desk.path("served", "origin.git"), "show", `${branch}:${file}`);

test("a whole task runs, commits and pushes where nothing comes in and only three ways lead out", { timeout: 240_000 }, async ({
  skip,
}) => {
  if (lack !== "") return skip(lack);
  const executor = descendants(yard.pid).find(({ command }) => command.includes("executor start"))?.pid ?? 0;
  const table = (name: string) => readFileSync(`/proc/${executor}/net/${name}`, "utf8").trim().split("\n");
  expect(
    table("dev")
      .slice(2)
      .map((line) => line.split(":")[0]?.trim()),
  ).toEqual(["lo"]);
  const listening = table("tcp")
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[3] === "0A");
  const open = listening.map(([, local = ""]) => Number.parseInt(local.split(":")[1] ?? "", 16)).sort();
  expect(open).toEqual([ports.broker, ports.git, ports.model].sort());

  await shipped("tasks", "agent");
  expect(head("petrel/agent", "a.txt")).toBe("by an agent");
  // What is there for everybody else on this machine is not there for it.
  expect(await answers(ports.gateway)).toBe(true);
  for (const [host, port] of [
    ["127.0.0.1", ports.gateway],
    ["192.0.2.1", 443],
  ] as const)
    await desk.json(["put", "fenced", "asked", JSON.stringify({ host, port: String(port) })]);
  await waitUntil("both were tried", async () => (await tokens("said")).length === 2, 60_000);
  expect((await tokens("said")).map((said) => String(said).trim()).sort()).toEqual(["ECONNREFUSED", "ENETUNREACH"]);
});

test("and with Claude Code, which asks its model from there", { timeout: 240_000 }, async ({ skip }) => {
  if (lack !== "" || noClaude !== "") return skip(lack || noClaude);
  const before = stub.requests.length;
  await shipped("hard", "claude");
  expect(head("petrel/claude", "note.txt")).toBe("by claude");
  expect(stub.requests.length).toBeGreaterThan(before);
});

test("and with Claude Code as an agent's engine: it writes a test, runs it, and what it leaves is committed and pushed", {
  timeout: 240_000,
}, async ({ skip }) => {
  if (lack !== "" || noClaude !== "") return skip(lack || noClaude);
  await shipped("built", "engine");
  expect(head("petrel/engine", "add.test.mjs")).toContain("it adds");
  expect(git(desk.path("served", "origin.git"), "log", "--format=%an", "petrel/engine").split("\n")).toContain("coder");
  // The tests ran there: the model was told what they said.
  const heard = stub.requests.map(({ body }) => JSON.stringify(body?.messages ?? ""));
  expect(heard.some((text) => /# pass 1|pass 1/.test(text))).toBe(true);
});
