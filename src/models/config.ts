/** petrel.config.json: which models stand behind the tiers, where the providers are, and how much may be spent. */
import * as z from "zod";
import { limitsSchema as amountLimits, crossingSchema } from "../contract/budget.ts";
import { crystalPolicySchema } from "../contract/crystal-policy.ts";
import { Terminal } from "../contract/errors.ts";
import { HOST_PATTERN, HOST_RULE } from "../contract/host-pattern.ts";
import type { JsonObject } from "../contract/json.ts";
import { formatProblem, type JsonFile, type Problem, parseJsonFile, problemAt, schemaProblems } from "../contract/json-file.ts";
import { defaultTiers } from "./default-tiers.ts";
import { FREE, listPrice, type Price } from "./prices.ts";

export const TIERS = ["frontier", "standard", "economy"] as const;
export type Tier = (typeof TIERS)[number];

const usd = z.number().min(0);
const priceFields = {
  usdPerMTokIn: usd.optional().describe("USD for a million input tokens; default: the list price, where Petrel knows the model"),
  usdPerMTokOut: usd.optional().describe("USD for a million output tokens"),
  usdPerMTokCacheRead: usd.optional().describe("USD for a million input tokens read from the provider's cache; default: as other input"),
  usdPerMTokCacheWrite: usd.optional().describe("USD for a million input tokens written into it; default: a quarter more than other input"),
  longContext: z
    .strictObject({ aboveTokens: z.int().min(1), usdPerMTokIn: usd, usdPerMTokOut: usd })
    .optional()
    .describe("Prices for prompts longer than `aboveTokens`"),
};
const choiceSchema = z.strictObject({
  provider: z
    .string()
    .min(1)
    .describe("Name of an entry of `providers`; `anthropic`, `openai`, `claude-code` and `rules` are always there"),
  model: z.string().min(1).describe("Name of the model at its provider"),
  ...priceFields,
});
const tierSchema = z
  .array(choiceSchema)
  .min(1, "a tier needs a model: here is none")
  .describe("The first is asked; the next when it is busy, away or unknown, or has no key");

const providerSchema = z.strictObject({
  api: z
    .enum(["anthropic", "openai", "openai-chat", "openai-responses", "claude-code"])
    .optional()
    .describe(
      "What it speaks; default: `anthropic` and `claude-code` for the providers of these names, else `openai`: Responses at OpenAI's own address, Chat Completions at any other",
    ),
  baseURL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe("For Ollama http://127.0.0.1:11434/v1; default: the provider's own"),
  command: z.string().min(1).optional().describe("Of `claude-code`: the program; default: claude, looked for in PATH"),
  apiKey: z
    .string()
    .regex(/^env:[A-Za-z_][A-Za-z0-9_]*$/, 'a key stands in an environment variable, written "env:NAME", never in this file')
    .optional(),
});

const MODEL_NAME = /^[a-z][a-z0-9-]*\/.+$/;
const limitsSchema = z.strictObject({
  models: z
    .record(
      z.string().regex(MODEL_NAME, 'limits are for "provider/model", or "provider/*" for each model of a provider'),
      z.strictObject({ requestsPerMinute: z.number().min(0.001).optional(), tokensPerMinute: z.int().min(1).optional() }),
    )
    .default({})
    .describe("How much each model may be asked, by all masters together"),
  fallbackAfterSeconds: z
    .number()
    .min(0)
    .optional()
    .describe("How long a busy model is waited for before the tier's next one is asked; default 20"),
  giveUpAfterSeconds: z
    .number()
    .min(0)
    .optional()
    .describe("How long a busy model is waited for when there is no other; then the attempt fails and is tried again; default 900"),
});

export const configSchema = z.strictObject({
  $schema: z.string().optional(),
  tiers: z
    .strictObject({ frontier: tierSchema, standard: tierSchema, economy: tierSchema })
    .default(defaultTiers)
    .describe("The models of each tier, the first one first; without it, Petrel's own"),
  providers: z
    .record(
      z.string().regex(/^(?!rules$)[a-z][a-z0-9-]{0,47}$/, "a provider is named like my-server; rules is Petrel's own"),
      providerSchema,
    )
    .default({}),
  prices: z
    .record(z.string().regex(MODEL_NAME, 'prices are for "provider/model"'), z.strictObject(priceFields))
    .default({})
    .describe("Prices of models that a persona names and no tier does"),
  limits: limitsSchema.optional(),
  http: z
    .strictObject({
      allow: z
        .array(z.string().regex(HOST_PATTERN, HOST_RULE))
        .optional()
        .describe(
          'Where `http` transitions may go; default: every public host. "*" is every public host; other addresses are listed one by one',
        ),
    })
    .optional(),
  retention: z
    .strictObject({
      keepAge: z
        .string()
        .regex(/^\d+[smhd]$/, 'an age is a whole number and s, m, h or d, like "30d"')
        .optional()
        .describe("Events that are younger stay"),
      keepEvents: z.int().min(1).optional().describe("So many of the last events of a net stay"),
      every: z
        .string()
        .regex(/^\d+[smhd]$/, 'a time is a whole number and s, m, h or d, like "1h"')
        .optional()
        .describe("How often `petrel up` clears by this policy; default 1h"),
      audit: z.boolean().optional().describe("What goes from a log is written into the state folder first, and no artefact goes"),
    })
    .optional()
    .describe("What `petrel gc` keeps of the logs; an event stays that any of these wants to keep"),
  budget: z
    .strictObject({
      usd: usd.describe("The most that one start of Petrel may spend on models"),
      perNet: amountLimits.optional().describe("For each net that declares none of its own, in all"),
      perDay: amountLimits.optional().describe("For each net that declares none of its own, in one day (UTC)"),
      onCrossing: crossingSchema.optional(),
    })
    .default({ usd: 5 }),
  expert: z
    .strictObject({
      usdPerDay: z.number().min(0).default(1).describe("What its model may cost in one day (UTC); then the rules answer"),
      guestQuestionsPerDay: z.int().min(0).default(100).describe("How often all guests together may ask its model in one day (UTC)"),
    })
    .default({ usdPerDay: 1, guestQuestionsPerDay: 100 })
    .describe("The Domain Expert of the monitor, for all gateways together"),
  crystallize: crystalPolicySchema
    .optional()
    .describe("Rules in models' places, for nets whose file says nothing else: who says yes, how good they must be, how they are watched"),
});
export type Config = z.output<typeof configSchema>;
export type ModelChoice = z.output<typeof choiceSchema>;
export type ProviderConfig = z.output<typeof providerSchema>;

