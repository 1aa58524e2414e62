import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { checkConfig, configJsonSchema, parseConfig, withOneModel } from "../../src/models/config.ts";
import { defaultConfig } from "../../src/models/default-config.ts";
import { costUsd, listPrice, PRICES_AS_OF, worstUsd } from "../../src/models/prices.ts";
import { availableProviders } from "../../src/models/providers/from-config.ts";
import { realClock } from "../support/model-clock.ts";

const shipped = readFileSync(new URL("../../petrel.config.json", import.meta.url), "utf8");
const edit = (change: (config: Record<string, unknown>) => void) => {
  const config = JSON.parse(shipped);
  change(config);
  return JSON.stringify(config, null, 2);
};

test("the shipped file says what holds without one, and fits its own JSON Schema", () => {
  const { $schema: _, ...config } = parseConfig(shipped, "petrel.config.json");
  expect(config).toEqual(defaultConfig);
  const { $schema: __, ...schema } = configJsonSchema();
  const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(schema);
  expect(validate(JSON.parse(shipped))).toBe(true);
  expect(validate({ ...JSON.parse(shipped), budgets: 1 })).toBe(false);
});

test("a file without tiers has those of no file: a fragment is enough", () => {
  expect(parseConfig('{"budget": {"usd": 1}}', "petrel.config.json")).toMatchObject({ tiers: defaultConfig.tiers, budget: { usd: 1 } });
  expect(parseConfig('{"http": {"allow": ["*"]}}', "petrel.config.json").tiers).toEqual(defaultConfig.tiers);
});

describe("a mistake is told with file, line and column", () => {
  const lineOf = (text: string, part: string) => text.slice(0, text.indexOf(part)).split("\n").length;

  test("a policy for rules that says more than there is, or nonsense", () => {
    const of = (crystallize: unknown) => {
      const text = edit((config) => Object.assign(config, { crystallize }));
      return { text, ...checkConfig(text, "c.json") };
    };
    expect(of({ bound: 0.02, approvers: ["role:maintainer"], promote: "people" }).config).toMatchObject({ crystallize: { bound: 0.02 } });
    const { text, problems } = of({ approvers: ["maintainer"], shadow: -1, promotion: "policy" });
    expect(problems.map(({ path }) => path).sort()).toEqual(["crystallize.approvers.0", "crystallize.promotion", "crystallize.shadow"]);
    const approver = problems.find(({ path }) => path === "crystallize.approvers.0");
    expect(approver).toMatchObject({ line: lineOf(text, '"maintainer"'), message: expect.stringContaining("role:NAME") });
  });

  test("an unknown field", () => {
    const text = edit((config) => Object.assign(config, { budgett: { usd: 1 } }));
    expect(checkConfig(text, "c.json")).toMatchObject({
      config: null,
      problems: [{ code: "unknown-field", file: "c.json", line: lineOf(text, '"budgett"'), column: 3, path: "budgett" }],
    });
  });
  test("a wrong type deep inside", () => {
    const text = shipped.replace('"model": "claude-opus-5-5"', '"model": "claude-opus-5-5", "usdPerMTokIn": "four"');
    const { problems } = checkConfig(text, "c.json");
    expect(problems).toMatchObject([{ code: "schema", path: "tiers.frontier.0.usdPerMTokIn", line: lineOf(text, '"four"') }]);
  });
  test("a tier that is missing, at its parent", () => {
    const text = edit((config) => Object.assign(config, { tiers: { frontier: defaultConfig.tiers.frontier } }));
    expect(checkConfig(text, "c.json").problems.map((problem) => problem.path)).toEqual(["tiers.standard", "tiers.economy"]);
  });
  test("a model of no known price", () => {
    const text = shipped.replace('"claude-sonnet-5-5"', '"my-own-model"');
    expect(checkConfig(text, "c.json").problems).toMatchObject([
      {
        code: "no-price",
        path: "tiers.standard.0.model",
        line: lineOf(text, '"my-own-model"'),
        message: expect.stringContaining("my-own-model"),
      },
    ]);
    expect(checkConfig(text.replace('"my-own-model"', '"my-own-model", "usdPerMTokIn": 0, "usdPerMTokOut": 0'), "c.json").problems).toEqual(
      [],
    );
  });
  test("an empty tier, and limits for what is no model", () => {
    const empty = edit((config) => Object.assign(config.tiers as object, { economy: [] }));
    expect(checkConfig(empty, "c.json").problems).toMatchObject([{ path: "tiers.economy" }]);
    const limits = edit((config) => Object.assign(config, { limits: { models: { opus: { requestsPerMinute: 1 } } } }));
    expect(checkConfig(limits, "c.json").problems[0]).toMatchObject({ line: lineOf(limits, '"opus"') });
  });
  test("a provider that nobody declared", () => {
    const text = shipped.replace('"provider": "openai"', '"provider": "ollama"');
    expect(checkConfig(text, "c.json").problems).toMatchObject([{ code: "unknown-provider", path: "tiers.frontier.1.provider" }]);
  });
  test("a key written into the file is refused, and not repeated", () => {
    const text = shipped.replace("env:OPENAI_API_KEY", "sk-0123456789abcdef");
    const { problems } = checkConfig(text, "c.json");
    expect(problems[0]?.message).toMatch(/env:NAME/);
    expect(JSON.stringify(problems)).not.toContain("sk-0123");
  });
  test.each(["", "{", '{"tiers": }', "[1, 2", "// c\n{}", '{"tiers": {},}'])("%j is no crash", (text) => {
    expect(() => parseConfig(text, "c.json")).toThrow(
      expect.objectContaining({ code: "config-invalid", where: expect.stringMatching(/^c\.json:\d+:\d+$/), exitCode: 2 }),
    );
  });
});

