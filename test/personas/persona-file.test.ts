import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import type { Token } from "../../src/contract/token.ts";
import { grantCapabilities, type PlaceAccess, readHandle, writeHandle } from "../../src/personas/capabilities.ts";
import { checkPersonaFile, parsePersona } from "../../src/personas/check-persona.ts";
import { type PersonaFile, personaJsonSchema, personaSchema, personaVersion } from "../../src/personas/persona-schema.ts";
import { assemblePrompt } from "../../src/personas/prompt.ts";
import { developerFile, storySchema } from "../support/persona-run.ts";

const there = { exists: () => true };
const write = (over: object) => JSON.stringify({ $schema: "../schemas/persona.schema.json", ...developerFile, ...over }, null, 2);
const check = (over: object, exists = true) => checkPersonaFile(write(over), "personas/developer.json", { exists: () => exists });
const at = (text: string, part: string) => {
  const before = text.slice(0, text.indexOf(part));
  return { line: before.split("\n").length, column: before.length - before.lastIndexOf("\n") };
};

test("a good file gives a persona with its defaults", () => {
  const { persona, problems } = check({});
  expect(problems).toEqual([]);
  expect(persona).toMatchObject({ persona: "developer", knowledge: [], budget: { turns: 8, seconds: 600 }, maxOutputTokens: 16_000 });
});

describe("a mistake is told with file, line and column", () => {
  test.each<[string, object, string, string, string]>([
    ["an unknown field", { promt: "x" }, "unknown-field", "promt", '"promt"'],
    ["an unknown field inside", { budget: { turn: 3 } }, "unknown-field", "budget.turn", '"turn"'],
    ["flags that are none", { flags: "wr---" }, "schema", "flags", '"wr---"'],
    ["a tier that is none", { tier: "cheap" }, "schema", "tier", '"cheap"'],
    ["a tool that is none", { tools: ["fs.read", "fs.raed"] }, "unknown-tool", "tools.1", '"fs.raed"'],
    ["a tool twice", { tools: ["fs.read", "think", "fs.read"] }, "tool-twice", "tools.2", '"fs.read"\n'],
    ["a tool whose flag is missing", { flags: "r----", tools: ["fs.read", "fs.write"] }, "flag-missing", "tools.1", '"fs.write"'],
    ["an output that no tool can take", { output: { type: "string" } }, "output-schema", "output", '{\n    "type": "string"'],
    ["an output that is no schema", { output: { type: "object", required: "x" } }, "output-schema", "output", '{\n    "type": "object"'],
    ["knowledge from outside", { knowledge: ["../../secrets.md"] }, "schema", "knowledge.0", '"../../secrets.md"'],
    ["knowledge by absolute path", { knowledge: ["/etc/passwd"] }, "schema", "knowledge.0", '"/etc/passwd"'],
  ])("%s", (_, over, code, path, part) => {
    const { persona, problems } = check(over);
    expect(persona).toBeNull();
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ severity: "error", code, path, file: "personas/developer.json", ...at(write(over), part) });
    expect(problems[0]?.hint).not.toBe("");
  });

  test("a part to keep that there is none of", () => {
    const keep = ["data.diff", "knowledge/other.md", "lessons"];
    expect(check({ knowledge: ["knowledge/owasp.md"], context: { keep } }).problems).toMatchObject([
      { code: "unknown-part", path: "context.keep.1", hint: "Its files are knowledge/owasp.md." },
      { code: "unknown-part", path: "context.keep.2" },
    ]);
  });
  test.each([
    ["{task.title}", "error"],
    ["{task}", "error"],
    ["{$result.ok}", "error"],
    ["{default(task.title, 1)}", "error"],
    ["{HOME}", "warning"],
  ])("a prompt that names the input $%s, as a template would: %s", (named, severity) => {
    const prompt = ["Do ", `${named} first.`].join("$");
    const { persona, problems } = check({ prompt });
    expect(persona === null).toBe(severity === "error");
    expect(problems).toMatchObject([{ severity, code: "prompt-template", path: "prompt", ...at(write({ prompt }), '"Do ') }]);
  });
  test("a prompt that speaks of dollars and braces is sound", () => {
    expect(check({ prompt: "Mind $PATH and {braces}." }).problems).toEqual([]);
  });
  test("a knowledge file that is missing", () => {
    expect(check({ knowledge: ["knowledge/owasp.md"] }, false).problems).toMatchObject([
      { code: "knowledge-missing", path: "knowledge.0" },
    ]);
    expect(check({ knowledge: ["knowledge/owasp.md"] }).problems).toEqual([]);
  });
  test("a field that is missing, and several mistakes at once", () => {
    const { persona: _, ...rest } = developerFile;
    const { problems } = checkPersonaFile(JSON.stringify({ ...rest, tier: "x", y: 1 }), "p.json", there);
    expect(problems.map((problem) => problem.path).sort()).toEqual(["persona", "tier", "y"]);
  });
  test("a file under another name is a warning, no error", () => {
    const { persona, problems } = checkPersonaFile(write({}), "personas/coder.json", there);
    expect(persona).not.toBeNull();
    expect(problems).toMatchObject([{ severity: "warning", code: "name-differs" }]);
  });
  test.each(["", "{", "[]", "null", '{"persona": "x",}', "\u0000"])("%j is no crash", (text) => {
    expect(() => parsePersona(text, "p.json", there)).toThrow(
      expect.objectContaining({ code: "persona-invalid", exitCode: 2, where: expect.stringMatching(/^p\.json:\d+:\d+$/) }),
    );
  });
});

