/** What a specialist proposes by a tool comes before people as every proposal does, and is carried out when they say so (H1 to H7). */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Json, JsonObject } from "../../../src/contract/json.ts";
import { logAgreesWithPlaces } from "../../support/log-check.ts";
import { type ToolKit, toolKit } from "../../support/tool-kit.ts";
import { waitUntil } from "../../support/wait-until.ts";

const NET = {
  net: "desk",
  places: { tasks: { open: true }, done: { sink: true }, errors: { sink: true }, proposals: {} },
  transitions: {
    work: {
      kind: "agent",
      persona: "worker",
      ask: "Do the task.",
      in: [{ place: "tasks", as: "task" }],
      out: [{ to: "proposals", when: "$result == null" }, { to: "done" }],
      onError: "errors",
    },
    "to-people": { kind: "link", in: [{ place: "proposals", as: "it" }], to: { net: "recruiting", place: "offers" } },
  },
} as unknown as JsonObject;
const tiny = (persona: string) => ({
  persona: { persona, title: persona, flags: "r----", tools: ["place.read"], tier: "economy", prompt: "Read." } as JsonObject,
});

let tools: ToolKit;
beforeAll(async () => {
  tools = await toolKit(NET, "tasks");
  await tools.grant("rw---", ["net.propose", "persona.propose"]);
  await tools.kit.ask(null, "apply-persona", { persona: JSON.parse(readFileSync("personas/recruiter.json", "utf8")), files: KNOWLEDGE() });
  await tools.kit.ask(null, "apply-net", { definition: JSON.parse(readFileSync("nets/recruiting.json", "utf8")) });
});
afterAll(async () => {
  for (const net of ["desk", "recruiting"]) await logAgreesWithPlaces(tools.kit.broker, net);
  await tools.stop();
});
const KNOWLEDGE = () => ({ "knowledge/recruiter.md": readFileSync("personas/knowledge/recruiter.md", "utf8") });
const gates = async () => (await tools.kit.ask("recruiting", "gates")) as { firing: string; inputs?: JsonObject }[];
const lying = (place: string) =>
  [...(tools.kit.stateOf("recruiting").places.get(place)?.values() ?? [])].map(({ token }) => token.data as JsonObject);
const running = async () => ((await tools.kit.ask("desk", "definition")) as { definition: typeof NET }).definition;
let count = 0;
async function decide(decision: "approve" | "reject"): Promise<void> {
  await waitUntil("it waits for people", async () => (await gates()).length === 1);
  count += 1;
  await tools.kit.ask("recruiting", "decide", { firing: (await gates())[0]?.firing, decision, id: `d${count}` });
}
const propose = async (name: string, input: Json) => (await tools.run([{ name, input }])).results[0];

test("an edit by net.propose waits at the gate `proposals`, and is applied when a person approves it", async () => {
  const edited = structuredClone(NET) as { transitions: { work: JsonObject } };
  edited.transitions.work.timeout = "7m";
  expect(await propose("net.propose", { definition: edited as unknown as Json, reason: "Work takes long." })).toMatchObject({
    output: { place: "proposals" },
  });
  await waitUntil("it waits for people", async () => (await gates()).length === 1);
  expect(JSON.stringify(await gates())).toContain("Work takes long.");
  expect((await running()).transitions).not.toMatchObject({ work: { timeout: "7m" } });
  await decide("approve");
  await waitUntil("it is applied", async () => lying("applied").length === 1);
  expect((await running()).transitions).toMatchObject({ work: { timeout: "7m" } });
  expect(lying("applied")).toMatchObject([{ net: "desk", by: "worker", grant: "rw---" }]);
  expect(lying("hired")).toEqual([]);
});

test("a persona by persona.propose joins the running net in the position that it was proposed with", async () => {
  const definition = tiny("reader").persona;
  const position = {
    kind: "llm",
    persona: "reader",
    ask: "Read.",
    in: [{ place: "tasks", as: "t", mode: "read" }],
    out: [{ to: "done" }],
  } as unknown as Json;
  await propose("persona.propose", { definition, reason: "Nobody reads.", transition: { id: "reads", definition: position } });
  await decide("approve");
  await waitUntil("it has joined", async () => lying("hired").length === 1);
  expect((await running()).transitions).toMatchObject({ reads: { persona: "reader" } });
});

test("rejected, nothing changes; and what the check refuses never comes before people", async () => {
  await propose("persona.propose", { definition: tiny("joker").persona, reason: "Nobody jokes." });
  await decide("reject");
  await waitUntil("it is refused", async () => lying("refused").length === 1);
  // Two at once: the second is made from a version that runs no more when the first is approved.
  const one = structuredClone(await running()) as { transitions: { work: JsonObject } };
  one.transitions.work.timeout = "8m";
  await propose("net.propose", { definition: one as unknown as Json, reason: "First." });
  one.transitions.work.timeout = "9m";
  await propose("net.propose", { definition: one as unknown as Json, reason: "Second." });
  await waitUntil("both wait", async () => (await gates()).length === 2);
  for (const [at, { firing }] of (await gates()).entries())
    await tools.kit.ask("recruiting", "decide", { firing, decision: "approve", id: `both-${at}` });
  await waitUntil("one is applied and one is not", async () => lying("applied").length === 2 && lying("refused").length === 2);
  expect(lying("refused").at(-1)).toMatchObject({ findings: expect.stringContaining("has changed since") });
  expect((await running()).transitions).toMatchObject({ work: { timeout: expect.stringMatching(/^[89]m$/) } });
  // A forged offer, past the tool: the check is not the tool's alone.
  const forged = structuredClone(await running()) as unknown as JsonObject & { transitions: { work: JsonObject } };
  forged.transitions.work.release = true;
  const { hash } = (await tools.kit.ask("desk", "definition")) as { hash: string };
  await tools.kit.put("recruiting", "offers", {
    kind: "net",
    net: "desk",
    base: hash,
    definition: forged,
    reason: "r",
    by: "worker",
    grant: "rwxhl",
  });
  await waitUntil("it is refused", async () => lying("refused").length === 3);
  expect(lying("refused").at(-1)).toMatchObject({ findings: expect.stringContaining("would begin to release") });
  expect(await gates()).toEqual([]);
});
