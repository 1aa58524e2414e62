/** Each tool that runs on the master, with calls that are allowed and calls that are refused, in a running net. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FLAGS } from "../../src/contract/capability.ts";
import type { Json, JsonObject } from "../../src/contract/json.ts";
import { toolCatalogue } from "../../src/tools/catalogue.ts";
import { httpServer, json, type TestHttpServer } from "../support/http-server.ts";
import { eventsOf, logAgreesWithPlaces } from "../support/log-check.ts";
import { type ToolKit, toolKit } from "../support/tool-kit.ts";
import { waitUntil } from "../support/wait-until.ts";

const side = (to: string) => ({ to, when: "false" });
const NET: JsonObject = {
  net: "desk",
  tokens: { answers: [{ answer: "an old one" }] },
  places: {
    tasks: { open: true },
    papers: { open: true },
    notes: { sink: true, schema: { type: "object", required: ["text"], properties: { text: { type: "string" } } }, capacity: 4 },
    questions: {},
    answers: { sink: true },
    approvals: {},
    approved: { sink: true },
    vault: { open: true, sink: true },
    proposals: { sink: true },
    done: { sink: true },
    errors: { sink: true },
  },
  transitions: {
    work: {
      kind: "agent",
      persona: "worker",
      ask: "Do the task.",
      in: [
        { place: "tasks", as: "task", where: "$.hold != true" },
        { place: "papers", as: "paper", mode: "read" },
        { place: "answers", as: "known", mode: "read" },
      ],
      out: [{ to: "done" }, side("notes"), side("questions"), side("approvals"), side("proposals")],
      onError: "errors",
    },
    specialist: {
      kind: "map",
      in: [{ place: "questions", as: "q" }],
      out: [{ to: "answers" }],
      value: { answer: "${q.question}, indeed" },
    },
    decide: {
      kind: "pass",
      in: [{ place: "approvals", as: "a" }],
      out: [{ to: "approved" }],
      gate: { approvers: ["role:maintainer"], quorum: 1, expires: "1h", escalate: "errors" },
    },
  },
};

let tools: ToolKit;
let server: TestHttpServer;
let artifact = "";
let secretArtifact = "";
beforeAll(async () => {
  tools = await toolKit(NET, "tasks");
  server = await httpServer((asked, response) => {
    if (asked.method === "POST") json(response, { got: asked.body });
    else response.writeHead(200, { "content-type": "text/html" }).end("<h1>Hello</h1><script>alert(1)</script><p>a &amp; b</p>");
  });
  const { artifacts } = tools.kit.broker;
  artifact = (await artifacts.put(Buffer.from("<p>Page one</p>"), "text/html")).$artifact;
  secretArtifact = (await artifacts.put(Buffer.from("nobody's business"), "text/plain")).$artifact;
  await tools.grant("rwxhl", ["place.read"]);
  await tools.kit.put("desk", "papers", { title: "A", pages: 3, file: { $artifact: artifact, sha256: "", size: 15, type: "text/html" } });
  await tools.kit.put("desk", "vault", { secret: "s3cret", file: { $artifact: secretArtifact } });
});
afterAll(async () => {
  await logAgreesWithPlaces(tools.kit.broker, "desk");
  await tools.stop();
  await server.stop();
});

/** One call by a persona with all flags and this one tool. */
async function allowed(name: string, input: Json, more: JsonObject = {}): Promise<JsonObject> {
  await tools.grant("rwxhl", [name], more);
  const { results } = await tools.run([{ name, input }]);
  expect(results[0]?.isError, JSON.stringify(results[0]?.output)).toBe(false);
  return results[0]?.output as JsonObject;
}
async function wrong(name: string, input: Json, flags = "rwxhl", list = [name]): Promise<string> {
  await tools.grant(flags, list);
  const { results } = await tools.run([{ name, input }]);
  expect(results[0]?.isError, JSON.stringify(results[0]?.output)).toBe(true);
  return String((results[0]?.output as JsonObject | undefined)?.error);
}

