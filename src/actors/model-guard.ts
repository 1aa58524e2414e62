/**
 * What stands between one attempt of a firing and the models: budgets, the model that the persona names, waiting, and what is said
 * while it is said.
 * - G1 Nothing is asked and no tool is called that could cross a budget; what is declared for the crossing happens instead.
 * - G2 Waiting for a busy model takes nothing of the time that the work has.
 */
import { NOTHING, plus, UNCOUNTED_TOOLS } from "../contract/budget.ts";
import type { Clock } from "../contract/clock.ts";
import { isoTime } from "../contract/clock.ts";
import { PetrelError } from "../contract/errors.ts";
import type { EventDraft, ModelUse } from "../contract/event.ts";
import { TIERS } from "../models/config.ts";
import { worstUsd } from "../models/prices.ts";
import type { Allowance, TierCall, TierRequest, Tiers, Wait, WorstCase } from "../models/tiers.ts";
import type { Persona } from "../personas/persona-schema.ts";
import { amountsOfUse, type BudgetDesk, type OpenSpending } from "./term/budget-desk.ts";
import { APPROVERS, BudgetCrossed, type BudgetScope, type DefaultBudgets, firstCrossed, leftOf, scopesOf } from "./term/budget-scopes.ts";
import type { AssignedFiring } from "./term/dispatch.ts";
import type { Term } from "./term/term.ts";

/** With less room than this a model cannot say anything of use. */
const LEAST_OUTPUT = 256;
/** Who is to go on cheaper does so while this share of the room is left: what the dearest model may not say is no answer either. */
const ROOM_TO_DEGRADE = 1 / 4;
/** Shorter waits are not worth an event, until together they are as long as this; then twice as long, and so on. */
const TELL_MS = 3000;
/** How the turn loop says that the turns or seconds of one firing are used up. */
const OF_THE_LOOP: ReadonlySet<string> = new Set(["budget-exhausted", "too-many-turns"]);

/** Whose work the model is asked for. */
type Asking = Pick<AssignedFiring, "net" | "transition" | "firing" | "attempt" | "persona" | "correlation">;

export interface GuardParts {
  term: Term;
  firing: Asking;
  persona: Persona;
  tiers: Tiers;
  clock: Clock;
  defaults: DefaultBudgets;
  /** Stops and starts the attempt's own time limit. */
  hold(held: boolean): void;
}

export class ModelGuard {
  readonly #parts: GuardParts;
  readonly #desk: BudgetDesk;
  readonly #open: OpenSpending;
  #waitedMs = 0;
  #waitingSince: number | null = null;
  /** Waited since the last event that said so, and how much is worth the next. */
  #untoldMs = 0;
  #tellAtMs = TELL_MS;
  /** Of the tiers, how far down it has been degraded. */
  #tier: string | null = null;

  constructor(parts: GuardParts) {
    const { term, firing, persona } = parts;
    this.#parts = parts;
    this.#desk = term.budgets;
    this.#open = this.#desk.begin(firing.firing, firing.attempt, persona.persona);
  }

  /** The persona with the budget of one firing as people have allowed it. */
  get persona(): Persona {
    const { persona, term, firing } = this.#parts;
    const times = 1 + (term.state.firings.get(firing.firing)?.allowed ?? 0);
    if (times === 1) return persona;
    const { usd, tokens, turns, seconds, ...rest } = persona.budget;
    const scaled = { turns: turns * times, seconds: seconds * times };
    const money = { ...(usd === undefined ? {} : { usd: usd * times }), ...(tokens === undefined ? {} : { tokens: tokens * times }) };
    return { ...persona, budget: { ...rest, ...scaled, ...money } };
  }

