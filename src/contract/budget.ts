/** Budgets: how much may be used, of what, and what happens at the limit. Declared by personas, nets and petrel.config.json. */
import * as z from "zod";

/** Five things that are counted. All of them together, always: what has no limit is counted too. */
export interface Amounts {
  usd: number;
  /** Input and output. */
  tokens: number;
  /** Model calls. */
  turns: number;
  /** Wall clock of the firings. */
  seconds: number;
  toolCalls: number;
}
export const NOTHING: Amounts = { usd: 0, tokens: 0, turns: 0, seconds: 0, toolCalls: 0 };
export const AMOUNTS = ["usd", "tokens", "turns", "seconds", "toolCalls"] as const;

/** Tools that end or order the work and do nothing outside of it: no budget counts their calls. */
export const UNCOUNTED_TOOLS: ReadonlySet<string> = new Set(["done", "fail", "think"]);

/** What has no number has no limit. */
export type Limits = { [amount in keyof Amounts]?: number | undefined };

/** `stop`: the work stops. `degrade`: the next lower tier is asked. `ask`: it waits for people at a gate. */
export const CROSSINGS = ["stop", "degrade", "ask"] as const;
export type Crossing = (typeof CROSSINGS)[number];

const usd = z.number().min(0).optional().describe("USD");
const whole = z.int().min(0).optional();
export const limitFields = {
  usd,
  tokens: whole.describe("Input and output tokens"),
  turns: whole.describe("Model calls"),
  seconds: z.number().min(0).optional().describe("Wall clock of the firings, in seconds"),
  toolCalls: whole.describe("Tool calls"),
};
export const limitsSchema = z.strictObject(limitFields);
export const crossingSchema = z
  .enum(CROSSINGS)
  .describe(
    "What happens before a call that could cross it: `stop` (default), `degrade` to the next lower tier, or `ask` people at a gate",
  );

export const netBudgetSchema = z.strictObject({
  ...limitFields,
  perDay: limitsSchema.optional().describe("In one day (UTC)"),
  onCrossing: crossingSchema.optional(),
  approvers: z.array(z.string()).min(1).optional().describe('With `ask`: who may allow more, like "role:maintainer" (the default)'),
});
export type NetBudget = z.output<typeof netBudgetSchema>;

export function plus(a: Amounts, b: Partial<Amounts>): Amounts {
  return {
    usd: a.usd + (b.usd ?? 0),
    tokens: a.tokens + (b.tokens ?? 0),
    turns: a.turns + (b.turns ?? 0),
    seconds: a.seconds + (b.seconds ?? 0),
    toolCalls: a.toolCalls + (b.toolCalls ?? 0),
  };
}

export interface Crossed {
  amount: keyof Amounts;
  limit: number;
  used: number;
}

/** A rounding in the last digit is no crossing. */
const SLACK = 1e-9;

/** The first limit that `used` and what comes next would cross; null when all hold. `times`: people allowed so many budgets more. */
export function crossed(limits: Limits, used: Amounts, next: Partial<Amounts>, times = 0): Crossed | null {
  for (const amount of AMOUNTS) {
    const limit = limits[amount];
    if (limit === undefined) continue;
    const all = limit * (1 + times);
    const coming = next[amount] ?? 0;
    if (used[amount] + coming > all + SLACK || (coming === 0 && amount === "seconds" && used.seconds >= all))
      return { amount, limit: all, used: used[amount] };
  }
  return null;
}

const WORDS: Record<keyof Amounts, string> = {
  usd: "USD",
  tokens: "tokens",
  turns: "model calls",
  seconds: "seconds",
  toolCalls: "tool calls",
};
export function amountText(amount: keyof Amounts, value: number): string {
  return amount === "usd" ? `${Number(value.toFixed(4))} USD` : `${Math.round(value * 10) / 10} ${WORDS[amount]}`;
}