/** Tools of the master with an input that is sound. */
const SOUND: Record<string, () => JsonObject> = {
  "place.query": () => ({ query: "FROM papers" }),
  "place.read": () => ({ place: "papers" }),
  "place.peek": () => ({ place: "papers" }),
  "place.count": () => ({ place: "papers" }),
  "place.emit": () => ({ place: "questions", data: { question: "is it" } }),
  "place.move": () => ({ from: "tasks", id: "t-none", to: "notes" }),
  "net.describe": () => ({}),
  "net.check": () => ({ definition: NET }),
  "net.why": () => ({ name: "work" }),
  "net.propose": () => ({ definition: NET, reason: "no reason" }),
  "events.tail": () => ({}),
  "events.search": () => ({ types: ["arrived"] }),
  "events.trail": () => ({ token: "t-1" }),
  "events.statistics": () => ({}),
  "artifact.get": () => ({ id: artifact }),
  "artifact.describe": () => ({ id: artifact }),
  "artifact.text": () => ({ id: artifact }),
  "artifact.put": () => ({ content: "x" }),
  "http.get": () => ({ url: `${server.url}/a` }),
  "http.post": () => ({ url: `${server.url}/a`, json: {} }),
  "http.download": () => ({ url: `${server.url}/a` }),
  "gate.list": () => ({}),
  "gate.ask": () => ({ place: "approvals", question: "May I?" }),
  "persona.describe": () => ({}),
  "persona.propose": () => ({ definition: {}, reason: "no reason" }),
  "crystallize.candidates": () => ({}),
  "crystallize.learn": () => ({ transition: "triage" }),
  "crystallize.show": () => ({ transition: "triage" }),
  "crystallize.shadow": () => ({ transition: "triage" }),
  "crystallize.promote": () => ({ transition: "triage" }),
  "crystallize.undo": () => ({ transition: "triage", reason: "no reason" }),
  ask: () => ({ place: "questions", question: "is it", answers: "answers" }),
  think: () => ({ thought: "hm" }),
  plan: () => ({ steps: [{ step: "one" }] }),
  "helper.run": () => ({ task: "Count." }),
  "time.now": () => ({}),
  "time.wait": () => ({ seconds: 0 }),
  "data.query": () => ({ items: [], query: "FROM $" }),
  "data.validate": () => ({ schema: {}, value: 1 }),
  "data.diff": () => ({ before: 1, after: 2 }),
  "data.tabulate": () => ({ rows: [] }),
  "data.summarise": () => ({ text: "long" }),
  "memory.recall": () => ({ query: "words" }),
  "memory.list": () => ({}),
  "memory.write": () => ({ text: "It was like this." }),
  "memory.forget": () => ({ id: "t-1" }),
  "knowledge.search": () => ({ query: "words" }),
};

describe("a call that is not allowed does nothing, is told, and stands in the log", () => {
  const names = [...toolCatalogue.values()].filter(({ name, runs }) => runs !== "executor" && name !== "done" && name !== "fail");
  const others = names.map(({ name, flag }) => [name, flag] as const);

  test.each(others)("%s", async (name, flag) => {
    const flags = FLAGS.map((each) => (each === flag ? "-" : each)).join("");
    const sound = SOUND[name]?.() as Json;
    const before = (await tools.denied()).length;
    const code = flag === null ? await wrong(name, sound, "rwxhl", ["place.read"]) : await wrong(name, sound, flags);
    expect(code).toBe(flag === null ? "tool-not-listed" : "flag-missing");
    expect((await tools.denied()).slice(before)).toEqual([{ tool: name, code }]);
  });
});

test("with the flag and the list, and no memory, the net still gives the tools of a memory nothing to work with", async () => {
  for (const name of ["memory.recall", "memory.list", "memory.write", "memory.forget"])
    expect(await wrong(name, SOUND[name]?.() as Json)).toBe("tool-not-wired");
});

