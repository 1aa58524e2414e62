import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { derivedId, sha256 } from "../../src/contract/hash.ts";
import type { Json } from "../../src/contract/json.ts";
import { parseCassette } from "../../src/models/cassette.ts";
import { defaultConfig } from "../../src/models/default-config.ts";
import type { ModelProvider } from "../../src/models/port.ts";
import { answersFileSchema, authoredProvider } from "../../src/models/providers/authored.ts";
import { recordedProvider } from "../../src/models/providers/recorded.ts";
import { openRecorder } from "../../src/models/recorder.ts";
import { tierModels } from "../../src/models/tiers.ts";
import type { ToolOutcome } from "../../src/personas/turn.ts";
import { runTurns } from "../../src/personas/turn-loop.ts";
import { realClock as clock } from "../support/model-clock.ts";
import { storySchema, turnInput } from "../support/persona-run.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "petrel-replay-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const answers = answersFileSchema.parse({
  answers: [
    { persona: "product-manager", turns: [{ tools: [{ name: "answer", input: { title: "Health", points: 2 } }] }] },
    {
      persona: "developer",
      turns: [
        {
          text: "I look first.",
          tools: [
            { name: "fs.read", input: { path: "server.js" } },
            { name: "tests.run", input: {} },
          ],
        },
        { tools: [{ name: "git.commit", input: { message: "Add /health" } }] },
        { tools: [{ name: "done", input: { summary: "Committed." } }] },
      ],
    },
  ],
});

/** The same work as another run does it: other ids, folders, times, ports, hashes; what a tool says of them differs too. */
async function work(provider: ModelProvider, run: { seed: string; folder: string; node: string }) {
  const tiers = tierModels(defaultConfig, new Map(), { clock, instead: provider });
  const task: Json = {
    id: derivedId("t-", run.seed),
    title: "Health check",
    at: new Date().toISOString(),
    worktree: `${run.folder}/work/${derivedId("f-", run.seed)}`,
  };
  const outputs: Record<string, Json> = {
    "fs.read": { path: "server.js", content: "export const port = 3000;\n", sha256: sha256(run.seed) },
    "tests.run": {
      ok: true,
      exitCode: 0,
      passed: 3,
      failed: 0,
      failing: [],
      output: `# node ${run.node}\n# duration_ms ${Math.random() * 100}`,
    },
    "git.commit": { sha: sha256(`c${run.seed}`).slice(0, 40), subject: "Add /health", files: ["server.js"] },
  };
  const ports = {
    ask: tiers.ask,
    clock,
    signal: new AbortController().signal,
    callTool: async (name: string): Promise<ToolOutcome> => ({ ok: true, output: outputs[name] ?? null }),
  };
  const key = `net/step/${derivedId("f-", run.seed)}`;
  const story = await runTurns(
    turnInput({
      shape: "llm",
      persona: { persona: "product-manager", title: "Product manager", tools: [], output: storySchema },
      data: { request: task },
      key,
    }),
    ports,
  );
  const code = await runTurns(turnInput({ data: { task }, key }), ports);
  return { story, code };
}

test("personas whose answers were recorded do the same again in another run, for nothing", async () => {
  const file = join(folder, "net.cassette.jsonl");
  const recorder = await openRecorder({ file, header: { cassette: 1, origin: "authored", model: "hand", date: "2026-11-22" } });
  const first = await work(recorder.wrap(authoredProvider(answers, { clock, file: "answers.json" })), {
    seed: "one",
    folder: "/tmp/a",
    node: "v20.20.2",
  });
  expect(recorder.count()).toBe(4);

  const replay = recordedProvider(parseCassette(await readFile(file, "utf8"), file), { clock });
  const second = await work(replay, { seed: "two", folder: "/home/me/src/demo/.petrel", node: "v24.3.0" });
  expect(second.story.answer).toEqual(first.story.answer);
  expect(second.code.answer).toEqual({ status: "done", summary: "Committed." });
  expect(second.code.tools).toEqual(first.code.tools);
  expect(second.code.model).toMatchObject({ provider: "recorded", calls: 3, costUsd: 0, inputTokens: first.code.model.inputTokens });
  expect(second.code.model.listUsd).toBeGreaterThan(0);
});
