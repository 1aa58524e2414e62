/** What only Claude Code can get wrong: its environment, its own tools, its results, and what it leaves behind (D1 to D3). */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startAnthropicStub } from "../support/anthropic-stub.ts";
import { fakeClaude } from "../support/fake-claude.ts";
import { askOptions, modelRequest, weatherTool } from "../support/model-request.ts";
import type { Stub } from "../support/stub-turn.ts";

let dir: string;
let stub: Stub;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "petrel-claude-test-"));
  stub = await startAnthropicStub([{ text: "Hello.", usage: { input: 10, output: 5, cacheRead: 90 } }]);
});
afterEach(async () => {
  await stub?.close();
  rmSync(dir, { recursive: true, force: true });
});
const provider = (more: object = {}) =>
  fakeClaude({ dir, baseURL: stub.url, env: { PATH: process.env.PATH, ANTHROPIC_API_KEY: "k", AWS_SECRET: "not for it" }, ...more });
interface Seen {
  args: string[];
  env: Record<string, string>;
}

test("D2: its configuration lies in a folder of its own, it has no tools, and of the environment it gets what it needs", async () => {
  const answer = await provider().ask(modelRequest({ model: "claude-opus-5-5" }), askOptions());
  expect(answer).toMatchObject({ usage: { inputTokens: 100, outputTokens: 5, cacheReadTokens: 90 }, costUsd: 0.0123 });
  const { args, env } = JSON.parse(readFileSync(join(dir, "config", "seen.json"), "utf8")) as Seen;
  expect(args.slice(args.indexOf("--tools"), args.indexOf("--tools") + 2)).toEqual(["--tools", ""]);
  expect(args).toEqual(expect.arrayContaining(["-p", "--model", "claude-opus-5-5", "--setting-sources", "--strict-mcp-config"]));
  expect(JSON.stringify(env)).not.toContain("not for it");
  expect(env).toMatchObject({ HOME: dir, CLAUDE_CONFIG_DIR: join(dir, "config") });
  // Neither the prompt nor the conversation is an argument.
  expect(args.join(" ")).not.toContain("You are a tester");
});
test("D1: a result with permission_denials is a failure, though it says success", async () => {
  const asked = provider().ask(modelRequest({ system: "TRY YOUR OWN TOOLS" }), askOptions());
  await expect(asked).rejects.toMatchObject({ code: "model-request", message: expect.stringContaining("tools of its own") });
});
test("tools are described to it, and what it calls comes back as a call", async () => {
  stub.turns = [{ tools: [{ name: "weather__look", input: { city: "Bern" } }] }];
  const answer = await provider().ask(modelRequest({ tools: [weatherTool], toolChoice: "weather.look" }), askOptions());
  expect(answer.content).toEqual([{ type: "tool-call", id: "call_1_1", name: "weather.look", input: { city: "Bern" } }]);
  expect(stub.requests[0]?.body.system).toContain("You must call weather.look.");
});
test("a program that is not there is an unknown model, and says what to do", async () => {
  const asked = provider({ command: "/nowhere/claude" }).ask(modelRequest(), askOptions());
  await expect(asked).rejects.toMatchObject({ code: "model-unknown", hint: expect.stringContaining("command") });
});
test("one that never ends its line is ended, with all that it started", async () => {
  const command = join(dir, "endless");
  writeFileSync(command, "#!/bin/sh\nyes x | tr -d '\\n'\n", { mode: 0o755 });
  const asked = provider({ command }).ask(modelRequest(), askOptions());
  await expect(asked).rejects.toMatchObject({
    code: "command-line-too-long",
    outlook: "terminal",
    message: expect.stringContaining("16 MB"),
  });
});
test("system prompts are files of the owner alone, one for each prompt", async () => {
  await provider().ask(modelRequest(), askOptions());
  await provider().ask(modelRequest(), askOptions());
  expect(readdirSync(join(dir, "work")).filter((name) => name.startsWith("system-"))).toHaveLength(1);
});