describe("places", () => {
  test("query, read, peek and count show what the input arcs name", async () => {
    expect(await allowed("place.query", { query: "SELECT title, pages FROM papers WHERE $.pages > 2" })).toMatchObject({
      rows: [{ place: "papers", value: { title: "A", pages: 3 } }],
      total: 1,
    });
    expect(await allowed("place.read", { place: "papers", where: "$.pages == 3" })).toMatchObject({
      tokens: [{ data: { title: "A" } }],
      more: false,
    });
    expect(await allowed("place.read", { place: "papers", where: "$.pages == 4" })).toMatchObject({ tokens: [] });
    expect(await allowed("place.peek", { place: "papers" })).toMatchObject({
      tokens: [{ held: false, fields: ["title", "pages", "file"] }],
    });
    expect(await allowed("place.count", { place: "tasks" })).toEqual({ place: "tasks", count: 1, held: 1 });
  });

  test("a place without an arc cannot be read, by any of them", async () => {
    expect(await wrong("place.read", { place: "vault" })).toBe("place-not-wired");
    expect(await wrong("place.peek", { place: "vault" })).toBe("place-not-wired");
    expect(await wrong("place.count", { place: "vault" })).toBe("place-not-wired");
    expect(await wrong("place.query", { query: "FROM papers, vault" })).toBe("place-not-wired");
    expect(await wrong("place.query", { query: "FROM papers AS OF 1" })).toBe("query-past");
    expect(await wrong("place.read", { place: "notes" })).toBe("place-not-wired");
    const { tool, code } = (await tools.denied()).at(-1) ?? {};
    expect({ tool, code }).toEqual({ tool: "place.read", code: "place-not-wired" });
  });

  test("emit puts one token for one step, with its story, and keeps the place's rules", async () => {
    await tools.grant("rw---", ["place.emit"]);
    const emit = { name: "place.emit", input: { place: "notes", data: { text: "n1" } } };
    const { results, firing } = await tools.run([emit, { name: "place.emit", input: { place: "notes", data: { no: 1 } } }]);
    expect(results.map(({ output }) => (output as JsonObject).error ?? "ok")).toEqual(["ok", "schema"]);
    expect(tools.data("notes")).toEqual([{ text: "n1" }]);
    const event = (await eventsOf(tools.kit.broker, "desk")).find(
      ({ type, attributes }) => type === "intervened" && attributes?.verb === "emit" && attributes.tool,
    );
    const fired = (await eventsOf(tools.kit.broker, "desk")).find((one) => one.type === "fired" && one.firing === firing);
    const emitted = (await eventsOf(tools.kit.broker, "desk")).filter(({ type }) => type === "intervened").at(-1);
    expect(event).toBeDefined();
    expect(emitted?.produced?.[0]?.token).toMatchObject({
      by: "worker",
      from: { transition: "work", firing },
      correlation: fired?.correlation,
    });
    expect(await wrong("place.emit", { place: "vault", data: 1 })).toBe("place-not-wired");
    expect(await wrong("place.emit", { place: "papers", data: 1 })).toBe("place-not-wired");
  });

  test("a full place takes nothing", async () => {
    await tools.grant("rw---", ["place.emit"]);
    const { results } = await tools.run(
      [2, 3, 4, 5].map((n) => ({ name: "place.emit", input: { place: "notes", data: { text: `n${n}` } } })),
    );
    expect(results.map(({ isError }) => isError).at(-1)).toBe(true);
    expect(results.at(-1)?.output).toMatchObject({ error: "place-full" });
    expect(tools.data("notes").length).toBeLessThanOrEqual(4);
  });

  test("move takes what nobody holds, from a consuming arc to an output arc", async () => {
    const id = await tools.kit.put("desk", "tasks", { hold: true });
    expect(await wrong("place.move", { from: "papers", id, to: "proposals" })).toBe("place-not-wired");
    expect(await wrong("place.move", { from: "tasks", id: "t-none", to: "proposals" })).toBe("no-such-token");
    expect(await allowed("place.move", { from: "tasks", id, to: "proposals", data: { moved: true } })).toMatchObject({
      place: "proposals",
    });
    expect(tools.data("tasks")).toEqual([]);
    expect(tools.data("proposals")).toEqual([{ moved: true }]);
    await tools.grant("rw---", ["place.move", "place.peek"]);
    const own = await tools.run([{ name: "place.peek", input: { place: "tasks" } }]);
    expect(own.results[0]?.output).toMatchObject({ tokens: [{ held: true }] });
  });
});

