import { randomUUID } from "node:crypto";
import { ulid } from "ulid";
import { describe, expect, test } from "vitest";
import { derivedId, sha256 } from "../../src/contract/hash.ts";
import type { Json } from "../../src/contract/json.ts";
import { canonicalRequest, requestKey } from "../../src/models/canonical-request.ts";
import { fenceData } from "../../src/models/fence.ts";
import { normaliseText } from "../../src/models/normalise-text.ts";
import type { ModelRequest } from "../../src/models/port.ts";
import { modelRequest } from "../support/model-request.ts";

interface Run {
  folder: string;
  seed: string;
  at: string;
  port: number;
  ms: number;
  node: string;
  callId: string;
  tasks: string[];
}

const here: Run = {
  folder: "/tmp/petrel-a1/demo",
  seed: "one",
  at: "2026-11-22T08:12:33.123Z",
  port: 43121,
  ms: 12.31,
  node: "v20.20.2",
  callId: "toolu_01abc",
  tasks: ["server", "docs"],
};

/** One conversation as it comes out of a run: everything that a run decides is taken from `run`. */
function conversation(run: Run, over: { text?: string; exitCode?: number } = {}): ModelRequest {
  const commit = sha256(run.seed).slice(0, 40);
  const tree = `${run.folder}/work/${derivedId("f-", run.seed)}`;
  const tasks: Json = run.tasks.map((title) => ({
    id: derivedId("t-", run.seed, title),
    title,
    at: run.at,
    branch: `task/${derivedId("t-", run.seed, title)}`,
  }));
  const output = {
    ok: false,
    exitCode: over.exitCode ?? 1,
    passed: 4,
    failed: 1,
    durationMs: run.ms,
    failing: [{ name: "adds", message: `at ${tree}/a.js:3 on ${run.node}` }],
    output: `TAP version 13 ${run.node} ${run.ms}`,
  };
  return modelRequest({
    messages: [
      {
        role: "user",
        content: [
          {
            type: "text",
            text: `${over.text ?? "Do the task."}\n\n${fenceData("tasks", tasks)}\n\nYour folder is ${tree}, HEAD is ${commit.slice(0, 7)}.`,
          },
        ],
      },
      {
        role: "assistant",
        content: [
          { type: "text", text: "I run the tests." },
          { type: "tool-call", id: run.callId, name: "tests.run", input: {} },
        ],
      },
      {
        role: "user",
        content: [
          { type: "tool-result", id: run.callId, output },
          {
            type: "text",
            text: `Done in 1.${run.port} s, commit ${commit}, served on http://localhost:${run.port}/health, pid ${run.port}, run ${ulid()} ${randomUUID()}`,
          },
        ],
      },
    ],
  });
}
const keyOf = (request: ModelRequest, roots: string[] = []) => requestKey(canonicalRequest(request, { roots }));

describe("the key of a recording holds", () => {
  const key = keyOf(conversation(here));
  test.each<[string, Partial<Run>]>([
    ["in another folder", { folder: "/home/somebody/src/petrel/.petrel/demo" }],
    ["in another folder on macOS", { folder: "/private/var/folders/x1/T/petrel-77" }],
    ["in a container's own root", { folder: "/workspace" }],
    ["with other token, firing and task ids", { seed: "two" }],
    ["at another time", { at: "2031-01-02T03:04:05+01:00" }],
    ["on other ports", { port: 5173 }],
    ["at another speed", { ms: 99_871.5 }],
    ["on Node 22", { node: "v22.11.0" }],
    ["on Node 24", { node: "v24.1.0" }],
    ["with other call ids", { callId: "call_7_0" }],
    ["in another order of parallel tasks", { tasks: ["docs", "server"] }],
  ])("%s", (_, other) => {
    expect(keyOf(conversation({ ...here, ...other }))).toBe(key);
  });

  test("for another model with other limits: only the tier counts", () => {
    const request = conversation(here);
    expect(keyOf({ ...request, model: "other", maxOutputTokens: 5, temperature: 1 })).toBe(key);
    expect(keyOf({ ...request, tier: "economy" })).not.toBe(key);
  });

  test("when thinking that no other model understands stands in the conversation", () => {
    const request = conversation(here);
    const messages = request.messages.map((message) =>
      message.role === "assistant"
        ? {
            ...message,
            content: [{ type: "opaque" as const, provider: "anthropic", model: "m", value: { signature: "x" } }, ...message.content],
          }
        : message,
    );
    expect(keyOf({ ...request, messages })).toBe(key);
  });

  test("in a folder with spaces, when the run says its roots", () => {
    const folder = "/odd place/my repo";
    const text = (root: string) => modelRequest({ system: `Work in ${root}/src/server.js.` });
    expect(keyOf(text(folder), [folder])).toBe(keyOf(text("/tmp/x"), ["/tmp/x"]));
    expect(canonicalRequest(text(folder), { roots: [folder] }).system).toBe("Work in src/server.js.");
  });
});