const ALWAYS_THERE = new Set(["anthropic", "openai", "claude-code", "rules"]);

/** `config` is there exactly when no problem is an error. */
export function checkConfig(text: string, file: string): { config: Config | null; problems: Problem[] } {
  const { source, problems } = parseJsonFile(text, file);
  if (source.value === undefined) return { config: null, problems };
  const result = configSchema.safeParse(source.value);
  if (!result.success) return { config: null, problems: schemaProblems(source, result.error) };
  const config = result.data;
  const unknown = TIERS.flatMap((tier) =>
    config.tiers[tier].flatMap((choice, index) =>
      isKnownProvider(config, choice.provider)
        ? []
        : [
            problemAt(source, ["tiers", tier, index, "provider"], {
              code: "unknown-provider",
              message: `tier ${tier} names a provider "${choice.provider}" that is not under providers`,
              hint: `Add "${choice.provider}" under providers with its baseURL.`,
            }),
          ],
    ),
  );
  const found = [...unknown, ...TIERS.flatMap((tier) => unpriced(config, tier, source))];
  return { config: found.length === 0 ? config : null, problems: found };
}

export function isKnownProvider({ providers }: Config, name: string): boolean {
  return ALWAYS_THERE.has(name) || Object.hasOwn(providers, name);
}

/** A budget in money means nothing while a price is not known. */
function unpriced(config: Config, tier: Tier, source: JsonFile): Problem[] {
  return config.tiers[tier].flatMap((choice, index) =>
    priceOf(choice)
      ? []
      : [
          problemAt(source, ["tiers", tier, index, "model"], {
            code: "no-price",
            message: `tier ${tier} names ${choice.model}, of which Petrel knows no price`,
            hint: 'Add "usdPerMTokIn" and "usdPerMTokOut" beside it; 0 for a model of your own.',
          }),
        ],
  );
}

/** What a choice costs: as it says, else as the list says; null when neither does. */
export function priceOf(choice: ModelChoice): Price | null {
  if (choice.provider === "rules") return FREE;
  const listed = listPrice(choice.model);
  const [usdPerMTokIn, usdPerMTokOut] = [choice.usdPerMTokIn ?? listed?.usdPerMTokIn, choice.usdPerMTokOut ?? listed?.usdPerMTokOut];
  if (usdPerMTokIn === undefined || usdPerMTokOut === undefined) return null;
  const { usdPerMTokCacheRead, usdPerMTokCacheWrite, longContext } = choice;
  // Whoever states a price of their own states all of it.
  const own = choice.usdPerMTokIn !== undefined || choice.usdPerMTokOut !== undefined;
  return {
    ...(own || !listed ? {} : listed),
    ...{ usdPerMTokIn, usdPerMTokOut },
    ...(usdPerMTokCacheRead === undefined ? {} : { usdPerMTokCacheRead }),
    ...(usdPerMTokCacheWrite === undefined ? {} : { usdPerMTokCacheWrite }),
    ...(longContext === undefined ? {} : { longContext }),
  };
}

/** Throws Terminal `config-invalid` with every problem's file, line and column. */
export function parseConfig(text: string, file: string): Config {
  const { config, problems } = checkConfig(text, file);
  if (config) return config;
  const first = problems[0];
  throw new Terminal({
    code: "config-invalid",
    message: problems.map(formatProblem).join("\n"),
    where: first ? `${first.file}:${first.line}:${first.column}` : file,
    hint: `Correct ${file}; petrel init writes a fresh one.`,
    exitCode: 2,
  });
}

export function configJsonSchema(): JsonObject {
  return z.toJSONSchema(configSchema, { target: "draft-2020-12", io: "input" }) as JsonObject;
}

/** The same configuration with one model behind every tier: for a single local server, say. */
export function withOneModel(config: Config, choice: ModelChoice, provider: ProviderConfig): Config {
  const tiers = { frontier: [choice], standard: [choice], economy: [choice] };
  return { ...config, tiers, providers: { ...config.providers, [choice.provider]: provider } };
}
