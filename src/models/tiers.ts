/**
 * A persona asks a tier; here it becomes a model, with its fallbacks, its price and the budget of this start.
 * - T1 Nothing is asked that could cost more than is left, reckoned from the worst case.
 * - T2 Every answer is booked before it is given.
 * - T3 A busy provider is waited for. Past a threshold the next model of the tier is asked instead, and only then.
 */
import { type Clock, delay } from "../contract/clock.ts";
import { Cancelled, PetrelError, Retryable, Terminal } from "../contract/errors.ts";
import type { ModelUse } from "../contract/event.ts";
import { localQuotas } from "../contract/quotas.ts";
import { type Config, type ModelChoice, priceOf, TIERS, type Tier } from "./config.ts";
import { worstInputTokens } from "./estimate-tokens.ts";
import { namedModel } from "./named-model.ts";
import type { AskOptions, ModelAnswer, ModelProvider, ModelRequest } from "./port.ts";
import { FREE, type Price, worstUsd } from "./prices.ts";
import { type RateLimiter, rateLimiter } from "./rate-limiter.ts";
import { useOf } from "./use.ts";

export type TierRequest = Omit<ModelRequest, "tier" | "model"> & {
  /** `provider/model`: asked first; the tier's own models follow. */
  prefer?: string;
  /** `prefer` alone, and nobody in its stead. */
  only?: boolean;
};

/** What a call may take at most, before it is made. */
export interface WorstCase {
  tier: Tier;
  provider: string;
  model: string;
  inputTokens: number;
  maxOutputTokens: number;
  /** What its tokens cost. Zero where a recording answers. */
  price: Price;
}
export interface Allowance {
  /** Room for the answer: at most what was asked for. */
  maxOutputTokens: number;
  /** The call is over; null when it brought nothing. */
  done(use: ModelUse | null): void;
}

export interface Wait {
  provider: string;
  model: string;
  /** Milliseconds from now. */
  ms: number;
  /** `busy`: the provider says so. `limit`: the limits of petrel.config.json. */
  reason: "busy" | "limit";
}

export interface TierCall extends AskOptions {
  /** Asked before each call to a provider; what it throws prevents the call. */
  allow?(worst: WorstCase): Allowance;
  /** Begins to wait, and (null) has waited. Waiting does not count against `timeoutMs`. */
  onWait?(wait: Wait | null): void;
}

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
   * providers has a key, `unknown-tier`, `no-price`, and `models-budget-exhausted` (exit code 6); and what `allow` throws.
   */
  ask(tier: string, request: TierRequest, options: TierCall): Promise<TierAnswer>;
  /** What `ask` would send first, and to whom. Errors: Terminal `no-model`, `unknown-tier`. */
  preview(tier: string, request: TierRequest): { provider: string; model: string; body: object };
  /** USD paid since the start. */
  spentUsd(): number;
  /** What would be asked, for printing before anything is spent. */
  plan(): TierPlan[];
}

export interface TierOptions {
  clock: Clock;
  /** Answers for every tier, for nothing: a cassette. Its cost is booked as 0, beside the list price. */
  instead?: ModelProvider;
  /** Its answers count as paid at list prices, in the budgets of personas and nets: for a drill, which spends nothing. */
  charged?: boolean;
  /** Default: the configuration's. */
  budgetUsd?: number;
  /** Default: one of this process alone. */
  limiter?: RateLimiter;
}

const FALLBACK_AFTER_SECONDS = 20;
const GIVE_UP_AFTER_SECONDS = 900;

interface Asking {
  tier: Tier;
  choice: ModelChoice;
  price: Price;
  provider: ModelProvider;
  request: TierRequest;
  call: TierCall;
  /** Another model could be asked. */
  hasNext: boolean;
  /** Milliseconds waited so far, for all models of this call. */
  waited: { ms: number };
}

