/** Which models answer in this run: live ones, a cassette, or answers written by hand that are to become a cassette. */
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Clock } from "../../contract/clock.ts";
import { isoTime } from "../../contract/clock.ts";
import { Terminal } from "../../contract/errors.ts";
import { localQuotas, type Quotas } from "../../contract/quotas.ts";
import { CLAUDE_CODE, claudeCodeProvider } from "../../executors/model-cli/claude-code.ts";
import { parseCassette } from "../../models/cassette.ts";
import { type Config, type ProviderConfig, parseConfig, TIERS, withOneModel } from "../../models/config.ts";
import { OLLAMA_URL } from "../../models/ollama.ts";
import type { ModelProvider } from "../../models/port.ts";
import { answersFileSchema, authoredProvider } from "../../models/providers/authored.ts";
import { availableProviders } from "../../models/providers/from-config.ts";
import { recordedProvider } from "../../models/providers/recorded.ts";
import { RULES, rulesProvider } from "../../models/providers/rules.ts";
import { rateLimiter } from "../../models/rate-limiter.ts";
import { openRecorder, type Recorder } from "../../models/recorder.ts";
import { type Tiers, tierModels } from "../../models/tiers.ts";
import { rosterRules } from "../../personas/rules/roster-rules.ts";
import { unknownPersona } from "../../personas/rules/unknown-persona.ts";
import type { Misbehaviour } from "../demo/sabotage.ts";
import { saboteur } from "../demo/saboteur.ts";
import { hostileProvider } from "../drill/hostile.ts";

export interface ModelOptions {
  /** `live`: models with keys. `recorded`: a cassette. `authored`: a file of answers. `rules`: rules for every tier, no model. */
  source: "live" | "recorded" | "authored" | "rules";
  /** The cassette or the file of answers. */
  file?: string;
  /** Milliseconds that a recorded answer takes. */
  paceMs?: number;
  /** Writes every answer of this run into a cassette. */
  record?: string;
  budgetUsd?: number;
  /** A model of the Ollama on its usual port answers for every tier. */
  ollama?: string;
  /** One persona misbehaves: for the demo. */
  sabotage?: Misbehaviour;
}

/** The same choice as words of a command line, for `up` and `master`. */
export function modelWords(models: ModelOptions): string[] {
  const words = ["--models", models.source];
  if (models.file !== undefined) words.push("--answers", models.file);
  if (models.ollama !== undefined) words.push("--ollama", models.ollama);
  if (models.paceMs !== undefined) words.push("--pace", String(models.paceMs));
  if (models.record !== undefined) words.push("--record", models.record);
  if (models.budgetUsd !== undefined) words.push("--budget", String(models.budgetUsd));
  if (models.sabotage !== undefined) words.push("--sabotage", models.sabotage);
  return words;
}

export interface ModelSetting {
  options: ModelOptions;
  /** Folders of this run, whose paths become relative in a cassette. */
  roots: string[];
  /** Where the user stands, and where Petrel lies. */
  cwd: string;
  root: string;
  env: Record<string, string | undefined>;
  clock: Clock;
  /** The state folder; default: the usual one. */
  dir?: string;
  /** In [0, 1); default: the middle. */
  random?: () => number;
  /** What all masters share; without it, limits hold for this process alone. */
  quotas?: Quotas;
}

export function configFile({ cwd, root }: Pick<ModelSetting, "cwd" | "root">): string | undefined {
  return [cwd, root].map((folder) => join(folder, "petrel.config.json")).find((path) => existsSync(path));
}

/** The configuration of the folder where the user stands, else the one that ships with Petrel. */
export function readConfig(setting: Pick<ModelSetting, "cwd" | "root">): Config {
  const file = configFile(setting);
  if (!file)
    throw new Terminal({ code: "config-missing", message: `there is no petrel.config.json in ${setting.cwd}`, hint: "petrel init ." });
  return parseConfig(readFileSync(file, "utf8"), file);
}

