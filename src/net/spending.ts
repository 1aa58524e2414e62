/**
 * What a net has used so far, as its log says: in all and today, the whole net and each persona. Part of the state (E1), so budgets hold
 * across restarts, takeovers and replays.
 */

import { type Amounts, NOTHING, plus, UNCOUNTED_TOOLS } from "../contract/budget.ts";
import { timeOf } from "../contract/clock.ts";
import type { NetEvent } from "../contract/event.ts";
import { isJsonObject } from "../contract/json.ts";
import type { Spending } from "./records.ts";
import type { NetState } from "./state.ts";

/** Under this name the whole net's stands beside the personas'; no persona is called so. */
export const WHOLE_NET = "*";

/** What an event says was used, or null. */
export function amountsOf(event: NetEvent, startedAt: number | null): Amounts | null {
  const { model, tools } = event;
  if (!model) return null;
  return {
    usd: model.costUsd,
    tokens: model.inputTokens + model.outputTokens,
    turns: model.calls,
    // At the end of an attempt, not at each of its steps.
    seconds:
      startedAt === null || !(event.type === "fired" || event.type === "failed") ? 0 : Math.max(0, timeOf(event.ts) - startedAt) / 1000,
    toolCalls: (tools ?? []).filter(({ name }) => !UNCOUNTED_TOOLS.has(name)).length,
  };
}

export function foldSpent(state: NetState, event: NetEvent): void {
  if (!event.model) return;
  const firing = event.firing === undefined ? undefined : state.firings.get(event.firing);
  const used = amountsOf(event, firing?.startedAt ?? null);
  if (!used) return;
  const day = event.ts.slice(0, 10);
  for (const name of [WHOLE_NET, ...((event.persona ?? firing?.persona) ? [event.persona ?? firing?.persona ?? ""] : [])]) {
    const known = spendingOf(state, name, day);
    state.spent.set(name, { ...known, total: plus(known.total, used), today: plus(known.today, used) });
  }
  if (firing) firing.spent = plus(firing.spent ?? NOTHING, used);
}

/** A gate that stood for a budget was passed: one budget more. */
export function foldAllowed(state: NetState, event: NetEvent): void {
  const about = event.attributes?.budget;
  if (!isJsonObject(about)) return;
  const firing = event.firing === undefined ? undefined : state.firings.get(event.firing);
  if (about.scope === "firing") {
    if (firing) firing.allowed = (firing.allowed ?? 0) + 1;
    return;
  }
  const name = about.scope === "net" ? WHOLE_NET : String(about.persona ?? "");
  const known = spendingOf(state, name, event.ts.slice(0, 10));
  const more = about.period === "day" ? { allowedToday: known.allowedToday + 1 } : { allowed: known.allowed + 1 };
  state.spent.set(name, { ...known, ...more });
}

/** As of a day (ISO date, UTC): another day begins with nothing. */
export function spendingOf(state: NetState, name: string, day: string): Spending {
  const known = state.spent.get(name);
  if (!known) return { total: NOTHING, day, today: NOTHING, allowed: 0, allowedToday: 0 };
  return known.day === day ? known : { ...known, day, today: NOTHING, allowedToday: 0 };
}