describe("providers", () => {
  const names = (env: Record<string, string>, config = defaultConfig) => {
    const { providers, missing } = availableProviders(config, env, realClock);
    return { have: [...providers.keys()], missing: missing.map((each) => each.variable) };
  };
  test("without keys there are none, and the variables are named", () => {
    expect(names({})).toEqual({ have: [], missing: ["ANTHROPIC_API_KEY", "OPENAI_API_KEY"] });
  });
  test("a key, or for OpenAI a base URL, makes one", () => {
    expect(names({ ANTHROPIC_API_KEY: "k" }).have).toEqual(["anthropic"]);
    expect(names({ OPENAI_BASE_URL: "http://127.0.0.1:1/v1" }).have).toEqual(["openai"]);
    expect(names({ OPENAI_API_KEY: "" }).have).toEqual([]);
  });
  test("a local server needs no key", () => {
    const choice = { provider: "ollama", model: "qwen3", usdPerMTokIn: 0, usdPerMTokOut: 0 };
    const config = withOneModel(defaultConfig, choice, { baseURL: "http://127.0.0.1:11434/v1" });
    expect(names({}, config).have).toEqual(["ollama"]);
    expect(config.tiers.economy).toEqual([choice]);
  });
});

test("prices: a family, a dated name, a long prompt, an unknown model", () => {
  expect(listPrice("claude-haiku-4-5-20251001")).toMatchObject({ usdPerMTokIn: 1 });
  expect(listPrice("claude-sonnet-5-5")).toMatchObject({ usdPerMTokIn: 2 });
  expect(listPrice("some-model")).toBeUndefined();
  const haiku = listPrice("claude-haiku-5-5");
  if (!haiku) throw new Error("not listed");
  expect(costUsd({ inputTokens: 100_000, outputTokens: 1000 }, haiku)).toBeCloseTo(0.0105);
  expect(costUsd({ inputTokens: 100_001, outputTokens: 1000 }, haiku)).toBeCloseTo(0.0525, 4);
});

test("what comes from a cache costs less, what goes into one more, and the worst case is never below what is paid", () => {
  const opus = listPrice("claude-opus-5-5");
  if (!opus) throw new Error("not listed");
  const cost = (cacheReadTokens: number, cacheWriteTokens: number) =>
    costUsd({ inputTokens: 100_000, outputTokens: 0, cacheReadTokens, cacheWriteTokens }, opus);
  expect(cost(0, 0)).toBeCloseTo(0.4);
  expect(cost(100_000, 0)).toBeCloseTo(0.04);
  expect(cost(0, 100_000)).toBeCloseTo(0.5);
  for (const price of [opus, { usdPerMTokIn: 3, usdPerMTokOut: 4 }, listPrice("gpt-5.6-sol") ?? opus]) {
    for (const [read, written] of [
      [0, 0],
      [0, 300_000],
      [300_000, 0],
      [1000, 5000],
    ] as const) {
      const usage = { inputTokens: 300_000, outputTokens: 700, cacheReadTokens: read, cacheWriteTokens: written };
      expect(worstUsd(300_000, 700, price)).toBeGreaterThanOrEqual(costUsd(usage, price));
    }
  }
  expect(PRICES_AS_OF).toMatch(/^\d{4}-\d\d-\d\d$/);
});