describe("nets", () => {
  test("describe tells the structure and no token, check and why tell what is wrong", async () => {
    const net = await allowed("net.describe", {});
    expect(net).toMatchObject({ net: "desk", transitions: { work: { persona: "worker" }, decide: { gate: { quorum: 1 } } } });
    expect(JSON.stringify(net)).not.toMatch(/an old one|Do the task/);
    expect(await allowed("net.check", { definition: NET })).toMatchObject({ ok: true });
    expect(
      await allowed("net.check", {
        definition: { net: "desk", places: {}, transitions: { t: { kind: "pass", in: [{ place: "gone" }] } } },
      }),
    ).toMatchObject({ ok: false });
    expect(await allowed("net.why", { name: "specialist" })).toMatchObject({ answers: [{ kind: "transition" }] });
  });

  test("why stays within the arcs where the event line is closed", async () => {
    expect(await wrong("net.why", { name: "vault" }, "rw---")).toBe("name-not-wired");
    await tools.grant("r----", ["net.why"]);
    expect((await tools.run([{ name: "net.why", input: { name: "papers" } }])).results[0]?.isError).toBe(false);
  });

  test("a proposal is checked, keeps the gates, and lies where people decide", async () => {
    const { decide, ...rest } = NET.transitions as JsonObject;
    const without = { ...NET, transitions: { ...rest, decide: { ...(decide as JsonObject), gate: undefined } } };
    expect(await wrong("net.propose", { definition: JSON.parse(JSON.stringify(without)), reason: "faster" })).toBe("gate-removed");
    expect(await wrong("net.propose", { definition: { ...NET, net: "other" }, reason: "x" })).toBe("other-net");
    expect(await wrong("net.propose", { definition: { net: "desk", places: {}, transitions: {} }, reason: "x", place: "vault" })).toBe(
      "place-not-wired",
    );
    const title = { ...NET, title: "The desk" };
    expect(await allowed("net.propose", { definition: title, reason: "It needs a name." })).toMatchObject({ place: "proposals" });
    expect(tools.data("proposals").at(-1)).toMatchObject({ kind: "net", net: "desk", definition: { title: "The desk" }, by: "worker" });
  });
});

describe("the event line", () => {
  test("tail, search, trail and statistics tell events without the data of tokens", async () => {
    const tail = await allowed("events.tail", { limit: 200 });
    expect(JSON.stringify(tail)).not.toContain("s3cret");
    expect((tail.events as JsonObject[]).length).toBeGreaterThan(50);
    const found = await allowed("events.search", { types: ["denied"], limit: 3 });
    expect(found.events).toHaveLength(3);
    const paper = (await eventsOf(tools.kit.broker, "desk")).find(({ produced }) => produced?.[0]?.place === "papers");
    const trail = await allowed("events.trail", { token: paper?.produced?.[0]?.token.id ?? "" });
    expect((trail.events as JsonObject[])[0]).toMatchObject({ type: "arrived", produced: [{ place: "papers" }] });
    const numbers = await allowed("events.statistics", {});
    expect(numbers).toMatchObject({ transitions: { work: { failed: 0 } } });
    expect(((numbers.transitions as JsonObject).work as JsonObject).fired).toBeGreaterThan(20);
    expect(await wrong("events.trail", { token: "t-nowhere" })).toBe("no-such-token");
  });
});

describe("artefacts", () => {
  test("are read through a token that names them, and by no other way", async () => {
    expect(await allowed("artifact.get", { id: artifact })).toMatchObject({ type: "text/html", content: "<p>Page one</p>", more: false });
    expect(await allowed("artifact.describe", { id: artifact })).toMatchObject({ size: 15, text: true, lines: 1 });
    expect(await allowed("artifact.text", { id: artifact })).toMatchObject({ text: "Page one" });
    for (const name of ["artifact.get", "artifact.describe", "artifact.text"])
      expect(await wrong(name, { id: secretArtifact })).toBe("artifact-not-named");
  });

  test("cannot be named to oneself: a reference to what one cannot read is refused where it would be written", async () => {
    const forged = { title: "mine", file: { $artifact: secretArtifact, sha256: secretArtifact, size: 1, type: "text/plain" } };
    expect(await wrong("place.emit", { place: "questions", data: { question: "is it", deep: [forged] } })).toBe("artifact-not-named");
    const honest = { title: "again", file: { $artifact: artifact, sha256: artifact, size: 15, type: "text/html" } };
    expect(await allowed("place.emit", { place: "questions", data: { question: "is it", ...honest } })).toMatchObject({
      place: "questions",
    });
  });

  test("text is not read out of documents that programs write, and not out of pictures: it is said what would", async () => {
    for (const [type, content, code] of [
      ["application/pdf", "%PDF-1.7 ...", "document"],
      ["text/plain", "%PDF-1.7 ...", "document"],
      ["application/vnd.openxmlformats-officedocument.wordprocessingml.document", "PK...", "document"],
      ["image/png", "\u0089PNG", "no-text"],
    ] as const) {
      await tools.grant("rw---", ["artifact.put", "artifact.text"]);
      const { $artifact } = await tools.kit.broker.artifacts.put(Buffer.from(content), type);
      await tools.kit.put("desk", "papers", { title: type, file: { $artifact, sha256: "", size: 1, type } });
      const { results } = await tools.run([{ name: "artifact.text", input: { id: $artifact } }]);
      expect(results[0]?.output, type).toMatchObject({ error: code, hint: expect.any(String) });
    }
  });

  test("one that was put can be read back in the same work", async () => {
    await tools.grant("rw---", ["artifact.put", "artifact.text"]);
    const put = await tools.run([{ name: "artifact.put", input: { content: "kept", type: "text/plain" } }]);
    const ref = put.results[0]?.output as JsonObject;
    expect(ref).toMatchObject({ size: 4, type: "text/plain" });
    // In another firing nothing names it.
    expect(await wrong("artifact.text", { id: ref.$artifact as string })).toBe("artifact-not-named");
  });
});