export async function chooseModels(setting: ModelSetting): Promise<Tiers> {
  const { options, env, clock, roots } = setting;
  const config = withOllama(readConfig(setting), options.ollama);
  const given = new Map([[RULES, rulesProvider(rosterRules, { clock, otherwise: unknownPersona })], ...claudeCode(config, setting)]);
  const live = availableProviders(config, env, clock, given);
  const { quotas = localQuotas(), random = () => 0.5 } = setting;
  const limiter = rateLimiter({ quotas, clock, random, limits: config.limits?.models ?? {} });
  const budget = { limiter, ...(options.budgetUsd === undefined ? {} : { budgetUsd: options.budgetUsd }) };
  if (options.source === "live") {
    const providers = options.record ? await recording(setting, options.record, live.providers) : live.providers;
    return tierModels(config, providers, { clock, ...budget });
  }
  const sound = { authored, recorded, rules }[options.source](setting);
  const instead =
    options.sabotage === undefined ? sound : options.sabotage === "drill" ? hostileProvider() : saboteur(sound, options.sabotage);
  const answering = options.record ? (await recorder(setting, options.record, "authored")).wrap(instead) : instead;
  return tierModels(config, live.providers, { clock, instead: answering, charged: options.sabotage === "drill", ...budget });

  function rules({ options: { paceMs } }: ModelSetting): ModelProvider {
    return rulesProvider(rosterRules, { clock, otherwise: unknownPersona, ...(paceMs === undefined ? {} : { paceMs }) });
  }
  function recorded({ options: { file, paceMs } }: ModelSetting): ModelProvider {
    const path = resolve(setting.cwd, file ?? join(setting.root, "nets", "safe-teams.cassette.jsonl"));
    return recordedProvider(parseCassette(readText(path), path), { clock, roots, ...(paceMs === undefined ? {} : { paceMs }) });
  }
  function authored({ options: { file } }: ModelSetting): ModelProvider {
    const path = resolve(setting.cwd, file ?? "answers.json");
    return authoredProvider(answersFileSchema.parse(JSON.parse(readText(path))), { clock, file: path, roots });
  }
}

/** Only where a tier or a provider names it: it is a program, which others may not have. */
function claudeCode(config: Config, { env, clock, dir, cwd }: ModelSetting): [string, ModelProvider][] {
  const named = TIERS.some((tier) => config.tiers[tier].some(({ provider }) => provider === CLAUDE_CODE));
  const entries = Object.entries({ ...(named ? { [CLAUDE_CODE]: {} as ProviderConfig } : {}), ...config.providers });
  const own = entries.filter(([name, entry]) => (entry.api ?? name) === CLAUDE_CODE);
  return own.map(([name, { command, baseURL, apiKey }]) => [
    name,
    claudeCodeProvider({
      ...{ clock, env, command, baseURL },
      dir: join(dir ?? join(cwd, ".petrel"), name),
      keyVariable: apiKey?.slice("env:".length),
    }),
  ]);
}

function withOllama(config: Config, model: string | undefined): Config {
  if (model === undefined) return config;
  return withOneModel(config, { provider: "ollama", model, usdPerMTokIn: 0, usdPerMTokOut: 0 }, { baseURL: `${OLLAMA_URL}/v1` });
}

async function recording(
  setting: ModelSetting,
  file: string,
  providers: ReadonlyMap<string, ModelProvider>,
): Promise<ReadonlyMap<string, ModelProvider>> {
  const one = await recorder(setting, file, "live");
  return new Map([...providers].map(([name, provider]) => [name, one.wrap(provider)]));
}

function recorder({ cwd, clock, roots }: ModelSetting, file: string, origin: "authored" | "live"): Promise<Recorder> {
  const model = origin === "authored" ? "hand" : "several";
  return openRecorder({ file: resolve(cwd, file), header: { cassette: 1, origin, model, date: isoTime(clock.now()).slice(0, 10) }, roots });
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new Terminal({ code: "file-missing", message: `${path} cannot be read`, hint: "name an existing file", cause });
  }
}
