/** The budgets that a firing stands under, from the narrowest: its own, its persona's, its net's; each in all and for today. Pure. */
import { type Amounts, amountText, type Crossed, type Crossing, crossed, type Limits, type NetBudget } from "../../contract/budget.ts";
import { Terminal } from "../../contract/errors.ts";
import type { JsonObject } from "../../contract/json.ts";
import type { Persona } from "../../personas/persona-schema.ts";

export interface BudgetScope {
  scope: "firing" | "persona" | "net";
  period: "all" | "day";
  limits: Limits;
  /** Used, promised and under way. */
  used: Amounts;
  /** So many more budgets people have allowed. */
  allowed: number;
  onCrossing: Crossing;
  approvers: readonly string[];
}

/** Budgets of petrel.config.json, for nets that declare none. */
export interface DefaultBudgets {
  perNet?: Limits | undefined;
  perDay?: Limits | undefined;
  onCrossing?: Crossing | undefined;
}

export interface UsedBy {
  firing: { used: Amounts; allowed: number };
  persona: { total: Amounts; today: Amounts; allowed: number; allowedToday: number };
  net: { total: Amounts; today: Amounts; allowed: number; allowedToday: number };
}

export const APPROVERS = ["role:maintainer"];

export function scopesOf(persona: Persona, net: NetBudget | undefined, defaults: DefaultBudgets, by: UsedBy): BudgetScope[] {
  const own = persona.budget;
  const forPersona = { scope: "persona", onCrossing: own.onCrossing ?? "stop", approvers: own.approvers ?? APPROVERS } as const;
  const onCrossing = net?.onCrossing ?? defaults.onCrossing ?? "stop";
  const forNet = { scope: "net", onCrossing, approvers: net?.approvers ?? APPROVERS } as const;
  const { perDay, onCrossing: _, approvers: __, ...inAll } = net ?? {};
  const netLimits = Object.values(inAll).some((limit) => limit !== undefined) ? inAll : (defaults.perNet ?? {});
  // What one attempt may take of turns and seconds, the turn loop sees to.
  const firing: Limits = { usd: own.usd, tokens: own.tokens, toolCalls: own.toolCalls };
  const { persona: p, net: n } = by;
  return [
    { ...forPersona, scope: "firing", period: "all", limits: firing, used: by.firing.used, allowed: by.firing.allowed },
    { ...forPersona, period: "all", limits: own.perNet ?? {}, used: p.total, allowed: p.allowed },
    { ...forPersona, period: "day", limits: own.perDay ?? {}, used: p.today, allowed: p.allowedToday },
    { ...forNet, period: "all", limits: netLimits, used: n.total, allowed: n.allowed },
    { ...forNet, period: "day", limits: perDay ?? defaults.perDay ?? {}, used: n.today, allowed: n.allowedToday },
  ];
}

/** The first budget that the next step would cross. */
export function firstCrossed(scopes: readonly BudgetScope[], next: Partial<Amounts>): { at: BudgetScope; what: Crossed } | null {
  for (const at of scopes) {
    const what = crossed(at.limits, at.used, next, at.allowed);
    if (what) return { at, what };
  }
  return null;
}

/** What the narrowest budget leaves of an amount. */
export function leftOf(scopes: readonly BudgetScope[], amount: keyof Amounts): number {
  return scopes.reduce((least, { limits, used, allowed }) => {
    const limit = limits[amount];
    return limit === undefined ? least : Math.min(least, limit * (1 + allowed) - used[amount]);
  }, Number.POSITIVE_INFINITY);
}

/**
 * A call was not made, since it could have crossed a budget. `budget-exhausted` of a firing fails its work; `budget-spent` of a persona
 * or a net, where the next piece of work would fare no better, pauses the net.
 */
export class BudgetCrossed extends Terminal {
  readonly at: BudgetScope;
  readonly persona: string;

  constructor(net: string, persona: string, at: BudgetScope, { amount, limit, used }: Crossed) {
    const whose = at.scope === "net" ? `the net ${net}` : at.scope === "persona" ? `${persona} in ${net}` : `${persona} for one firing`;
    const file = at.scope === "net" ? "the net file or petrel.config.json" : `the file of persona ${persona}`;
    const wait = at.period === "day" ? " or wait for tomorrow (UTC)," : "";
    super({
      code: at.scope === "firing" ? "budget-exhausted" : "budget-spent",
      message: `the budget of ${whose}${at.period === "day" ? " for today" : ""} is spent: ${amountText(amount, used)} of ${amountText(amount, limit)} are used or promised to what is under way, and the next step could take more than is left`,
      hint:
        at.scope === "firing"
          ? `Raise the budget in ${file}, or give a smaller task.`
          : `Raise the budget in ${file},${wait} then petrel resume ${net}`,
      exitCode: 6,
    });
    this.at = at;
    this.persona = persona;
  }

  /** For the gate at which people are asked for one budget more. */
  get about(): JsonObject {
    return { scope: this.at.scope, period: this.at.period, persona: this.persona };
  }
}
