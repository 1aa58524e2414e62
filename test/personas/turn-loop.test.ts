import { describe, expect, test } from "vitest";
import { Retryable } from "../../src/contract/errors.ts";
import type { Json } from "../../src/contract/json.ts";
import type { Journal } from "../../src/personas/turn-journal.ts";
import { runTurns } from "../../src/personas/turn-loop.ts";
import { personaRun, runPersona, type ScriptedTurn, storySchema, turnInput } from "../support/persona-run.ts";

const done = { name: "done", input: { summary: "It is done." } };
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => Promise.reject(new Error("did not fail")),
    (error: unknown) => error,
  );

describe("an llm gives one answer", () => {
  const llm = { shape: "llm" as const, persona: { output: storySchema } };
  const answer = (input: object) => ({ tools: [{ name: "answer", input: input as { title: string } }] });

  test("through the forced tool, checked against the output schema", async () => {
    const run = personaRun([answer({ title: "Health", points: 3 })]);
    const result = await runPersona(run, llm);
    expect(result.answer).toEqual({ title: "Health", points: 3 });
    expect(run.asked[0]).toMatchObject({
      tier: "standard",
      key: "net/develop/f-1/1",
      request: { persona: "developer", toolChoice: "answer" },
    });
    expect(run.asked[0]?.request.tools).toMatchObject([{ name: "answer", input: storySchema }]);
    expect(result).toMatchObject({ model: { calls: 1, inputTokens: 100, outputTokens: 10, costUsd: 0.25 }, tools: [] });
    expect(result.prompt.sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  test("gets one turn to repair a wrong answer, and is told what is wrong", async () => {
    const run = personaRun([answer({ title: "Health", points: 0, extra: true }), answer({ title: "Health", points: 3 })]);
    const result = await runPersona(run, llm);
    expect(result.answer).toEqual({ title: "Health", points: 3 });
    expect(result.model.calls).toBe(2);
    const told = JSON.stringify(run.asked[1]?.request.messages.at(-1));
    expect(told).toMatch(/points must be >= 1/);
    expect(told).toMatch(/extra/);
    expect(run.asked[1]?.request.messages.at(-1)?.content).toMatchObject([{ type: "tool-result", id: "id-1-0", isError: true }]);
  });

  test.each<[string, object[]]>([
    ["wrong twice", [answer({ title: 1 }), answer({ points: "x" })]],
    [
      "no JSON, twice",
      [{ tools: [{ name: "answer", input: '{"title": "He' }], stop: "length" }, { tools: [{ name: "answer", input: "][" }] }],
    ],
    ["only text, twice", [{ text: "Sure!" }, { text: "Here it is." }]],
    ["another tool, twice", [{ tools: [{ name: "fs.write", input: {} }] }, { tools: [{ name: "rm", input: {} }] }]],
    ["nothing, twice", [{}, {}]],
  ])("%s is Terminal answer-invalid, and no tool ran", async (_, turns) => {
    const run = personaRun(turns);
    expect(await failure(runPersona(run, llm))).toMatchObject({
      code: "answer-invalid",
      outlook: "terminal",
      message: expect.stringContaining("developer"),
    });
    expect(run.asked).toHaveLength(2);
    expect(run.called).toEqual([]);
  });

  test("may write the JSON as text where it could not be forced", async () => {
    const text = 'Here:\n```json\n{"title": "Health", "points": 2}\n```';
    expect((await runPersona(personaRun([{ text }]), llm)).answer).toEqual({ title: "Health", points: 2 });
  });

  test("without an output schema its text is the answer", async () => {
    const run = personaRun([{ text: "A haiku." }]);
    expect((await runPersona(run, { shape: "llm" })).answer).toEqual({ text: "A haiku." });
    expect(run.asked[0]?.request.tools).toEqual([]);
  });

  test("a refusal of the provider is Refused", async () => {
    expect(await failure(runPersona(personaRun([{ text: "I can't.", stop: "refusal" }]), llm))).toMatchObject({
      code: "model-refused",
      outlook: "refused",
    });
  });
});

describe("an agent works in turns", () => {
  test("until it calls done: tools run in order, results go back, ids of calls are stable", async () => {
    const run = personaRun([
      {
        text: "I look.",
        tools: [
          { name: "fs.read", input: { path: "a.js" } },
          { name: "think", input: { thought: "hm" } },
        ],
      },
      { tools: [{ name: "git.commit", input: { message: "a" } }, done, { name: "fs.read", input: { path: "never" } }] },
    ]);
    const result = await runPersona(run);
    expect(result.answer).toEqual({ status: "done", summary: "It is done." });
    expect(run.called.map((call) => `${call.call} ${call.name}`)).toEqual(["t1c1 fs.read", "t2c1 git.commit"]);
    expect(result.tools).toEqual(["fs.read", "think", "git.commit", "done"].map((name) => ({ name, ok: true })));
    expect(run.asked[1]?.request.messages.slice(1)).toMatchObject([
      { role: "assistant", content: [{ type: "text" }, { type: "tool-call", id: "id-1-0" }, { type: "tool-call", id: "id-1-1" }] },
      {
        role: "user",
        content: [
          { type: "tool-result", id: "id-1-0", output: { fine: true } },
          { type: "tool-result", id: "id-1-1" },
        ],
      },
    ]);
    expect(run.asked.map((asked) => asked.key)).toEqual(["net/develop/f-1/1", "net/develop/f-1/2"]);
    expect(run.progress.map((each) => each.kind)).toEqual([
      "asking",
      "answered",
      "tool",
      "tool-done",
      "tool",
      "tool-done",
      "asking",
      "answered",
      "tool",
      "tool-done",
      "tool",
      "tool-done",
    ]);
  });

  test("sees only the tools that it may call, and done and fail", async () => {
    const run = personaRun([{ tools: [done] }]);
    await runPersona(run, { wiring: { workspace: false, reads: [], writes: [] }, persona: { tools: ["think", "fs.read", "place.read"] } });
    expect(run.asked[0]?.request.tools.map((tool) => tool.name)).toEqual(["think", "done", "fail"]);
  });

  test("done takes what the output schema asks for; a wrong one is told, and the work goes on", async () => {
    const run = personaRun([
      { tools: [{ name: "done", input: { title: 1 } }] },
      { tools: [{ name: "done", input: { title: "x", points: 1 } }] },
    ]);
    const result = await runPersona(run, { persona: { output: storySchema } });
    expect(result.answer).toEqual({ status: "done", title: "x", points: 1 });
    expect(result.tools).toEqual([
      { name: "done", ok: false },
      { name: "done", ok: true },
    ]);
  });

  test.each<[string, object, object]>([
    ["fail says why", { tools: [{ name: "fail", input: { reason: "no access", status: "done" } }] }, { status: "failed" }],
    [
      "text without a tool is something said, not something done",
      { text: "I can't do that." },
      { status: "said", text: "I can't do that." },
    ],
    ["a refusal by the provider is no success", { text: "No.", tools: [done], stop: "refusal" }, { status: "refused", text: "No." }],
    ["silence is not done", {}, { status: "said", text: "" }],
  ])("%s", async (name, turn, answer) => {
    const turns = name.startsWith("fail") ? [turn, { tools: [{ name: "fail", input: { reason: "no access" } }] }] : [turn];
    expect((await runPersona(personaRun(turns))).answer).toMatchObject(answer);
  });

  test("an answer cut at its limit goes on", async () => {
    const run = personaRun([
      { text: "I was about to", stop: "length" },
      { tools: [{ name: "fs.write", input: '{"path": "a' }], stop: "length" },
      { tools: [done] },
    ]);
    expect((await runPersona(run)).answer.status).toBe("done");
    expect(run.called).toEqual([]);
    expect(JSON.stringify(run.asked[2]?.request.messages.at(-1))).toMatch(/no JSON object/);
  });
});

describe("what goes wrong is an outcome of its own, never success", () => {
  const read = { name: "fs.read", input: { path: "a.js" } };
  const all = (turn: object) => personaRun(() => turn);

  test.each<[string, object, object, string, number]>([
    ["the same call with the same result", { tools: [read] }, {}, "tool-calls-repeated", 4],
    ["the same thought", { tools: [{ name: "think", input: { thought: "hm" } }] }, {}, "tool-calls-repeated", 4],
    ["calls that no tool can take", { tools: [{ name: "fs.read", input: '{"pa' }] }, {}, "tool-calls-malformed", 3],
    ["cut off before any call", { text: "I was about", stop: "length" }, {}, "answer-cut-off", 3],
    [
      "a done that does not fit",
      { tools: [{ name: "done", input: { title: 1 } }] },
      { persona: { output: storySchema } },
      "answer-invalid",
      2,
    ],
    ["half an answer of an llm", { text: "Once upon", stop: "length" }, { shape: "llm" }, "answer-cut-off", 2],
    [
      "half a structured answer",
      { tools: [{ name: "answer", input: '{"ti' }], stop: "length" },
      { shape: "llm", persona: { output: storySchema } },
      "answer-cut-off",
      2,
    ],
  ])("%s", async (_, turn, over, code, calls) => {
    const run = all(turn);
    expect(await failure(runPersona(run, over))).toMatchObject({ code, outlook: "terminal" });
    expect(run.asked).toHaveLength(calls);
  });

  test("a repeated call is warned about first, and one whose result changes is none", async () => {
    let count = 0;
    const polling = personaRun(
      (turn) => ({ tools: [turn < 8 ? read : done] }),
      () => ({ ok: true, output: { count: count++ } }),
    );
    expect((await runPersona(polling)).outcome).toBe("done");
    const stuck = personaRun((turn) => ({ tools: [turn < 4 ? read : done] }));
    expect((await runPersona(stuck)).outcome).toBe("done");
    expect(JSON.stringify(stuck.asked[3]?.request.messages.at(-1))).toMatch(/same call 3 times/);
    expect(JSON.stringify(stuck.asked[2]?.request.messages.at(-1))).not.toMatch(/same call/);
  });
});

describe("a journal takes the place of what was done before", () => {
  const script = (): ScriptedTurn[] => [
    { tools: [{ name: "fs.read", input: { path: "a.js" } }] },
    {
      tools: [
        { name: "git.commit", input: { message: "a" } },
        { name: "fs.delete", input: { path: "a.js" } },
      ],
    },
    { tools: [done] },
  ];
  const journal = (kept: Map<string, Json>, most = Infinity): Journal => ({
    found: (name) => kept.get(name),
    keep: async (name, value) => {
      if (kept.size >= most) throw new Error("killed");
      kept.set(name, value);
    },
    workedMs: 0,
  });

  test("killed after any of its steps, the loop goes on from there: no answer and no result is asked for twice", async () => {
    const whole = personaRun(script());
    const expected = await runPersona(whole);
    for (let steps = 0; steps <= 5; steps += 1) {
      const kept = new Map<string, Json>();
      const first = personaRun(script());
      await runTurns(turnInput(), { ...first.ports, journal: journal(kept, steps) }).catch(() => {});
      expect(kept.size).toBe(steps);
      const stepsBefore = new Set(kept.keys());
      const answers = [...kept.keys()].filter((name) => name.startsWith("answer")).length;
      const second = personaRun((turn) => script()[turn - 1 + answers] ?? {});
      const denied = first.denied.length;
      const result = await runTurns(turnInput(), { ...second.ports, journal: journal(kept) });
      expect({ ...result, model: result.model.calls }).toEqual({ ...expected, model: expected.model.calls });
      expect(second.asked).toHaveLength(3 - answers);
      const left = ["t1c1", "t2c1"].filter((call) => !stepsBefore.has(`tool-${call}`));
      expect(second.called.map(({ call }) => call)).toEqual(left);
      expect(denied + second.denied.length).toBeGreaterThanOrEqual(1);
    }
  });
  test("time worked before counts", async () => {
    const run = personaRun(script());
    const late = { ...journal(new Map()), workedMs: 50_000 };
    expect(await failure(runTurns(turnInput({ persona: { budget: { seconds: 50 } } }), { ...run.ports, journal: late }))).toMatchObject({
      code: "budget-exhausted",
    });
    expect(run.asked).toEqual([]);
  });
});

describe("the budget is looked at before anything is spent", () => {
  const loops = () => personaRun((turn) => ({ tools: [{ name: "think", input: { thought: `again, ${turn}` } }] }));

  test("a model that loops for ever meets its turns, which is an outcome of its own", async () => {
    const run = loops();
    expect(await failure(runPersona(run, { persona: { budget: { turns: 5 } } }))).toMatchObject({
      code: "too-many-turns",
      exitCode: 6,
      message: expect.stringContaining("5 turns"),
    });
    expect(run.asked).toHaveLength(5);
  });
  test("tokens: the next request is counted before it is sent", async () => {
    const run = loops();
    expect(await failure(runPersona(run, { persona: { budget: { turns: 100, tokens: 3000 } } }))).toMatchObject({
      code: "budget-exhausted",
      message: expect.stringContaining("3000 tokens"),
    });
    expect(run.asked.length).toBeGreaterThan(1);
    expect(run.asked.every((asked) => asked.request.maxOutputTokens <= 3000)).toBe(true);
    const none = loops();
    await failure(runPersona(none, { ask: "x".repeat(100_000), persona: { budget: { tokens: 3000 } } }));
    expect(none.asked).toEqual([]);
  });
  test("usd", async () => {
    const run = loops();
    expect(await failure(runPersona(run, { persona: { budget: { turns: 100, usd: 0.6 } } }))).toMatchObject({ code: "budget-exhausted" });
    expect(run.asked).toHaveLength(3);
  });
  test("seconds, between turns and between tools, and a call gets no more than is left", async () => {
    const run = personaRun(
      () => ({
        tools: [
          { name: "fs.read", input: { path: "a" } },
          { name: "fs.read", input: { path: "b" } },
        ],
      }),
      (_, { clock }) => {
        clock.advance(20_000);
        return { ok: true, output: {} };
      },
    );
    expect(await failure(runPersona(run, { persona: { budget: { seconds: 50 } } }))).toMatchObject({
      code: "budget-exhausted",
      message: expect.stringContaining("50 seconds"),
    });
    expect(run.called).toHaveLength(3);
    expect(run.asked.map((asked) => asked.timeoutMs)).toEqual([50_000, 10_000]);
  });
  test("a model that takes all the time that was left has used it up; before, it may be tried again", async () => {
    const late = (ms: number) =>
      personaRun((_, run) => {
        run.clock.advance(ms);
        throw new Retryable({ code: "model-timeout", message: "late" });
      });
    expect(await failure(runPersona(late(60_000), { persona: { budget: { seconds: 50 } } }))).toMatchObject({ code: "budget-exhausted" });
    expect(await failure(runPersona(late(10_000), { persona: { budget: { seconds: 50 } } }))).toMatchObject({
      code: "model-timeout",
      outlook: "retryable",
    });
  });
});
