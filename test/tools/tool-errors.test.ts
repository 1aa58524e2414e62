/** Each error that a tool beside the turn loop names, provoked once in a running net; and no error that it does not name. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Json, JsonObject } from "../../src/contract/json.ts";
import { toolCatalogue } from "../../src/tools/catalogue.ts";
import { httpServer, type TestHttpServer } from "../support/http-server.ts";
import { type ToolKit, toolKit } from "../support/tool-kit.ts";

const side = (to: string) => ({ to, when: "false" });
const read = (place: string, as: string) => ({ place, as, mode: "read" });
const gate = { approvers: ["role:maintainer"], expires: "1h", escalate: "errors" };
const strict = { type: "object", required: ["text"] };
const NET: JsonObject = {
  net: "faulty",
  places: {
    tasks: { open: true },
    papers: { open: true },
    strict: { sink: true, schema: strict },
    typed: { schema: strict },
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
      in: [{ place: "tasks", as: "task", where: "$.hold != true" }, read("papers", "paper")],
      out: [{ to: "done" }, ...["strict", "typed", "proposals"].map(side)],
      onError: "errors",
    },
    decide: { kind: "pass", in: [{ place: "typed", as: "a" }], out: [{ to: "approved" }], gate },
  },
};
const PERSONA = { persona: "p", title: "P", flags: "r----", tools: [], tier: "economy", prompt: "You are p." };
const HUGE = 33 * 1024 * 1024;

let tools: ToolKit;
let server: TestHttpServer;
const ids: Record<"page" | "secret" | "gone" | "pdf" | "picture" | "waiting", string> = {} as never;
beforeAll(async () => {
  tools = await toolKit(NET, "tasks");
  server = await httpServer((_, response) => response.writeHead(200, { "content-length": HUGE }).end(Buffer.alloc(HUGE)));
  const { artifacts } = tools.kit.broker;
  const keep = async (text: string, type: string) => (await artifacts.put(Buffer.from(text), type)).$artifact;
  ids.page = await keep("a page", "text/plain");
  ids.secret = await keep("nobody's business", "text/plain");
  ids.gone = await keep("soon gone", "text/plain");
  ids.pdf = await keep("%PDF-1.7", "application/pdf");
  ids.picture = await keep("\u0089PNG", "image/png");
  await tools.grant("rwxhl", ["place.read"]);
  await tools.kit.put("faulty", "papers", { title: "The oldest, which the work reads" });
  const types = { page: "text/plain", gone: "text/plain", pdf: "application/pdf", picture: "image/png" } as const;
  for (const [name, type] of Object.entries(types))
    await tools.kit.put("faulty", "papers", { file: { $artifact: ids[name as keyof typeof types], sha256: "", size: 1, type } });
  await artifacts.remove(ids.gone);
  ids.waiting = await tools.kit.put("faulty", "tasks", { hold: true });
});
afterAll(async () => {
  await tools.stop();
  await server.stop();
});

/**
 * Provoked where more is needed: a history of firings, a memory, a helper of a helper, a query that lasts, a token that a firing holds, a place
 * that fills up while the work goes on (a full one holds up the work itself).
 */
const ELSEWHERE = new Set([
  "helper.run helper-too-deep",
  "place.query query-too-long",
  "data.query query-too-long",
  "memory.write place-full",
  ...["place.emit", "place.move", "ask", "gate.ask"].map((name) => `${name} place-full`),
  "place.move token-reserved",
]);
const isElsewhere = (pair: string) => ELSEWHERE.has(pair) || pair.startsWith("crystallize.");

