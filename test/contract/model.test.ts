import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseCassette } from "../../src/models/cassette.ts";
import type { ModelProvider } from "../../src/models/port.ts";
import { anthropicProvider } from "../../src/models/providers/anthropic.ts";
import { authoredProvider } from "../../src/models/providers/authored.ts";
import { openaiProvider } from "../../src/models/providers/openai.ts";
import { recordedProvider } from "../../src/models/providers/recorded.ts";
import { type Rule, rulesProvider } from "../../src/models/providers/rules.ts";
import { openRecorder } from "../../src/models/recorder.ts";
import { startAnthropicStub } from "../support/anthropic-stub.ts";
import { fakeClaude } from "../support/fake-claude.ts";
import { realClock } from "../support/model-clock.ts";
import { askOptions, modelRequest, weatherTool } from "../support/model-request.ts";
import { startOpenAIStub } from "../support/openai-stub.ts";
import type { Stub, StubTurn } from "../support/stub-turn.ts";
import { type ModelRig, modelContract } from "./model.contract.ts";

const clock = realClock;

function overStub(start: (turns: StubTurn[]) => Promise<Stub>, provider: (url: string, apiKey: string) => ModelProvider) {
  const rig = async (turns: StubTurn[], key = "sk-test-key-of-no-use"): Promise<ModelRig> => {
    const stub = await start(turns);
    return { provider: provider(stub.url, key), aborted: () => stub.aborted, asked: () => stub.requests.length, close: stub.close };
  };
  return {
    answering: (turns: StubTurn[]) => rig(turns),
    endless: () => rig([{ text: "Hello", after: "hang" as const }]),
    failing: (turn: StubTurn, key: string) => rig([turn], key),
  };
}

modelContract(
  "anthropic",
  overStub(startAnthropicStub, (baseURL, apiKey) => anthropicProvider({ apiKey, baseURL, clock })),
);
for (const api of ["chat", "responses"] as const) {
  modelContract(
    `openai ${api}`,
    overStub(startOpenAIStub, (url, apiKey) => openaiProvider({ apiKey, baseURL: `${url}/v1`, clock, api })),
  );
}

modelContract("claude-code", {
  ...overStub(startAnthropicStub, (baseURL, key) => fakeClaude({ baseURL, env: { ANTHROPIC_API_KEY: key } })),
  tellsRetryAfter: false,
});

/** Records what a stubbed API answers to the contract's conversations, and answers from that. */
async function recorded(turns: StubTurn[], paceMs: number): Promise<ModelRig> {
  const folder = await mkdtemp(join(tmpdir(), "petrel-cassette-"));
  const stub = await startAnthropicStub(turns);
  const file = join(folder, "test.cassette.jsonl");
  const recorder = await openRecorder({ file, header: { cassette: 1, origin: "live", model: "stub", date: "2026-11-22" } });
  const live = recorder.wrap(anthropicProvider({ apiKey: "sk-test-key-of-no-use", baseURL: stub.url, clock }));
  for (const tools of [[], [weatherTool]]) {
    const request = modelRequest({ tools });
    const first = await live.ask(request, askOptions());
    const call = first.content.find((block) => block.type === "tool-call");
    if (call?.type !== "tool-call") continue;
    const result = { type: "tool-result" as const, id: call.id, output: { sky: "rain" } };
    const messages = [
      ...request.messages,
      { role: "assistant" as const, content: first.content },
      { role: "user" as const, content: [result] },
    ];
    await live.ask({ ...request, messages }, askOptions());
  }
  await stub.close();
  const cassette = parseCassette(await readFile(file, "utf8"), file);
  return {
    provider: recordedProvider(cassette, { clock, paceMs }),
    aborted: null,
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

modelContract("recorded", {
  answering: (turns) => recorded(turns, 0),
  endless: () => recorded([{ text: "Hello, world, I take my time." }], 2000),
  failing: null,
});

modelContract("authored", {
  answering: async (turns) => {
    const written = turns.map((turn) => ({
      text: turn.text ?? turn.refusal ?? "",
      ...(turn.refusal === undefined ? {} : { refusal: true as const }),
      tools: (turn.tools ?? []).map((tool) => ({ name: "weather.look", input: tool.input as { city: string } })),
    }));
    const inner = authoredProvider({ answers: [{ persona: "tester", when: [], turns: written }] }, { clock, file: "answers.json" });
    return { provider: counting(inner, turns), aborted: null, close: async () => {} };
  },
  endless: () => recorded([{ text: "Hello, world, I take my time." }], 2000),
  failing: null,
});

modelContract("rules", {
  answering: async (turns) => {
    const rule: Rule = ({ turn }) => {
      const { text, refusal, tools } = turns[turn] ?? {};
      const calls = (tools ?? []).map(({ input }) => ({ tool: "weather.look", input: input as { city: string } }));
      return { ...(text === undefined ? {} : { say: text }), ...(refusal === undefined ? {} : { refusal }), calls };
    };
    return { provider: counting(rulesProvider(new Map([["tester", rule]]), { clock }), turns), aborted: null, close: async () => {} };
  },
  endless: async () => {
    const slow = rulesProvider(new Map([["tester", () => ({ say: "Hello, world, I take my time." })]]), { clock, paceMs: 2000 });
    return { provider: slow, aborted: null, close: async () => {} };
  },
  failing: null,
});

/** Authored usage is an estimate, and so is that of rules; the contract's wanted numbers are laid over it. */
function counting(inner: ModelProvider, turns: StubTurn[]): ModelProvider {
  return {
    name: inner.name,
    ask: async (request, options) => {
      const answer = await inner.ask(request, options);
      const usage = turns[0]?.usage;
      return usage ? { ...answer, usage: { inputTokens: usage.input, outputTokens: usage.output } } : answer;
    },
  };
}
