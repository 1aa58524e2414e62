/**
 * Budgets of one term: what the log says was used, and what is under way here.
 * - B1 Before a call its worst case is promised; what all calls under way could take counts as used.
 * - B2 What a call took counts here until the event that tells of it is in the state; then there, and never nowhere.
 * - B3 What was used is the fold of the log (E1): a budget that is spent stays spent over restarts and takeovers.
 */
import { type Amounts, NOTHING, plus } from "../../contract/budget.ts";
import { type Clock, isoTime } from "../../contract/clock.ts";
import type { ModelUse, NetEvent } from "../../contract/event.ts";
import type { Wait } from "../../models/tiers.ts";
import { spendingOf, WHOLE_NET } from "../../net/spending.ts";
import type { NetState } from "../../net/state.ts";
import type { UsedBy } from "./budget-scopes.ts";

export interface OpenSpending {
  firing: string;
  attempt: number;
  persona: string;
  startedAt: number;
  used: Amounts;
  /** Calls that are being made, at their worst. */
  promised: Set<Amounts>;
  /** What it waits for before it may ask. */
  wait: (Wait & { until: number }) | null;
}

export class BudgetDesk {
  readonly #state: NetState;
  readonly #clock: Clock;
  readonly #open = new Map<string, OpenSpending>();

  constructor(state: NetState, clock: Clock) {
    this.#state = state;
    this.#clock = clock;
  }

  begin(firing: string, attempt: number, persona: string): OpenSpending {
    const open: OpenSpending = {
      ...{ firing, attempt, persona },
      startedAt: this.#clock.now(),
      used: NOTHING,
      promised: new Set(),
      wait: null,
    };
    this.#open.set(keyOf(firing, attempt), open);
    return open;
  }
  /** The attempt is over; what it used stays until its event is there. */
  end(open: OpenSpending): void {
    open.promised.clear();
    open.wait = null;
    if (open.used.turns === 0) this.#open.delete(keyOf(open.firing, open.attempt));
  }

  /** B2. */
  follow({ model, firing, attempt, type }: NetEvent): void {
    if (!model || firing === undefined) return;
    const key = keyOf(firing, attempt ?? 1);
    const open = this.#open.get(key);
    // A step of a durable loop tells of one call; the loop goes on.
    if (type === "step" && open) open.used = minus(open.used, amountsOfUse(model));
    else this.#open.delete(key);
  }

  waitOf(firing: string, attempt: number): (Wait & { until: number }) | null {
    return this.#open.get(keyOf(firing, attempt))?.wait ?? null;
  }

  usedBy(open: OpenSpending): UsedBy {
    const day = isoTime(this.#clock.now()).slice(0, 10);
    const firing = this.#state.firings.get(open.firing);
    const wide = (name: string) => {
      const { total, today, allowed, allowedToday } = spendingOf(this.#state, name, day);
      const coming = this.#underWay(name === WHOLE_NET ? null : name);
      return { total: plus(total, coming), today: plus(today, coming), allowed, allowedToday };
    };
    return {
      firing: { used: plus(firing?.spent ?? NOTHING, ofOne(open)), allowed: firing?.allowed ?? 0 },
      persona: wide(open.persona),
      net: wide(WHOLE_NET),
    };
  }

  /** B1. */
  #underWay(persona: string | null): Amounts {
    const now = this.#clock.now();
    let sum = NOTHING;
    for (const open of this.#open.values()) {
      if (persona !== null && open.persona !== persona) continue;
      sum = plus(plus(sum, ofOne(open)), { seconds: Math.max(0, now - open.startedAt) / 1000 });
    }
    return sum;
  }
}

function ofOne({ used, promised }: OpenSpending): Amounts {
  return [...promised].reduce(plus, used);
}

export function amountsOfUse(use: ModelUse): Partial<Amounts> {
  return { usd: use.costUsd, tokens: use.inputTokens + use.outputTokens, turns: use.calls };
}

function minus(used: Amounts, told: Partial<Amounts>): Amounts {
  const rest = (amount: "usd" | "tokens" | "turns") => Math.max(0, used[amount] - (told[amount] ?? 0));
  return { ...used, usd: rest("usd"), tokens: rest("tokens"), turns: rest("turns") };
}

function keyOf(firing: string, attempt: number): string {
  return `${firing}/${attempt}`;
}
