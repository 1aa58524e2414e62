/**
 * A persona asks a tier; here it becomes a model, with its fallbacks, its price and the budget of this start.
 * - T1 Nothing is asked once the budget is spent.
 * - T2 Every answer is booked before it is given.
 */
import type { Clock } from "../contract/clock.ts";
import { PetrelError, Retryable, Terminal } from "../contract/errors.ts";
import type { ModelUse } from "../contract/event.ts";
import { type Config, type ModelChoice, TIERS, type Tier } from "./config.ts";
import type { AskOptions, ModelAnswer, ModelProvider, ModelRequest } from "./port.ts";
import { costUsd } from "./prices.ts";

export type TierRequest = Omit<ModelRequest, "tier" | "model">;

export interface TierAnswer {
  answer: ModelAnswer;
  /** One call. */
  use: ModelUse;
}

export interface TierPlan {
  tier: Tier;
  choices: (ModelChoice & { available: boolean })[];
}

export interface Tiers {
  /**
   * Errors: those of the model port, of the last choice that could be asked; Terminal `no-model` when none of the tier's
   * providers has a key, `unknown-tier`, and `models-budget-exhausted` (exit code 6).
   */
  ask(tier: string, request: TierRequest, options: AskOptions): Promise<TierAnswer>;
  /** USD paid since the start. */
  spentUsd(): number;
  /** What would be asked, for printing before anything is spent. */
  plan(): TierPlan[];
}

export interface TierOptions {
  clock: Clock;
  /** Answers for every tier, for nothing: a cassette. Its cost is booked as 0, beside the list price. */
  instead?: ModelProvider;
  /** Default: the configuration's. */
  budgetUsd?: number;
}

export function tierModels(config: Config, providers: ReadonlyMap<string, ModelProvider>, options: TierOptions): Tiers {
  const { clock, instead } = options;
  const budget = options.budgetUsd ?? config.budget.usd;
  let spent = 0;
  const providerOf = (choice: ModelChoice) => instead ?? providers.get(choice.provider);

  async function ask(tier: string, request: TierRequest, call: AskOptions): Promise<TierAnswer> {
    if (!isTier(tier)) throw unknownTier(tier);
    if (!instead && spent >= budget) throw overspent(spent, budget); // T1
    const choices = config.tiers[tier].filter((choice) => providerOf(choice) !== undefined).slice(0, instead ? 1 : undefined);
    const deadline = clock.now() + call.timeoutMs;
    const failures: unknown[] = [];
    for (const choice of choices) {
      const timeoutMs = deadline - clock.now();
      if (failures.length > 0 && timeoutMs <= 0) break;
      try {
        const answer = await (providerOf(choice) as ModelProvider).ask({ ...request, tier, model: choice.model }, { ...call, timeoutMs });
        const use = book(answer, choice);
        spent += use.costUsd; // T2
        return { answer, use };
      } catch (error) {
        failures.push(error);
        if (!mayFallBack(error)) throw error;
      }
    }
    throw failures.length > 0 ? worthTelling(failures) : noModel(tier, config.tiers[tier]);
  }

  function book(answer: ModelAnswer, choice: ModelChoice): ModelUse {
    const listUsd = costUsd(answer.usage, choice);
    const provider = instead?.name ?? choice.provider;
    return { provider, name: answer.model, calls: 1, ...answer.usage, costUsd: instead ? 0 : listUsd, listUsd };
  }

  return {
    ask,
    spentUsd: () => spent,
    plan: () =>
      TIERS.map((tier) => ({
        tier,
        choices: config.tiers[tier].map((choice) => ({ ...choice, available: providerOf(choice) !== undefined })),
      })),
  };
}

/** The sum of two uses; the later names stand. */
export function addUse(sum: ModelUse | null, use: ModelUse): ModelUse {
  if (!sum) return use;
  const total: ModelUse = {
    provider: use.provider,
    name: use.name,
    calls: sum.calls + use.calls,
    inputTokens: sum.inputTokens + use.inputTokens,
    outputTokens: sum.outputTokens + use.outputTokens,
    costUsd: sum.costUsd + use.costUsd,
  };
  if (sum.listUsd !== undefined && use.listUsd !== undefined) total.listUsd = sum.listUsd + use.listUsd;
  return total;
}

function isTier(name: string): name is Tier {
  return (TIERS as readonly string[]).includes(name);
}

/** Another model may do what this one cannot now, or is not there for. A refused key is said at once: it is a mistake to correct. */
function mayFallBack(error: unknown): boolean {
  if (!(error instanceof PetrelError)) return true;
  return error instanceof Retryable || error.code === "model-unknown";
}

/** One that may pass by itself, if there is one, so that the firing is tried again. */
function worthTelling(failures: unknown[]): unknown {
  return failures.find((failure) => failure instanceof Retryable) ?? failures[failures.length - 1];
}

function unknownTier(tier: string): Terminal {
  return new Terminal({ code: "unknown-tier", message: `there is no tier "${tier}"`, hint: `Tiers are ${TIERS.join(", ")}.` });
}
function noModel(tier: Tier, choices: ModelChoice[]): Terminal {
  const names = [...new Set(choices.map((choice) => choice.provider))].join(" and ");
  return new Terminal({
    code: "no-model",
    message: `no model can be asked for tier ${tier}: ${names} ${names.includes(" and ") ? "have" : "has"} no key`,
    hint: "Set ANTHROPIC_API_KEY or OPENAI_API_KEY, or name a local server under providers in petrel.config.json.",
  });
}
function overspent(spent: number, budget: number): Terminal {
  return new Terminal({
    code: "models-budget-exhausted",
    message: `the models' budget of ${budget} USD is spent (${spent.toFixed(4)} USD)`,
    hint: "Raise budget.usd in petrel.config.json, or give --budget.",
    exitCode: 6,
  });
}