describe("HTTP", () => {
  test("get, post and download reach hosts of the list, with a stable key", async () => {
    expect(await allowed("http.get", { url: `${server.url}/page` })).toMatchObject({
      status: 200,
      type: "text/html",
      text: "Hello\n\na & b",
    });
    expect(await allowed("http.post", { url: `${server.url}/form`, json: { a: 1 } })).toMatchObject({
      status: 200,
      text: '{"got":"{\\"a\\":1}"}',
    });
    expect(server.asked.at(-1)?.headers["idempotency-key"]).toMatch(/^desk\/work\/.*\/t1c1$/);
    const file = await allowed("http.download", { url: `${server.url}/file` });
    expect(file).toMatchObject({ status: 200, artifact: { type: "text/html" } });
    expect(await wrong("http.get", { url: "http://127.0.0.2/" })).toBe("http-host-refused");
    expect(await wrong("http.get", { url: "file:///etc/passwd" })).toBe("http-bad-url");
    expect(await wrong("http.get", { url: server.url, headers: { Host: "inner" } })).toBe("http-bad-request");
  });
});

describe("asking", () => {
  test("a specialist through a place, whose answer comes back", async () => {
    const answer = await allowed("ask", { place: "questions", question: "is it safe", answers: "answers", seconds: 20 });
    expect(answer).toMatchObject({ answer: { answer: "is it safe, indeed" } });
    expect(await wrong("ask", { place: "questions", question: "q", answers: "vault" })).toBe("place-not-wired");
    expect(await wrong("ask", { place: "vault", question: "q", answers: "answers" })).toBe("place-not-wired");
  });

  test("a human behind a gate, who decides", async () => {
    await tools.grant("rw---", ["gate.ask", "gate.list"]);
    const { done } = await tools.begin([{ name: "gate.ask", input: { place: "approvals", question: "May I?", seconds: 30 } }]);
    await waitUntil("it waits at the gate", async () => ((await tools.kit.ask("desk", "gates")) as Json[]).length === 1);
    const [gate] = (await tools.kit.ask("desk", "gates")) as JsonObject[];
    await tools.kit.ask("desk", "decide", { firing: gate?.firing, decision: "approve", comment: "go on", id: "d1" });
    expect((await done).results[0]?.output).toMatchObject({ state: "decided", decision: "approve", by: "ada", comment: "go on" });
    expect(await allowed("gate.list", {})).toEqual({ gates: [] });
    expect(await wrong("gate.ask", { place: "notes", question: "?" })).toBe("no-gate-there");
  });
});