  /** G2. A clock that stands still while a model is waited for. */
  get clock(): Clock {
    const { clock } = this.#parts;
    return {
      now: () => (this.#waitingSince ?? clock.now()) - this.#waitedMs,
      after: (ms, call) => clock.after(ms, call),
    };
  }

  get wallClock(): Clock {
    return this.#parts.clock;
  }

  /** The same tiers under guard: for tools that ask a model, too. */
  get tiers(): Tiers {
    return { ...this.#parts.tiers, ask: this.ask };
  }

  readonly ask: Tiers["ask"] = async (tier, request, call) => {
    let asked = this.#tier ?? tier;
    const guarded: TierCall = {
      ...call,
      allow: (worst) => this.#allow(worst, lowerThan(asked) !== undefined),
      onWait: (wait) => this.#wait(wait),
      onText: (text) => {
        call.onText?.(text);
        this.#say(text);
      },
    };
    for (;;) {
      try {
        return await this.#parts.tiers.ask(asked, this.#preferred(request), guarded);
      } catch (error) {
        const lower = lowerThan(asked);
        if (!(error instanceof BudgetCrossed) || error.at.onCrossing !== "degrade" || lower === undefined) throw error;
        this.#tellDegraded(asked, lower, error);
        this.#tier = lower;
        asked = lower;
      }
    }
  };

  /** Before an engine begins a session: what it may take of money and turns. Throws BudgetCrossed (G1). */
  room(): { usd: number | null; turns: number } {
    this.#mustHold({ turns: 1, tokens: 1, usd: 0.000_001 });
    const left = leftOf(this.#scopes(), "usd");
    return { usd: Number.isFinite(left) ? left : null, turns: Math.min(this.persona.budget.turns, leftOf(this.#scopes(), "turns")) };
  }
  /** What the engine has used. */
  took(use: ModelUse): void {
    this.#open.used = plus(this.#open.used, amountsOfUse(use));
  }

  /** Before a tool is called. Throws BudgetCrossed. */
  beforeTool(name: string): void {
    if (UNCOUNTED_TOOLS.has(name)) return;
    this.#mustHold({ toolCalls: 1 });
    this.#open.used = plus(this.#open.used, { toolCalls: 1 });
  }

  end(): void {
    this.#desk.end(this.#open);
  }
  /** The end of what is no firing: the event that tells of its cost is in the state by now. */
  endTold(): void {
    this.#open.used = NOTHING;
    this.end();
  }

  /** The gate at which people are asked, where that is declared for what happened; else null. */
  questionFor(error: unknown): EventDraft | null {
    const { firing, persona } = this.#parts;
    if (error instanceof BudgetCrossed) return error.at.onCrossing === "ask" ? gateDraft(firing, error.at, error.message) : null;
    // Turns and seconds of one firing are counted by the turn loop.
    if (persona.budget.onCrossing !== "ask" || !(error instanceof PetrelError) || !OF_THE_LOOP.has(error.code)) return null;
    return gateDraft(firing, { scope: "firing", period: "all", approvers: persona.budget.approvers ?? APPROVERS }, error.message);
  }

  #preferred(request: TierRequest): TierRequest {
    const { model } = this.#parts.persona;
    return model === undefined || this.#tier !== null ? request : { ...request, prefer: model };
  }

  #scopes(): BudgetScope[] {
    const { persona, term, defaults } = this.#parts;
    return scopesOf(persona, term.net?.definition.budget, defaults, this.#desk.usedBy(this.#open));
  }

  #mustHold(next: Parameters<typeof firstCrossed>[1], scopes = this.#scopes()): void {
    const found = firstCrossed(scopes, next);
    if (found) throw new BudgetCrossed(this.#parts.term.state.net, this.#parts.persona.persona, found.at, found.what);
  }

  /** G1. As much room for the answer as every budget leaves, and no call where that is too little to be of use. */
  #allow(worst: WorstCase, canDegrade: boolean): Allowance {
    const scopes = this.#scopes();
    const { inputTokens, price } = worst;
    const promiseOf = (output: number) => ({ usd: worstUsd(inputTokens, output, price), tokens: inputTokens + output, turns: 1 });
    if (canDegrade) {
      const degrading = scopes.filter(({ onCrossing }) => onCrossing === "degrade");
      this.#mustHold(promiseOf(Math.ceil(worst.maxOutputTokens * ROOM_TO_DEGRADE)), degrading);
    }
    const byTokens = leftOf(scopes, "tokens") - inputTokens;
    const perToken = worstUsd(inputTokens, 1000, price) - worstUsd(inputTokens, 0, price);
    const byUsd = perToken === 0 ? Number.POSITIVE_INFINITY : ((leftOf(scopes, "usd") - worstUsd(inputTokens, 0, price)) / perToken) * 1000;
    const room = Math.floor(Math.min(worst.maxOutputTokens, byTokens, byUsd));
    const maxOutputTokens = Math.max(room, Math.min(LEAST_OUTPUT, worst.maxOutputTokens));
    const promise = promiseOf(maxOutputTokens);
    this.#mustHold(promise);
    const promised = plus(NOTHING, promise);
    this.#open.promised.add(promised);
    return {
      maxOutputTokens,
      done: (use) => {
        this.#open.promised.delete(promised);
        if (use) this.#open.used = plus(this.#open.used, amountsOfUse(use));
      },
    };
  }

  #wait(wait: Wait | null): void {
    const { clock, firing, hold } = this.#parts;
    hold(wait !== null);
    if (wait === null) {
      this.#waitedMs += clock.now() - (this.#waitingSince ?? clock.now());
      this.#waitingSince = null;
      this.#open.wait = null;
      return;
    }
    this.#waitingSince = clock.now();
    const until = clock.now() + wait.ms;
    this.#open.wait = { ...wait, until };
    this.#untoldMs += wait.ms;
    if (this.#untoldMs < this.#tellAtMs) return;
    this.#untoldMs = 0;
    this.#tellAtMs *= 2;
    const why = wait.reason === "busy" ? "it is busy" : "its rate limit is reached";
    const { provider, model } = wait;
    this.#note({
      status: "waiting",
      summary: `${firing.persona} waits until ${isoTime(until)} for ${provider}/${model}: ${why}.`,
      attributes: { waits: { provider, model, reason: wait.reason, until: isoTime(until) } },
    });
  }

  #say(text: string): void {
    const { term, firing } = this.#parts;
    const { net, transition, persona } = firing;
    term.ports.broker.liveText.say({ net, transition, firing: firing.firing, persona, text });
  }

  #tellDegraded(from: string, to: string, error: BudgetCrossed): void {
    this.#note({
      status: "info",
      summary: `${this.#parts.firing.persona} goes on with tier ${to} instead of ${from}: ${error.message}.`,
      attributes: { degraded: { from, to, ...error.about } },
    });
  }

  #note(draft: Pick<EventDraft, "status" | "summary" | "attributes">): void {
    const { term, firing } = this.#parts;
    const { transition, persona, attempt, correlation } = firing;
    void term
      .commit({ category: "tool", type: "noted", ...{ transition, persona, attempt, correlation }, firing: firing.firing, ...draft })
      .catch(() => {});
  }
}

function lowerThan(tier: string): (typeof TIERS)[number] | undefined {
  return TIERS[(TIERS as readonly string[]).indexOf(tier) + 1];
}

/** The event by which work that came to a limit waits for people. */
function gateDraft(firing: Asking, at: Pick<BudgetScope, "scope" | "period" | "approvers">, why: string): EventDraft {
  const { transition, persona, correlation } = firing;
  const approvers = [...at.approvers];
  const budget = { scope: at.scope, period: at.period, persona };
  return {
    category: "gate",
    type: "gated",
    status: "waiting",
    ...{ transition, persona, correlation },
    firing: firing.firing,
    attempt: firing.attempt + 1,
    summary: `${persona} asks for one budget more for ${transition}: ${why}. ${approvers.join(" or ")} must decide.`,
    attributes: {
      gate: { name: `${transition}-budget`, approvers, quorum: 1, notAuthor: false, expiresAt: null, budget },
    },
  };
}
