import { execFile } from "node:child_process";
import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { PetrelError } from "../../src/contract/errors.ts";
import { type CassetteHeader, parseCassette } from "../../src/models/cassette.ts";
import type { ModelAnswer, ModelProvider, ModelRequest } from "../../src/models/port.ts";
import { answersFileSchema, authoredProvider } from "../../src/models/providers/authored.ts";
import { recordedProvider } from "../../src/models/providers/recorded.ts";
import { openRecorder } from "../../src/models/recorder.ts";
import { redactor } from "../../src/models/redact.ts";
import { handClock, realClock } from "../support/model-clock.ts";
import { askOptions, modelRequest } from "../support/model-request.ts";
import { until } from "../support/wait-until.ts";

const header: CassetteHeader = { cassette: 1, origin: "live", model: "stub", date: "2026-11-22" };
let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "petrel-cassette-"));
  file = join(folder, "deep", "net.cassette.jsonl");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function says(text: (request: ModelRequest) => string): ModelProvider {
  const answer = (request: ModelRequest): ModelAnswer => ({
    content: [
      { type: "opaque", provider: "anthropic", model: "m", value: { signature: "s" } },
      { type: "text", text: text(request) },
    ],
    stop: "end",
    usage: { inputTokens: 10, outputTokens: 5 },
    model: "stub-1",
  });
  return { name: "stub", ask: async (request) => answer(request) };
}
const asking = (text: string, over: Partial<ModelRequest> = {}) =>
  modelRequest({ messages: [{ role: "user", content: [{ type: "text", text }] }], ...over });
const load = async () => parseCassette(await readFile(file, "utf8"), file);
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => Promise.reject(new Error("did not fail")),
    (error: PetrelError) => error,
  );

describe("the recorder", () => {
  test("writes what was answered, and the recorded provider gives it again, every time", async () => {
    const recorder = await openRecorder({ file, header });
    const live = recorder.wrap(says((request) => `answer to ${JSON.stringify(request.messages).length}`));
    const first = await live.ask(asking("one"), askOptions());
    await live.ask(asking("two"), askOptions());
    const again = recordedProvider(await load(), { clock: realClock });
    const replayed = await again.ask(asking("one"), askOptions());
    expect(replayed.content).toEqual(first.content.filter((block) => block.type !== "opaque"));
    expect(replayed.usage).toEqual(first.usage);
    expect(await again.ask(asking("one"), askOptions())).toEqual(replayed);
    expect((await load()).header).toEqual(header);
  });

  test("keeps the first answer to a request (R3), also over a restart", async () => {
    let count = 0;
    const live = (await openRecorder({ file, header })).wrap(says(() => `answer ${++count}`));
    await live.ask(asking("one"), askOptions());
    await live.ask(asking("one"), askOptions());
    const later = await openRecorder({ file, header });
    await later.wrap(says(() => `answer ${++count}`)).ask(asking("one"), askOptions());
    const { recordings } = await load();
    expect(recordings.map((recording) => recording.answer.content)).toEqual([[{ type: "text", text: "answer 1" }]]);
    expect(later.count()).toBe(0);
  });

  test("many at a time: every line is whole", async () => {
    const live = (await openRecorder({ file, header })).wrap(says(() => "x".repeat(20_000)));
    await Promise.all(Array.from({ length: 40 }, (_, n) => live.ask(asking(`question ${n}`), askOptions())));
    expect((await load()).recordings).toHaveLength(40);
  });

  test("a tail torn by a crash is left out by readers and cut off before the next append (R2)", async () => {
    const live = (await openRecorder({ file, header })).wrap(says(() => "yes"));
    await live.ask(asking("one"), askOptions());
    await appendFile(file, '{"key":"0000');
    expect((await load()).recordings).toHaveLength(1);
    await (await openRecorder({ file, header })).wrap(says(() => "yes")).ask(asking("two"), askOptions());
    expect((await load()).recordings).toHaveLength(2);
  });

  test("no secret reaches the file, and the recording is still found with another secret in its place (R4)", async () => {
    const secrets = (own: string) => [
      own,
      `sk-ant-${own}abcdefghijkl`,
      `Authorization: Bearer ${own}.eyJabc`,
      "AKIAIOSFODNN7EXAMPLE",
      `ghp_${own.padEnd(24, "q").replace(/\W/g, "")}`,
      `-----BEGIN RSA PRIVATE KEY-----\n${own}\n-----END RSA PRIVATE KEY-----`,
      `https://me:${own}@example.org/r.git`,
    ];
    const request = (own: string) => asking(`use these: ${secrets(own).join(" , ")}`);
    const options = (own: string) => ({ redact: redactor({ DEPLOY_TOKEN: own, PATH: "/usr/bin", SHORT_KEY: "true" }) });
    const recorder = await openRecorder({ file, header, ...options("hunter2-hunter2") });
    await recorder.wrap(says(() => secrets("hunter2-hunter2").join("\n"))).ask(request("hunter2-hunter2"), askOptions());
    const text = await readFile(file, "utf8");
    expect(text).not.toContain("hunter2");
    expect(text).not.toContain("AKIAIOS");
    const elsewhere = recordedProvider(await load(), { clock: realClock, ...options("swordfish-swordfish") });
    expect((await elsewhere.ask(request("swordfish-swordfish"), askOptions())).stop).toBe("end");
  });

  test("live answers do not join authored ones", async () => {
    await openRecorder({ file, header: { ...header, origin: "authored" } });
    expect(await failure(openRecorder({ file, header }))).toMatchObject({ code: "cassette-origin" });
  });

  test("an answer that fails is not recorded", async () => {
    const recorder = await openRecorder({ file, header });
    const broken: ModelProvider = { name: "broken", ask: () => Promise.reject(new Error("down")) };
    await failure(recorder.wrap(broken).ask(asking("one"), askOptions()));
    expect((await load()).recordings).toEqual([]);
  });
});

