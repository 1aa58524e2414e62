/** petrel.config.json: which models stand behind the tiers, where the providers are, and how much may be spent. */
import { z } from "zod";
import { Terminal } from "../contract/errors.ts";
import { HOST_PATTERN, HOST_RULE } from "../contract/host-pattern.ts";
import type { JsonObject } from "../contract/json.ts";
import { formatProblem, type Problem, parseJsonFile, problemAt, schemaProblems } from "../contract/json-file.ts";

export const TIERS = ["frontier", "standard", "economy"] as const;
export type Tier = (typeof TIERS)[number];

const usd = z.number().min(0);
const choiceSchema = z.strictObject({
  provider: z.string().min(1).describe("Name of an entry of `providers`; `anthropic`, `openai` and `rules` are always there"),
  model: z.string().min(1).describe("Name of the model at its provider"),
  usdPerMTokIn: usd.describe("USD for a million input tokens"),
  usdPerMTokOut: usd.describe("USD for a million output tokens"),
  longContext: z
    .strictObject({ aboveTokens: z.int().min(1), usdPerMTokIn: usd, usdPerMTokOut: usd })
    .optional()
    .describe("Prices for prompts longer than `aboveTokens`"),
});
const tierSchema = z.array(choiceSchema).min(1).describe("The first is asked; the next when it is busy, away or unknown, or has no key");

const providerSchema = z.strictObject({
  api: z
    .enum(["anthropic", "openai"])
    .optional()
    .describe("What it speaks; default: `anthropic` for the provider of that name, else `openai`"),
  baseURL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe("For Ollama http://127.0.0.1:11434/v1; default: the provider's own"),
  apiKey: z
    .string()
    .regex(/^env:[A-Za-z_][A-Za-z0-9_]*$/, 'a key stands in an environment variable, written "env:NAME", never in this file')
    .optional(),
});

export const configSchema = z.strictObject({
  $schema: z.string().optional(),
  tiers: z.strictObject({ frontier: tierSchema, standard: tierSchema, economy: tierSchema }),
  providers: z
    .record(
      z.string().regex(/^(?!rules$)[a-z][a-z0-9-]{0,47}$/, "a provider is named like my-server; rules is Petrel's own"),
      providerSchema,
    )
    .default({}),
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
      audit: z.boolean().optional().describe("What goes from a log is written into the state folder first, and no artefact goes"),
    })
    .optional()
    .describe("What `petrel gc` keeps of the logs; an event stays that any of these wants to keep"),
  budget: z.strictObject({ usd: usd.describe("The most that one start of Petrel may spend on models") }).default({ usd: 5 }),
});
export type Config = z.output<typeof configSchema>;
export type ModelChoice = z.output<typeof choiceSchema>;
export type ProviderConfig = z.output<typeof providerSchema>;

const ALWAYS_THERE = new Set(["anthropic", "openai", "rules"]);

/** `config` is there exactly when no problem is an error. */
export function checkConfig(text: string, file: string): { config: Config | null; problems: Problem[] } {
  const { source, problems } = parseJsonFile(text, file);
  if (source.value === undefined) return { config: null, problems };
  const result = configSchema.safeParse(source.value);
  if (!result.success) return { config: null, problems: schemaProblems(source, result.error) };
  const config = result.data;
  const unknown = TIERS.flatMap((tier) =>
    config.tiers[tier].flatMap((choice, index) =>
      ALWAYS_THERE.has(choice.provider) || choice.provider in config.providers
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
  return { config: unknown.length === 0 ? config : null, problems: unknown };
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