test("the generated JSON Schema takes what the checker takes and refuses an unknown field", () => {
  const { $schema: _, ...schema } = personaJsonSchema();
  const validate = new Ajv2020({ strict: false }).compile(schema);
  expect(validate(JSON.parse(write({ output: storySchema })))).toBe(true);
  expect(validate(JSON.parse(write({ promt: "x" })))).toBe(false);
  expect(validate(JSON.parse(write({ flags: "rwx" })))).toBe(false);
});

test("a version is definition and knowledge, nothing else", () => {
  const persona = (over: Partial<PersonaFile> = {}) => personaSchema.parse({ ...developerFile, ...over });
  const knowledge = [{ file: "a.md", text: "A" }];
  const version = personaVersion(persona(), knowledge);
  expect(personaVersion(persona({ $schema: "elsewhere.json" }), knowledge)).toBe(version);
  expect(personaVersion(persona({ prompt: "Other." }), knowledge)).not.toBe(version);
  expect(personaVersion(persona(), [{ file: "a.md", text: "B" }])).not.toBe(version);
  expect(personaVersion(persona(), [])).not.toBe(version);
});

describe("the prompt", () => {
  const persona = personaSchema.parse(developerFile);
  const task = {
    ask: "Do it.",
    data: { task: { b: 1, a: 2 } },
    toolNames: ["fs.read", "done"],
    places: { read: ["tasks"], write: [] },
    answerTool: null,
    loop: true,
  };

  test("is the same for the same inputs, whatever the order of names", () => {
    const one = assemblePrompt(persona, [{ file: "k.md", text: "Know this.\n" }], task);
    const other = assemblePrompt(persona, [{ file: "k.md", text: "Know this.\n" }], { ...task, toolNames: ["done", "fs.read"] });
    expect(other).toEqual(one);
    expect(assemblePrompt(persona, [], task).sha256).not.toBe(one.sha256);
  });

  test("holds persona, knowledge, rules, ask and fenced data", () => {
    const { text, system, messages } = assemblePrompt(persona, [{ file: "k.md", text: "Know this." }], task);
    for (const part of [
      "You are Developer.",
      "You write code and tests.",
      "Know this.",
      "done, fs.read",
      "tasks",
      "Do it.",
      '<data name="task">',
    ])
      expect(text).toContain(part);
    expect(system).not.toContain("Do it.");
    expect(messages).toHaveLength(1);
  });
});

describe("capabilities", () => {
  const token = (n: number): Token => ({
    id: `t-${n}`,
    data: { n },
    from: { outside: "test" },
    by: "test",
    at: "2026-11-22T00:00:00.000Z",
    correlation: "c",
    v: 1,
  });
  const places = new Map([
    ["tasks", [token(1)]],
    ["secrets", [token(2)]],
    ["review", []],
  ]);
  const puts: [string, unknown][] = [];
  const moves: unknown[] = [];
  const access: PlaceAccess = {
    peek: (place) => (places.get(place) ?? []).map((each) => ({ token: each, reservedBy: null })),
    put: async (place, data) => {
      puts.push([place, data]);
      return { id: "t-new" };
    },
    move: async (place, id, to) => {
      moves.push([place, id, to]);
      return { id: "t-moved" };
    },
  };
  const step = { firing: "f", attempt: 1, call: "t1c1" };
  const capabilities = grantCapabilities({ reads: ["tasks", "tasks"], writes: ["review"], takes: ["tasks"] }, access);

  test("reach the places of the arcs and no other", () => {
    expect([...capabilities.reads.keys(), ...capabilities.writes.keys()]).toEqual(["tasks", "review"]);
    expect(readHandle(capabilities, "tasks").peek("f")).toEqual([{ token: token(1), reservedBy: null }]);
    void writeHandle(capabilities, "review").put({ ok: true }, step);
    expect(puts).toEqual([["review", { ok: true }]]);
    for (const place of ["secrets", "review", "__proto__", ""])
      expect(() => readHandle(capabilities, place)).toThrow(expect.objectContaining({ code: "place-not-wired", outlook: "refused" }));
    expect(() => writeHandle(capabilities, "tasks")).toThrow(expect.objectContaining({ code: "place-not-wired" }));
  });

  test("give copies, and cannot be bent to another place", () => {
    const handle = readHandle(capabilities, "tasks");
    (handle.peek("f")[0]?.token as Token).data = "spoiled";
    expect(handle.peek("f")[0]?.token.data).toEqual({ n: 1 });
    expect(() => Object.assign(handle, { place: "secrets" })).toThrow(TypeError);
    expect(handle.place).toBe("tasks");
  });

  test("move a token between two handles that were granted together, and to no other", async () => {
    const take = capabilities.takes.get("tasks");
    await take?.move("t-1", writeHandle(capabilities, "review"), undefined, step);
    expect(moves).toEqual([["tasks", "t-1", "review"]]);
    const foreign = grantCapabilities({ reads: [], writes: ["review", "vault"], takes: [] }, access);
    for (const place of ["review", "vault"]) {
      await expect(take?.move("t-1", writeHandle(foreign, place), undefined, step)).rejects.toMatchObject({ code: "place-not-wired" });
    }
    await expect(take?.move("t-1", { place: "vault", put: async () => ({ id: "" }) }, undefined, step)).rejects.toThrow(/vault/);
    expect(moves).toHaveLength(1);
  });
});
