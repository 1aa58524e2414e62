/** The shipped roster: every persona file is sound, and each example token gets its recorded answer through a real net. */
import { readdirSync, readFileSync } from "node:fs";
import { afterEach, describe, expect, test } from "vitest";
import { personaWorker } from "../../src/actors/persona-work.ts";
import type { JsonObject } from "../../src/contract/json.ts";
import { defaultConfig } from "../../src/models/default-config.ts";
import { answersFileSchema, authoredProvider } from "../../src/models/providers/authored.ts";
import { tierModels } from "../../src/models/tiers.ts";
import { checkNetFile } from "../../src/net/check.ts";
import { parsePersona } from "../../src/personas/check-persona.ts";
import type { Persona } from "../../src/personas/persona-schema.ts";
import { eventsOf } from "../support/log-check.ts";
import { type MasterKit, masterKit } from "../support/master-kit.ts";
import { wallClock } from "../support/nats-server.ts";
import { waitUntil } from "../support/wait-until.ts";

interface Example {
  persona: string;
  ask: string;
  token: JsonObject;
  answer: JsonObject;
}

const named = (folder: string) => readdirSync(folder).filter((name) => name.endsWith(".json"));
const text = (path: string) => readFileSync(path, "utf8");
const roster = new Map(
  named("personas").map((file): [string, Persona] => {
    const persona = parsePersona(text(`personas/${file}`), file, {
      exists: (path) => readdirSync("personas/knowledge").includes(path.slice(10)),
    });
    return [persona.persona, persona];
  }),
);
const examples = named("examples/roster").map((file) => JSON.parse(text(`examples/roster/${file}`)) as Example);
const usedByNets = new Set(
  named("nets").flatMap((file) =>
    file.includes("answers")
      ? []
      : Object.values(checkNetFile(text(`nets/${file}`), file).definition?.transitions ?? {}).flatMap(({ persona }) => persona ?? []),
  ),
);

describe("the roster", () => {
  test("has thirty specialists and more, each with knowledge, an answer of its own form and a budget", () => {
    expect(roster.size).toBeGreaterThanOrEqual(30);
    for (const persona of roster.values()) {
      expect(persona.knowledge.length, persona.persona).toBeGreaterThan(0);
      for (const file of persona.knowledge) expect(text(`personas/${file}`).length, file).toBeGreaterThan(500);
      expect(persona.output, persona.persona).toMatchObject({ type: "object", additionalProperties: false });
      expect(persona.budget.usd, persona.persona).toBeGreaterThan(0);
      expect(persona.budget.tokens, persona.persona).toBeGreaterThan(0);
      expect(persona.prompt.length, persona.persona).toBeGreaterThan(100);
    }
  });

  test("gives the right to act outside to devops alone", () => {
    const withX = [...roster.values()].filter(({ flags }) => flags.includes("x"));
    expect(withX.map(({ persona }) => persona)).toEqual(["devops"]);
  });

  test("has an example for each persona that a shipped net asks", () => {
    const asked = [...usedByNets].filter((name) => name !== "devops");
    expect(examples.map(({ persona }) => persona)).toEqual(expect.arrayContaining(asked));
  });
});

/** A net with the persona in its only position. */
function netFor({ persona, ask }: Example): JsonObject {
  const agent = roster.get(persona)?.tools.includes("done");
  return {
    net: "example",
    places: { given: { open: true }, answered: { sink: true }, failed: { sink: true } },
    transitions: {
      work: {
        kind: agent ? "agent" : "llm",
        persona,
        ask,
        in: [{ place: "given", as: "item" }],
        data: { item: "${item}" },
        out: [{ to: "answered" }],
        onError: "failed",
      },
    },
  };
}

describe("examples/roster", () => {
  let kit: MasterKit;
  afterEach(async () => kit.stop());

  test.each(examples.map((example): [string, Example] => [example.persona, example]))("%s answers its token", async (name, example) => {
    const persona = roster.get(name);
    if (!persona) throw new Error(`there is no persona ${name}`);
    const agent = persona.tools.includes("done");
    const turn = { tools: [{ name: agent ? "done" : "answer", input: example.answer }] };
    // The answer comes only if the token's own words reached the model.
    const words = Object.values(example.token).filter((value): value is string => typeof value === "string" && !value.includes("\n"));
    const answers = answersFileSchema.parse({ answers: [{ persona: name, when: [example.ask, ...words], turns: [turn] }] });
    const instead = authoredProvider(answers, { clock: wallClock, file: `examples/roster/${name}.json`, roots: [] });
    kit = await masterKit({ work: personaWorker(tierModels(defaultConfig, new Map(), { clock: wallClock, instead }), wallClock) });
    const files = Object.fromEntries(persona.knowledge.map((file) => [file, text(`personas/${file}`)]));
    await kit.ask(null, "apply-persona", { persona, files });
    await kit.ask(null, "apply-net", { definition: netFor(example) });
    await kit.put("example", "given", example.token);
    const lying = (place: string) => [...(kit.stateOf("example").places.get(place)?.values() ?? [])].map(({ token }) => token.data);
    await waitUntil("it is answered", () => lying("answered").length + lying("failed").length === 1);
    expect(lying("failed")).toEqual([]);
    expect(lying("answered")).toMatchObject([example.answer]);
    const fired = (await eventsOf(kit.broker, "example")).filter(({ type }) => type === "fired");
    expect(fired).toMatchObject([{ persona: name, model: { calls: 1 } }]);
  });
});
