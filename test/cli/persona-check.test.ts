/** `petrel persona check` and `petrel net check` on what people get wrong: one message for each fault, with file, line and column. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { checkConfig } from "../../src/models/config.ts";
import { defaultConfig } from "../../src/models/default-config.ts";
import { checkPersonaFile } from "../../src/personas/check-persona.ts";
import { Stage } from "./stage.ts";

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});
afterEach(() => stage.remove());

const sound: Record<string, string> = {
  persona: '"adviser"',
  title: '"Adviser"',
  flags: '"r----"',
  tools: '["place.read"]',
  tier: '"standard"',
  prompt: '"Advise."',
};
/** One field a line: the line of a field is known. */
const fileWith = (over: Record<string, string>) => {
  const fields = Object.entries({ ...sound, ...over }).map(([name, value]) => `  "${name}": ${value}`);
  return `{\n${fields.join(",\n")}\n}\n`;
};
const lineOf = (text: string, part: string) => text.split("\n").findIndex((line) => line.includes(part)) + 1;
const columnOf = (text: string, part: string) => (text.split("\n")[lineOf(text, part) - 1] ?? "").indexOf(part) + 1;

describe("persona check", () => {
  test.each<[string, Record<string, string>, string, RegExp]>([
    ["flags in a wrong order", { flags: '"wr---"' }, '"wr---"', /flags are five positions/],
    ["a tool without its flag", { tools: '["place.read", "fs.write"]' }, '"fs.write"', /fs\.write needs the flag w/],
    ["a tier that there is not", { tier: '"cheap"' }, '"cheap"', /tier: .*frontier/],
    ["knowledge from outside the folder", { knowledge: '["../../secrets.md"]' }, '"../../secrets.md"', /relative path below/],
    ["an output that is no schema", { output: '{ "type": "object", "required": "x" }' }, '{ "type"', /no JSON Schema/],
  ])("%s", async (_, over, part, says) => {
    const text = fileWith(over);
    stage.file("personas/adviser.json", text);
    const ended = await stage.run("persona", "check", "personas", "--json");
    expect(ended.code).toBe(1);
    const { personas } = ended.json as { personas: { problems: { message: string }[] }[] };
    expect(personas[0]?.problems).toHaveLength(1);
    expect(personas[0]?.problems[0]).toMatchObject({
      ...{ file: "personas/adviser.json", line: lineOf(text, part), column: columnOf(text, part) },
      message: expect.stringMatching(says),
    });
    const printed = (await stage.run("persona", "check", "personas")).out;
    expect(printed).toContain(`personas/adviser.json:${lineOf(text, part)}:${columnOf(text, part)}: `);
  });

  test("a field that stands twice: the last would hold, and the first be read", async () => {
    const text = fileWith({}).replace('  "tools"', '  "flags": "rwxhl",\n  "tools"');
    stage.file("personas/adviser.json", text);
    const ended = await stage.run("persona", "check", "personas");
    expect(ended.code).toBe(1);
    expect(ended.out).toContain('personas/adviser.json:5:3: the key "flags" stands twice in one object. Keep one of the two.');
    expect((await stage.run("persona", "apply", "personas/adviser.json")).code).toBe(1);
  });

  test("two personas of one name", async () => {
    stage.file("personas/adviser.json", fileWith({}));
    stage.file("personas/other.json", fileWith({}));
    const ended = await stage.run("persona", "check", "personas");
    expect(ended.code).toBe(1);
    expect(ended.out).toMatch(/personas\/other\.json:2:14: the persona adviser stands in personas\/adviser\.json already/);
  });

  test("a warning is counted as none of the problems", async () => {
    stage.file("personas/other.json", fileWith({ flags: '"wr---"' }));
    const { code, err } = await stage.run("persona", "apply", "personas/other.json");
    expect(code).toBe(1);
    expect(err).toContain("personas/other.json has a problem\n  personas/other.json:4:12: ");
    expect(err).toContain("\n  warning: personas/other.json:2:14: the file is called other.json");
    expect(err).toContain("where: personas/other.json:4:12");
  });

  test("one fault hides no other", async () => {
    const text = fileWith({
      ...{ flags: '"r-"', tools: '["place.read", "no.such", 7]', tier: '"cheap"', knowledge: '["../x.md", "knowledge/none.md"]' },
      ...{ output: '{ "type": "string" }', promt: '"x"' },
    });
    stage.file("personas/adviser.json", text);
    const { json } = await stage.run("persona", "check", "personas/adviser.json", "--json");
    const { personas } = json as { personas: { problems: { path: string; line: number }[] }[] };
    expect(personas[0]?.problems.map(({ path }) => path)).toEqual([
      ...["flags", "tools.1", "tools.2", "tier", "knowledge.0", "knowledge.1", "output", "promt"],
    ]);
  });
});

describe("models", () => {
  const check = (model: string, models = defaultConfig, modelsElsewhere = false) =>
    checkPersonaFile(fileWith({ model: `"${model}"` }), "personas/adviser.json", { exists: () => true, models, modelsElsewhere }).problems;

  test("one that a persona names must be known to the configuration, with a price", () => {
    expect(check("anthropic/claude-opus-5-5")).toEqual([]);
    expect(check("anthropic/claude-unheard-of")).toMatchObject([{ code: "no-price", path: "model", line: 8, column: 12 }]);
    expect(check("nobody/model")).toMatchObject([{ code: "unknown-provider", path: "model" }]);
    // Whoever applies it may stand elsewhere than the masters.
    expect(check("nobody/model", defaultConfig, true)).toMatchObject([
      { severity: "warning", hint: expect.stringContaining("of the masters") },
    ]);
    const priced = { ...defaultConfig, prices: { "anthropic/claude-unheard-of": { usdPerMTokIn: 1, usdPerMTokOut: 2 } } };
    expect(check("anthropic/claude-unheard-of", priced)).toEqual([]);
  });

  test("a tier with no model is told with its position", () => {
    const { $schema: _, ...config } = defaultConfig;
    const text = JSON.stringify({ ...config, tiers: { ...config.tiers, economy: [] } }, null, 2);
    expect(checkConfig(text, "petrel.config.json").problems).toMatchObject([
      { path: "tiers.economy", message: "tiers.economy: a tier needs a model: here is none", line: lineOf(text, '"economy": []') },
    ]);
  });
});

test("an ask that names a missing input is told by net check", async () => {
  const net = `{
  "net": "asks",
  "places": { "inbox": { "open": true }, "out": { "sink": true } },
  "transitions": {
    "answer": {
      "kind": "llm",
      "persona": "adviser",
      "ask": "Advise on \${requst.title}.",
      "in": [{ "place": "inbox", "as": "request" }],
      "out": [{ "to": "out" }]
    }
  }
}
`;
  stage.file("nets/asks.json", net);
  const ended = await stage.run("net", "check", "nets/asks.json");
  expect(ended.code).toBe(1);
  expect(ended.err).toMatch(/nets\/asks\.json:8:\d+: .*requst/);
});
