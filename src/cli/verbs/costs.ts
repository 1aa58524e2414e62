/** What the models cost: by net, persona, tier, model and day. */
import { checkName } from "../../client/ask.ts";
import { COST_KEYS, type CostKey, type CostRow, type Costs, costsOf } from "../../client/costs.ts";
import { noSuchNet } from "../../client/known-nets.ts";
import { usage } from "../../client/usage.ts";
import { isoTime } from "../../contract/clock.ts";
import type { Json } from "../../contract/json.ts";
import { PRICES_AS_OF } from "../../models/prices.ts";
import type { Output } from "../output.ts";
import { EXIT, type Verb } from "../verb.ts";

export const costsVerb: Verb = {
  command: "costs [net]",
  summary: "what models cost, by net, persona, tier, model or day",
  details:
    "Read from the logs of all nets, or of one: what answered, what was given up on the way, and what recordings would have cost at list prices.",
  examples: ["petrel costs", "petrel costs safe-teams --by persona,model --since 24h", "petrel costs --by day --json"],
  options: [
    { flags: "--by <keys>", about: `one or more of ${COST_KEYS.join(", ")}, with commas between (default: net)` },
    { flags: "--since <time>", about: 'only what came since then: a date like 2026-11-28, or an age like "24h"' },
  ],
  run: async (call) => {
    const net = call.optionalArg("net");
    if (net !== undefined) checkName(net, "net");
    const keys = keysOf(call.text("by") ?? "net");
    const since = sinceOf(call.text("since"), call.petrel.clock.now());
    const costs = await call.withBroker(async (broker) => {
      if (net !== undefined) await noSuchNet(broker, net);
      return costsOf(broker, net === undefined ? await broker.nets() : [net], keys, since);
    });
    const told = { by: keys, since: since === 0 ? null : isoTime(since), pricesAsOf: PRICES_AS_OF, ...costs };
    call.out.result(told as unknown as Json, () => costsText(costs, keys, call.out));
    return EXIT.ok;
  },
};

function keysOf(text: string): CostKey[] {
  const keys = text.split(",").map((word) => word.trim());
  const wrong = keys.find((key) => !COST_KEYS.some((known) => known === key));
  if (wrong !== undefined) throw usage(`--by takes ${COST_KEYS.join(", ")}, not "${wrong}"`, "petrel costs --by persona,day");
  return [...new Set(keys)] as CostKey[];
}

const AGE_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

function sinceOf(text: string | undefined, now: number): number {
  if (text === undefined) return 0;
  const age = /^(\d+)([smhd])$/.exec(text);
  if (age) return now - Number(age[1]) * AGE_MS[age[2] as keyof typeof AGE_MS];
  const at = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at)) throw usage(`--since takes a date or an age, not "${text}"`, "petrel costs --since 24h");
  return at;
}

function costsText({ rows, total }: Costs, keys: CostKey[], out: Output): string {
  if (rows.length === 0) return "No model has answered yet.";
  const line = (names: string[], row: CostRow) => [
    ...names,
    String(row.firings),
    String(row.calls),
    tokens(row.inputTokens),
    row.cacheReadTokens + row.cacheWriteTokens === 0 ? "" : `${tokens(row.cacheReadTokens)} / ${tokens(row.cacheWriteTokens)}`,
    tokens(row.outputTokens),
    row.usd.toFixed(4),
    row.listUsd.toFixed(4),
  ];
  const head = [...keys, "firings", "calls", "input", "cached / written", "output", "USD", "at list price"];
  const body = rows.map((row) =>
    line(
      keys.map((key) => row.by[key] ?? ""),
      row,
    ),
  );
  const sum =
    rows.length > 1
      ? [
          line(
            keys.map((_, at) => (at === 0 ? "all" : "")),
            total,
          ),
        ]
      : [];
  return `${out.table(head, [...body, ...sum])}\nEstimates, at list prices of ${PRICES_AS_OF} where petrel.config.json states no other.`;
}

function tokens(count: number): string {
  return count < 10_000 ? String(count) : count < 1_000_000 ? `${(count / 1000).toFixed(1)}k` : `${(count / 1_000_000).toFixed(2)}M`;
}