export function tierModels(config: Config, providers: ReadonlyMap<string, ModelProvider>, options: TierOptions): Tiers {
  const { clock, instead } = options;
  const budget = options.budgetUsd ?? config.budget.usd;
  const limiter = options.limiter ?? rateLimiter({ quotas: localQuotas(), clock, random: () => 0.5, limits: config.limits?.models ?? {} });
  const fallbackAfterMs = (config.limits?.fallbackAfterSeconds ?? FALLBACK_AFTER_SECONDS) * 1000;
  const giveUpAfterMs = (config.limits?.giveUpAfterSeconds ?? GIVE_UP_AFTER_SECONDS) * 1000;
  let spent = 0;
  let promised = 0;
  const providerOf = (choice: ModelChoice) => instead ?? providers.get(choice.provider);

  async function ask(tier: string, request: TierRequest, call: TierCall): Promise<TierAnswer> {
    if (!isTier(tier)) throw unknownTier(tier);
    const wanted = choicesOf(config, tier, request);
    const choices = wanted.filter((choice) => providerOf(choice) !== undefined).slice(0, instead ? 1 : undefined);
    const began = clock.now();
    const waited = { ms: 0 };
    const failures: unknown[] = [];
    for (const [at, choice] of choices.entries()) {
      const timeoutMs = call.timeoutMs - (clock.now() - began - waited.ms);
      if (failures.length > 0 && timeoutMs <= 0) break;
      const provider = providerOf(choice) as ModelProvider;
      const price = priceOf(choice) ?? (instead ? FREE : null);
      if (!price) throw noPrice(choice);
      const hasNext = at < choices.length - 1;
      try {
        const asking = { tier, choice, price, provider, request, call: { ...call, timeoutMs }, hasNext, waited };
        return await (instead ? once(asking) : patiently(asking));
      } catch (error) {
        failures.push(error);
        if (!mayFallBack(error)) throw error;
      }
    }
    throw failures.length > 0 ? worthTelling(failures) : noModel(tier, wanted);
  }

  /** T3. Takes its turn at the limiter, and asks again what was busy. */
  async function patiently(asking: Asking): Promise<TierAnswer> {
    const { choice, request, call, waited } = asking;
    const worst = worstInputTokens(request) + request.maxOutputTokens;
    for (;;) {
      const { limited, reason, waitMs } = await limiter.take(choice.provider, choice.model, worst);
      for (let ms = waitMs; ms > 0; ms = await limiter.heldFor(choice.provider, choice.model)) await waitOrLeave(asking, ms, worst, reason);
      try {
        const answered = await once(asking);
        const used = answered.use.inputTokens + answered.use.outputTokens;
        await limiter.answered(choice.provider, choice.model, limited ? worst - used : 0);
        return answered;
      } catch (error) {
        if (!(error instanceof PetrelError && error.code === "model-busy")) throw error;
        await limiter.busy(choice.provider, choice.model, error.retryAfterMs);
        if (call.signal.aborted || waited.ms >= giveUpAfterMs) throw error;
      }
    }
  }

  async function waitOrLeave(asking: Asking, waitMs: number, worst: number, reason: Wait["reason"]): Promise<void> {
    const { choice, call, hasNext, waited } = asking;
    const total = waited.ms + waitMs;
    const { provider, model } = choice;
    if ((hasNext && total > fallbackAfterMs) || total > giveUpAfterMs) {
      await limiter.giveBack(provider, model, worst);
      const message = `${provider}/${model} is busy for another ${Math.ceil(waitMs / 1000)} s`;
      throw new Retryable({ code: "model-busy", message, retryAfterMs: waitMs });
    }
    call.onWait?.({ provider, model, ms: waitMs, reason });
    const from = clock.now();
    try {
      await delay(clock, waitMs, call.signal);
    } catch {
      await limiter.giveBack(provider, model, worst);
      throw new Cancelled({ code: "aborted", message: `waiting for ${provider}/${model} was called off` });
    } finally {
      waited.ms += clock.now() - from;
      call.onWait?.(null);
    }
  }

  async function once({ tier, choice, price, provider, request, call }: Asking): Promise<TierAnswer> {
    const { prefer: _, only: _only, ...plain } = request;
    const free = instead !== undefined && !options.charged;
    const paid = free ? FREE : price;
    const inputTokens = worstInputTokens(request);
    const worst: WorstCase = {
      tier,
      provider: provider.name,
      model: choice.model,
      inputTokens,
      maxOutputTokens: request.maxOutputTokens,
      price: paid,
    };
    const allowance = call.allow?.(worst);
    const maxOutputTokens = allowance?.maxOutputTokens ?? request.maxOutputTokens;
    const usd = worstUsd(inputTokens, maxOutputTokens, paid);
    let use: ModelUse | null = null;
    try {
      if (!instead && usd > 0 && spent + promised + usd > budget) throw overspent(spent, budget); // T1
      promised += usd;
      try {
        const answer = await provider.ask({ ...plain, maxOutputTokens, tier, model: choice.model }, call);
        use = useOf(answer, { provider: instead?.name ?? choice.provider, tier, price, free });
        spent += use.costUsd; // T2
        return { answer, use };
      } finally {
        promised -= usd;
      }
    } finally {
      allowance?.done(use);
    }
  }

  function preview(tier: string, request: TierRequest) {
    if (!isTier(tier)) throw unknownTier(tier);
    const wanted = choicesOf(config, tier, request);
    const choice = wanted.find((each) => providerOf(each) !== undefined);
    const provider = choice && providerOf(choice);
    if (!choice || !provider) throw noModel(tier, wanted);
    const { prefer: _, only: _only, ...plain } = request;
    const whole = { ...plain, tier, model: choice.model };
    return { provider: provider.name, model: choice.model, body: provider.body?.(whole) ?? whole };
  }

  return {
    ask,
    preview,
    spentUsd: () => spent,
    plan: () =>
      TIERS.map((tier) => ({
        tier,
        choices: config.tiers[tier].map((choice) => ({ ...choice, available: providerOf(choice) !== undefined })),
      })),
  };
}

/** The model that a persona names comes first, with its price from wherever the tiers name it too. */
function choicesOf(config: Config, tier: Tier, { prefer, only }: Pick<TierRequest, "prefer" | "only">): ModelChoice[] {
  const own = config.tiers[tier];
  if (prefer === undefined) return own;
  const named = namedModel(config, prefer);
  if (only) return [named];
  const same = (choice: ModelChoice) => choice.provider === named.provider && choice.model === named.model;
  return [named, ...own.filter((choice) => !same(choice))];
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
function noPrice({ provider, model }: ModelChoice): Terminal {
  return new Terminal({
    code: "no-price",
    message: `Petrel knows no price of ${provider}/${model}, so no budget could hold`,
    hint: `Add "prices": {"${provider}/${model}": {"usdPerMTokIn": ..., "usdPerMTokOut": ...}} to petrel.config.json; 0 for a model of your own.`,
  });
}
function overspent(spent: number, budget: number): Terminal {
  return new Terminal({
    code: "models-budget-exhausted",
    message: `the models' budget of ${budget} USD is spent: ${spent.toFixed(4)} USD, and the next call could take more than is left`,
    hint: "Raise budget.usd in petrel.config.json, or give --budget.",
    exitCode: 6,
  });
}