describe("another question has another key", () => {
  const key = keyOf(conversation(here));
  test.each<[string, ModelRequest]>([
    ["another task", conversation(here, { text: "Undo the task." })],
    ["another exit code", conversation(here, { exitCode: 0 })],
    ["another task list", conversation({ ...here, tasks: ["server", "client"] })],
    ["one task fewer", conversation({ ...here, tasks: ["server"] })],
    ["another persona", { ...conversation(here), persona: "other" }],
    [
      "a failed tool",
      {
        ...conversation(here),
        messages: conversation(here).messages.map((m) => ({
          ...m,
          content: m.content.map((b) => (b.type === "tool-result" ? { ...b, isError: true } : b)),
        })),
      },
    ],
  ])("%s", (_, request) => {
    expect(keyOf(request)).not.toBe(key);
  });
});

test.each([
  ["GET /health answers 200", "GET /health answers 200"],
  ["see src/server.js:12 and ./test/a.test.js", "see src/server.js:12 and ./test/a.test.js"],
  ["https://example.org/a/b/c/d", "https://example.org/a/b/c/d"],
  ["defaced facade decade", "defaced facade decade"],
  ["the counter is 42", "the counter is 42"],
  ["version 1.2.3", "version 1.2.3"],
  ["/tmp/x/y.js:3:4", "<path>"],
  ["file:///tmp/x/y.js:3:4", "<path>"],
  ["C:\\Users\\me\\repo\\a.js", "<path>"],
  ["ok 1 - adds # duration_ms 0.41", "ok 1 - adds # duration_ms <duration>"],
  ["✔ adds (1.204ms)", "✔ adds (<duration>)"],
  ["Date:   Sun Nov 22 08:12:33 2026 +0000", "Date:   <time>"],
  ["http://127.0.0.1:43121/x", "http://127.0.0.1:<port>/x"],
  ["commit 1a2b3c4", "commit <hash>"],
  ["a\r\nb", "a\nb"],
])("text %j becomes %j", (text, plain) => {
  expect(normaliseText(text)).toBe(plain);
});

test("normalising is idempotent, so a recorded canonical form can be read back as a request", () => {
  const canonical = canonicalRequest(conversation(here));
  for (const message of canonical.messages) expect(normaliseText(JSON.stringify(message))).toBe(JSON.stringify(message));
});

test("a stack trace of any Node version leaves its message only", () => {
  const trace = (frame: string) => `AssertionError: 3 !== 4\n    at add (file:///tmp/p/a.js:1:2)\n    at ${frame}\nend`;
  expect(normaliseText(trace("Test.run (node:internal/test_runner/test:797:9)"))).toBe("AssertionError: 3 !== 4\nend");
  expect(normaliseText(trace("async node:internal/test_runner/harness:1:1"))).toBe("AssertionError: 3 !== 4\nend");
});

test("long hostile text is normalised in bounded time", () => {
  const took = [0, 1, 2].map(() => {
    const begun = performance.now();
    for (const unit of ["/a", "a.", "1", "0x", "at (", "2026-11-22T", "f-", '<data name="', "sk-", "C:\\a"])
      normaliseText(unit.repeat(60_000 / unit.length));
    return performance.now() - begun;
  });
  // The best of three: the machine may stand still once.
  expect(Math.min(...took)).toBeLessThan(4000);
});