const PROVOKED: [tool: string, input: () => JsonObject, code: string][] = [
  ...["read", "peek", "count"].map((verb): [string, () => JsonObject, string] => [
    `place.${verb}`,
    () => ({ place: "vault" }),
    "place-not-wired",
  ]),
  ["place.read", () => ({ place: "papers", where: "$.a ==" }), "expression-syntax"],
  ["place.count", () => ({ place: "papers", where: "(" }), "expression-syntax"],
  ["place.query", () => ({ query: "FROM papers, vault" }), "place-not-wired"],
  ["place.query", () => ({ query: "FROM" }), "expression-syntax"],
  ["place.query", () => ({ query: "FROM papers AS OF 3" }), "query-past"],
  ["place.emit", () => ({ place: "vault", data: {} }), "place-not-wired"],
  ["place.emit", () => ({ place: "strict", data: {} }), "schema"],
  ["place.move", () => ({ from: "papers", id: "t", to: "done" }), "place-not-wired"],
  ["place.move", () => ({ from: "tasks", id: "t-none", to: "done" }), "no-such-token"],
  ["place.move", () => ({ from: "tasks", id: ids.waiting, to: "strict" }), "schema"],
  ["ask", () => ({ place: "vault", question: "?", answers: "papers" }), "place-not-wired"],
  ["ask", () => ({ place: "proposals", question: "?", answers: "vault" }), "place-not-wired"],
  ["ask", () => ({ place: "typed", question: "?", answers: "papers" }), "schema"],
  ["ask", () => ({ place: "proposals", question: "?", answers: "papers", seconds: 1 }), "no-answer-yet"],
  ["gate.ask", () => ({ place: "vault", question: "?" }), "place-not-wired"],
  ["gate.ask", () => ({ place: "done", question: "?" }), "no-gate-there"],
  ["gate.ask", () => ({ place: "typed", question: "?" }), "schema"],
  ["net.propose", () => ({ definition: NET, reason: "x", place: "vault" }), "place-not-wired"],
  ["net.propose", () => ({ definition: broken(), reason: "x" }), "net-invalid"],
  ["net.propose", () => ({ definition: { ...NET, net: "other" }, reason: "x" }), "other-net"],
  ["net.propose", () => ({ definition: withoutGates(), reason: "x" }), "gate-removed"],
  ["net.why", () => ({ name: "nothing-here" }), "nothing-of-that-name"],
  ["events.trail", () => ({ token: "t-none" }), "no-such-token"],
  ...["get", "describe", "text"].flatMap((verb): [string, () => JsonObject, string][] => [
    [`artifact.${verb}`, () => ({ id: ids.secret }), "artifact-not-named"],
    [`artifact.${verb}`, () => ({ id: ids.gone }), "artifact-gone"],
  ]),
  ["artifact.text", () => ({ id: ids.picture }), "no-text"],
  ["artifact.text", () => ({ id: ids.pdf }), "document"],
  ...["get", "post", "download"].flatMap((verb): [string, () => JsonObject, string][] => [
    [`http.${verb}`, () => ({ url: "http://127.0.0.2/" }), "http-host-refused"],
    [`http.${verb}`, () => ({ url: "file:///etc/passwd" }), "http-bad-url"],
    [`http.${verb}`, () => ({ url: "http://127.0.0.1:1/" }), "http-unreachable"],
    [`http.${verb}`, () => ({ url: server.url, ...(verb === "post" ? { text: "x" } : {}) }), "http-answer-too-big"],
  ]),
  ["persona.describe", () => ({ persona: "nobody" }), "no-such-persona"],
  ["persona.propose", () => ({ definition: PERSONA, reason: "x", place: "vault" }), "place-not-wired"],
  ["persona.propose", () => ({ definition: { ...PERSONA, flags: "wr---" }, reason: "x" }), "persona-invalid"],
  ["persona.propose", () => ({ definition: { ...PERSONA, flags: "r-x--" }, reason: "x" }), "too-much-granted"],
  ["time.wait", () => ({}), "wait-for-what"],
  ["time.wait", () => ({ until: "2999-01-01T00:00:00Z" }), "wait-too-long"],
  ["data.query", () => ({ items: [], query: "FROM $ WHERE (" }), "expression-syntax"],
  ["data.validate", () => ({ schema: { type: "nonsense" }, value: 1 }), "schema-unsound"],
  ["data.summarise", () => ({}), "summarise-what"],
  ["data.summarise", () => ({ text: "word ".repeat(200_001) }), "text-too-long"],
  ["data.summarise", () => ({ artifact: ids.secret }), "artifact-not-named"],
  ["data.summarise", () => ({ artifact: ids.picture }), "no-text"],
  ["data.summarise", () => ({ artifact: ids.pdf }), "document"],
];

function broken(): JsonObject {
  return { ...NET, transitions: { ...(NET.transitions as JsonObject), lost: { kind: "pass", in: [{ place: "nowhere" }], out: [] } } };
}

function withoutGates(): JsonObject {
  const definition = structuredClone(NET) as { transitions: Record<string, JsonObject> } & JsonObject;
  for (const transition of Object.values(definition.transitions)) delete transition.gate;
  return definition;
}

async function codeOf(name: string, input: Json, flags = "rwxhl"): Promise<string> {
  await tools.grant(flags, [name]);
  const { results } = await tools.run([{ name, input }]);
  const [result] = results;
  return result?.isError ? String((result.output as JsonObject).error) : "no error";
}

test.each(PROVOKED.map(([tool, input, code]) => [tool, code, input] as const))(
  "%s: %s",
  { timeout: 180_000 },
  async (tool, code, input) => {
    expect(await codeOf(tool, input())).toBe(code);
    expect(Object.keys(toolCatalogue.get(tool)?.errors ?? {})).toContain(code);
  },
);
test("net.why beyond the arcs, where the event line is closed", { timeout: 180_000 }, async () => {
  expect(await codeOf("net.why", { name: "vault" }, "rwxh-")).toBe("name-not-wired");
});
test("each error that is named has been provoked", () => {
  const provoked = new Set([...PROVOKED.map(([tool, , code]) => `${tool} ${code}`), "net.why name-not-wired"]);
  const beside = [...toolCatalogue.values()].filter(({ runs }) => runs === "master");
  const named = beside.flatMap(({ name, errors }) => Object.keys(errors).map((code) => `${name} ${code}`));
  expect(named.filter((each) => !provoked.has(each) && !isElsewhere(each))).toEqual([]);
  expect([...ELSEWHERE].filter((each) => !named.includes(each))).toEqual([]);
});