describe("personas and helpers", () => {
  test("describe shows the roster, propose never grants more than the proposer has", async () => {
    expect(await allowed("persona.describe", {})).toMatchObject({ personas: [{ persona: "worker", transitions: ["work"] }] });
    const definition = { persona: "auditor", title: "Auditor", flags: "r----", tools: ["place.read"], tier: "economy", prompt: "Audit." };
    expect(await allowed("persona.propose", { definition, reason: "Nobody audits." })).toMatchObject({ place: "proposals" });
    expect(await wrong("persona.propose", { definition: { ...definition, flags: "r-x--" }, reason: "x" })).toBe("too-much-granted");
    expect(await wrong("persona.propose", { definition: { ...definition, flags: "r--h-" }, reason: "x" }, "rw---")).toBe(
      "too-much-granted",
    );
    expect(await wrong("persona.propose", { definition: { ...definition, flags: "wr---" }, reason: "x" })).toBe("persona-invalid");
  });

  test("a helper has at most its parent's rights", async () => {
    const helped = await allowed("helper.run", { task: "Look.", flags: "rwxhl", tools: ["fs.write", "place.emit"] });
    expect(helped).toMatchObject({ flags: "rwxhl", tools: [], answer: { status: "done" } });
    await tools.grant("r----", ["helper.run", "place.read"]);
    const { results } = await tools.run([
      { name: "helper.run", input: { task: "Look.", flags: "rwxhl", tools: ["place.read", "place.emit"] } },
    ]);
    expect(results[0]?.output).toMatchObject({ flags: "r----", tools: ["place.read"] });
  });
});

describe("time and data", () => {
  test("think, plan, time", async () => {
    expect(await allowed("think", { thought: "hm" })).toEqual({ noted: true });
    expect(await allowed("plan", { steps: [{ step: "one", state: "doing" }] })).toEqual({ noted: true });
    expect(Math.abs(Number((await allowed("time.now", {})).milliseconds) - Date.now())).toBeLessThan(60_000);
    expect((await allowed("time.wait", { seconds: 0.01 })).waitedSeconds).toBeGreaterThan(0);
    expect(await wrong("time.wait", { until: "2999-01-01T00:00:00Z" })).toBe("wait-too-long");
  });

  test("query, validate, diff, tabulate", async () => {
    const items = [
      { who: "a", h: 1 },
      { who: "a", h: 2 },
      { who: "b", h: 5 },
    ];
    expect(await allowed("data.query", { items, query: "SELECT who, sum(h) AS h FROM $ GROUP BY who ORDER BY who" })).toEqual({
      rows: [
        { who: "a", h: 3 },
        { who: "b", h: 5 },
      ],
      total: 2,
    });
    expect(await allowed("data.query", { items, query: "FROM $ WHERE $.h > 1 ORDER BY $.h DESC" })).toEqual({
      rows: [items[2], items[1]],
      total: 2,
    });
    expect(await wrong("data.query", { items, query: "FROM $ WHERE (" })).toBe("expression-syntax");
    const schema = { type: "object", required: ["a"], properties: { a: { type: "integer" } } };
    expect(await allowed("data.validate", { schema, value: { a: 1 } })).toEqual({ ok: true, problems: [] });
    expect(await allowed("data.validate", { schema, value: { a: "x" } })).toMatchObject({
      ok: false,
      problems: [expect.stringContaining("integer")],
    });
    expect(await wrong("data.validate", { schema: { type: "nonsense" }, value: 1 })).toBe("schema-unsound");
    expect(await allowed("data.diff", { before: { a: 1, b: [1, 2] }, after: { a: 2, b: [1], "c/d": 3 } })).toMatchObject({
      same: false,
      changes: [
        { path: "/a", change: "changed" },
        { path: "/b/1", change: "removed", before: 2 },
        { path: "/c~1d", change: "added", after: 3 },
      ],
    });
    expect((await allowed("data.tabulate", { rows: [{ a: 1, b: "x|y" }] })).text).toBe("| a | b |\n| --- | --- |\n| 1 | x\\|y |");
    expect((await allowed("data.tabulate", { rows: [{ a: 'say "hi", now' }], format: "csv" })).text).toBe('a\r\n"say ""hi"", now"\r\n');
  });

  test("a big text is summarised by parts, and what that cost is counted", async () => {
    tools.says((request) => `S(${JSON.stringify(request.messages).length > 20_000 ? "part" : "all"})`);
    const summary = await allowed("data.summarise", { text: "A sentence of words. ".repeat(2500) });
    expect(summary).toMatchObject({ summary: "S(all)", parts: 3 });
    const fired = (await eventsOf(tools.kit.broker, "desk"))
      .filter(({ type, transition }) => type === "fired" && transition === "work")
      .at(-1);
    // Two turns of the worker, three parts and their sum.
    expect(fired?.model?.calls).toBe(6);
    expect(await wrong("data.summarise", { text: "x", artifact: "y" })).toBe("summarise-what");
    expect(await wrong("data.summarise", { artifact: secretArtifact })).toBe("artifact-not-named");
  });
});