describe("a request without a recording", () => {
  test("says which persona asked, where the nearest recorded request differs, and which variable to set", async () => {
    const live = (await openRecorder({ file, header })).wrap(says(() => "yes"));
    await live.ask(asking("Write a story.\nIt is about a health check.\nKeep it short.", { persona: "product-manager" }), askOptions());
    await live.ask(asking("Something else entirely.", { persona: "product-manager" }), askOptions());
    await live.ask(asking("Write a story.\nIt is about a login.\nKeep it short.", { persona: "architect" }), askOptions());
    const provider = recordedProvider(await load(), { clock: realClock });
    const error = await failure(
      provider.ask(asking("Write a story.\nIt is about a login.\nKeep it short.", { persona: "product-manager" }), askOptions()),
    );
    expect(error).toMatchObject({ code: "no-recording", outlook: "terminal" });
    expect(error.message).toContain("product-manager");
    expect(error.message).toContain("- user| It is about a health check.");
    expect(error.message).toContain("+ user| It is about a login.");
    expect(error.message).not.toContain("Keep it short");
    expect(error.hint).toMatch(/ANTHROPIC_API_KEY or OPENAI_API_KEY.*--live/);
  });

  test("of a persona that was never recorded names those that were", async () => {
    const live = (await openRecorder({ file, header })).wrap(says(() => "yes"));
    await live.ask(asking("one", { persona: "architect" }), askOptions());
    const error = await failure(recordedProvider(await load(), { clock: realClock }).ask(asking("one", { persona: "qa" }), askOptions()));
    expect(error.message).toMatch(/persona qa[\s\S]*it has architect/);
  });

  test("a huge difference stays short", async () => {
    const live = (await openRecorder({ file, header })).wrap(says(() => "yes"));
    const long = (word: string) => Array.from({ length: 3000 }, (_, n) => `${word} ${n} ${"x".repeat(400)}`).join("\n");
    await live.ask(asking(long("left")), askOptions());
    const error = await failure(recordedProvider(await load(), { clock: realClock }).ask(asking(long("right")), askOptions()));
    expect(error.message.length).toBeLessThan(4000);
  });
});

describe("a cassette that is broken", () => {
  test.each([
    ["an empty file", "", 1],
    ["no header", '{"key":"x"}\n', 1],
    ["a line that is no JSON", `${JSON.stringify(header)}\nnonsense\n`, 2],
    ["a recording with an unknown field", `${JSON.stringify(header)}\n\n{"key":"x","extra":1}\n`, 3],
  ])("%s is one error with file and line", (_, text, line) => {
    expect(() => parseCassette(text, "a.jsonl")).toThrow(expect.objectContaining({ code: "cassette-invalid", where: `a.jsonl:${line}` }));
  });
});

