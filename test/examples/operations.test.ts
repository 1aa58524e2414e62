/** nets/operations.json with recorded answers: an alert becomes a bulletin by tools that are really called, and people decide. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { personaWorker } from "../../src/actors/persona-work.ts";
import type { Json, JsonObject } from "../../src/contract/json.ts";
import { httpClient } from "../../src/http/client.ts";
import { defaultConfig } from "../../src/models/default-config.ts";
import { answersFileSchema, authoredProvider } from "../../src/models/providers/authored.ts";
import { tierModels } from "../../src/models/tiers.ts";
import { httpServer, json, type TestHttpServer } from "../support/http-server.ts";
import { eventsOf, logAgreesWithPlaces } from "../support/log-check.ts";
import { type MasterKit, masterKit } from "../support/master-kit.ts";
import { wallClock } from "../support/nats-server.ts";
import { waitUntil } from "../support/wait-until.ts";

const read = (path: string) => readFileSync(path, "utf8");
const example = (name: string) => JSON.parse(read(`examples/roster/${name}.json`)) as { token: JsonObject; answer: JsonObject };
const net = JSON.parse(read("nets/operations.json")) as { transitions: Record<string, { persona?: string }> };
const personas = [...new Set([...Object.values(net.transitions).flatMap(({ persona }) => persona ?? []), "recruiter"])];

let kit: MasterKit;
let page: TestHttpServer;
const client = httpClient({ clock: wallClock, allow: ["127.0.0.1"] });

const call = (name: string, input: Json = {}) => ({ tools: [{ name, input }] });
const ends = (name: string) => call("done", example(name).answer);
const draft = (example("recruiter").answer as { persona: JsonObject }).persona;
function answers(): JsonObject {
  const entry = (persona: string, ...turns: object[]) => ({ persona, when: [], turns });
  return {
    answers: [
      entry(
        "on-call-sre",
        { tools: [{ name: "memory.recall", input: { query: "notes are slow" } }, call("events.tail").tools[0]] },
        { tools: [call("place.query", { query: "FROM alerts" }).tools[0], call("time.now").tools[0]] },
        // Not its place, and not its tool: refused, and the work goes on.
        { tools: [call("place.read", { place: "decisions" }).tools[0], call("http.post", { url: "http://127.0.0.1/" }).tools[0]] },
        ends("on-call-sre"),
      ),
      entry(
        "incident-commander",
        call("ask", { place: "questions", question: "How is a release rolled back?", answers: "answers", seconds: 30 }),
        call("gate.ask", { place: "decisions", question: "Roll back the release 4f2c?", seconds: 60 }),
        call("http.post", { url: `${page.url}/status`, json: { state: "investigating" } }),
        ends("incident-commander"),
      ),
      entry("operations-expert", call("net.describe"), call("place.count", { place: "questions" }), ends("operations-expert")),
      entry("status-formatter", call("data.tabulate", { rows: [{ what: "p99", ms: 180 }] }), ends("status-formatter")),
      entry("triage", { text: JSON.stringify(example("triage").answer) }),
      entry(
        "crystallizer",
        call("crystallize.candidates"),
        call("crystallize.learn", { transition: "triage" }),
        {
          tools: [
            call("crystallize.shadow", { transition: "triage" }).tools[0],
            call("crystallize.promote", { transition: "triage" }).tools[0],
          ],
        },
        ends("crystallizer"),
      ),
      entry(
        "recruiter",
        call("persona.describe"),
        call("persona.propose", { definition: { ...draft, flags: "r-x--", tools: ["command.run"] }, reason: "To roll back by itself." }),
        call("persona.propose", { definition: draft, reason: "Nobody looks at personal data." }),
        ends("recruiter"),
      ),
    ],
  } as unknown as JsonObject;
}

beforeAll(async () => {
  page = await httpServer((_, response) => json(response, { ok: true }));
  const instead = authoredProvider(answersFileSchema.parse(answers()), { clock: wallClock, file: "answers.json", roots: [] });
  const work = personaWorker(tierModels(defaultConfig, new Map(), { clock: wallClock, instead }), wallClock);
  kit = await masterKit({ work, http: { client, secrets: () => ({ value: "" }) as never } });
  for (const name of personas) {
    const persona = JSON.parse(read(`personas/${name}.json`)) as { knowledge: string[] };
    const files = Object.fromEntries(persona.knowledge.map((file) => [file, read(`personas/${file}`)]));
    await kit.ask(null, "apply-persona", { persona, files });
  }
  for (const name of ["recruiting", "operations"]) await kit.ask(null, "apply-net", { definition: JSON.parse(read(`nets/${name}.json`)) });
});
afterAll(async () => {
  for (const name of ["recruiting", "operations"]) await logAgreesWithPlaces(kit.broker, name);
  await kit.stop();
  await client.close();
  await page.stop();
});
const lying = (place: string, of = "operations") => [...(kit.stateOf(of).places.get(place)?.values() ?? [])].map(({ token }) => token.data);
const called = async (persona: string) =>
  (await eventsOf(kit.broker, "operations"))
    .filter((event) => event.type === "fired" && event.persona === persona)
    .flatMap(({ tools = [] }) => tools.map(({ name, ok }) => `${ok ? "" : "not "}${name}`));

test("an alert is looked into, an expert and people are asked, and users are told", async () => {
  await kit.put("operations", "on-call-sre-lessons", { lesson: "When notes are slow, look at the newest sort first.", tags: ["latency"] });
  await kit.put("operations", "alerts", example("on-call-sre").token);
  await waitUntil("people are asked", async () => ((await kit.ask("operations", "gates")) as Json[]).length === 1, 60_000);
  const [gate] = (await kit.ask("operations", "gates")) as { firing: string }[];
  await kit.ask("operations", "decide", { firing: gate?.firing, decision: "approve", comment: "roll back", id: "d1" });
  await waitUntil("users are told", () => lying("bulletins").length + lying("failed").length === 1, 60_000);
  expect(lying("failed")).toEqual([]);
  expect(await called("on-call-sre")).toEqual([
    ...["memory.recall", "events.tail", "place.query", "time.now", "not place.read", "not http.post", "done"],
  ]);
  expect(await called("incident-commander")).toEqual(["ask", "gate.ask", "http.post", "done"]);
  expect(await called("operations-expert")).toEqual(["net.describe", "place.count", "done"]);
  expect(page.asked.map(({ method, url }) => `${method} ${url}`)).toEqual(["POST /status"]);
  expect(lying("answers").length).toBe(2);
});

test("who is missing is proposed, never with x, and waits in the list of proposals", async () => {
  await kit.put("operations", "gaps", { need: "somebody who looks for personal data" });
  await waitUntil("it waits for people", async () => ((await kit.ask("recruiting", "gates")) as Json[]).length === 1, 60_000);
  expect(await called("recruiter")).toEqual(["persona.describe", "not persona.propose", "persona.propose", "done"]);
  await waitUntil("the gap is closed", () => lying("staffed").length === 1);
});

test("the crystallizer leads triage through learning and proof into its shadow, and people are asked", { timeout: 180_000 }, async () => {
  const report = async (n: number) => kit.put("operations", "reports", { ...example("triage").token, n });
  for (let n = 0; n < 220; n += 1) await report(n);
  await waitUntil("the reports are triaged", () => lying("triaged").length === 220, 60_000);
  await kit.put("operations", "habits", example("crystallizer").token);
  await waitUntil("it has looked", () => lying("settled").length + lying("failed").length === 1, 60_000);
  // Nothing has been beside the model yet: nobody can be asked.
  expect(await called("crystallizer")).toEqual([
    ...["crystallize.candidates", "crystallize.learn", "crystallize.shadow", "not crystallize.promote", "done"],
  ]);
  for (let n = 0; n < 20; n += 1) await report(1000 + n);
  await waitUntil("people are asked", async () => ((await kit.ask("operations", "gates")) as Json[]).length === 1, 60_000);
  expect(await kit.ask("operations", "gates")).toMatchObject([{ gate: "crystal-triage", transition: "triage" }]);
});