test("a recorded answer takes its pace on the clock, and can be called off in the middle", async () => {
  const live = (await openRecorder({ file, header })).wrap(says(() => "one two three four five six seven eight"));
  await live.ask(asking("one"), askOptions());
  const clock = handClock();
  const provider = recordedProvider(await load(), { clock, paceMs: 8000 });
  const pieces: string[] = [];
  const whole = provider.ask(asking("one"), askOptions({ timeoutMs: 60_000, onText: (delta) => pieces.push(delta) }));
  for (let step = 0; step < 8; step++) {
    await until(`step ${step} waits`, () => clock.pending() === 2 && pieces.length === step);
    clock.advance(1000);
  }
  expect((await whole).stop).toBe("end");
  expect(pieces.join("")).toBe("one two three four five six seven eight");

  const controller = new AbortController();
  const half = failure(provider.ask(asking("one"), askOptions({ timeoutMs: 60_000, signal: controller.signal })));
  await until("it has begun", () => clock.pending() === 2);
  controller.abort();
  expect(await half).toMatchObject({ code: "aborted" });
  expect(clock.pending()).toBe(0);
});

describe("authored answers", () => {
  const answers = answersFileSchema.parse({
    answers: [
      { persona: "developer", when: ["rework", '"title"'], turns: [{ text: "second try" }] },
      {
        persona: "developer",
        turns: [
          {
            text: "I look.",
            tools: [
              { name: "fs.read", input: { path: "a.js" } },
              { name: "fs.list", input: {} },
            ],
          },
          { tools: [{ name: "done", input: { summary: "done" } }] },
        ],
      },
      { persona: "qa", turns: [{ text: "I cannot.", refusal: true }] },
    ],
  });
  const provider = () => authoredProvider(answers, { clock: realClock, file: "answers.json" });

  test("are chosen by persona, by what the conversation says and by the turn", async () => {
    const first = await provider().ask(asking("build it", { persona: "developer" }), askOptions());
    expect(first).toMatchObject({
      stop: "tool-call",
      content: [{ text: "I look." }, { id: "call_developer_1_1", name: "fs.read" }, { id: "call_developer_1_2" }],
    });
    const request = asking("build it", { persona: "developer" });
    const second = await provider().ask(
      { ...request, messages: [...request.messages, { role: "assistant", content: first.content }, { role: "user", content: [] }] },
      askOptions(),
    );
    expect(second.content).toEqual([{ type: "tool-call", id: "call_developer_2_1", name: "done", input: { summary: "done" } }]);
    const rework = await provider().ask(asking('this is rework of {"title": "x"}', { persona: "developer" }), askOptions());
    expect(rework).toMatchObject({ stop: "end", content: [{ text: "second try" }] });
    expect(await provider().ask(asking("judge", { persona: "qa" }), askOptions())).toMatchObject({ stop: "refusal" });
  });

  test("missing ones say so", async () => {
    expect((await failure(provider().ask(asking("x", { persona: "devops" }), askOptions()))).message).toMatch(/devops: no entry fits/);
    const over = asking('rework "title"', { persona: "developer" });
    const messages = [...over.messages, { role: "assistant" as const, content: [] }];
    expect((await failure(provider().ask({ ...over, messages }, askOptions()))).message).toMatch(/turn 2 is asked for/);
  });

  test("authoring a cassette twice, in two folders, gives the same bytes", async () => {
    const write = async (name: string, root: string) => {
      const target = join(folder, name);
      const recorder = await openRecorder({ file: target, header: { ...header, origin: "authored" } });
      const author = recorder.wrap(provider());
      await author.ask(asking(`build it in ${root}/x at ${new Date().toISOString()}`, { persona: "developer" }), askOptions());
      return readFile(target, "utf8");
    };
    expect(await write("a.jsonl", "/tmp/one")).toBe(await write("b.jsonl", "/home/two"));
  });
});

test("the recorder of a process that is killed leaves a readable cassette", async () => {
  const script = join(folder, "write.mjs");
  const line = JSON.stringify(header);
  await writeFile(
    script,
    `import { appendFileSync } from "node:fs"; const f = ${JSON.stringify(join(folder, "k.jsonl"))}; appendFileSync(f, ${JSON.stringify(`${line}\n{"key":"torn`)}); process.kill(process.pid, "SIGKILL");`,
  );
  await promisify(execFile)(process.execPath, [script]).catch(() => {});
  const target = join(folder, "k.jsonl");
  const recorder = await openRecorder({ file: target, header });
  await recorder.wrap(says(() => "yes")).ask(asking("one"), askOptions());
  expect(parseCassette(await readFile(target, "utf8"), target).recordings).toHaveLength(1);
});
