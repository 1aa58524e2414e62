/** What models cost, as the logs tell: sums of what each call used, by whatever one wants to know. */
import type { Broker } from "../contract/broker.ts";
import type { ModelUse, NetEvent } from "../contract/event.ts";
import { partsOf } from "../models/use.ts";

export const COST_KEYS = ["net", "persona", "tier", "model", "day"] as const;
export type CostKey = (typeof COST_KEYS)[number];

export interface CostRow {
  /** One value for each key that was asked for. */
  by: Partial<Record<CostKey, string>>;
  firings: number;
  calls: number;
  inputTokens: number;
  outputTokens: number;
  cacheReadTokens: number;
  cacheWriteTokens: number;
  /** What was paid, as estimated. */
  usd: number;
  /** The same at list prices: also what a recording answered for nothing. */
  listUsd: number;
}

export interface Costs {
  rows: CostRow[];
  total: CostRow;
}

/** Errors: those of reading the logs. `since`: milliseconds since the epoch. */
export async function costsOf(broker: Broker, nets: readonly string[], keys: readonly CostKey[], since: number): Promise<Costs> {
  const sums = new Sums(keys);
  for (const net of nets) {
    await broker.log(net).read(0, ({ events }) => {
      for (const event of events) if (event.model && Date.parse(event.ts) >= since) sums.add(event);
    });
  }
  return sums.costs();
}

export class Sums {
  readonly #keys: readonly CostKey[];
  readonly #rows = new Map<string, { row: CostRow; firings: Set<string> }>();
  readonly #total = { row: empty({}), firings: new Set<string>() };

  constructor(keys: readonly CostKey[]) {
    this.#keys = keys;
  }

  add(event: NetEvent): void {
    if (!event.model) return;
    for (const use of partsOf(event.model)) {
      // The last event of a durable loop, whose steps have told of its calls.
      if (use.calls === 0) continue;
      const by = Object.fromEntries(this.#keys.map((key) => [key, keyOf(event, use, key)]));
      const name = JSON.stringify(Object.values(by));
      const known = this.#rows.get(name) ?? { row: empty(by), firings: new Set<string>() };
      this.#rows.set(name, known);
      for (const { row, firings } of [known, this.#total]) {
        if (event.firing !== undefined) firings.add(`${event.net}/${event.firing}`);
        book(row, use, firings.size);
      }
    }
  }

  /** The dearest first. */
  costs(): Costs {
    const rows = [...this.#rows.values()].map(({ row }) => row);
    return { rows: rows.sort((a, b) => b.usd - a.usd || b.listUsd - a.listUsd || b.calls - a.calls), total: this.#total.row };
  }
}

function keyOf(event: NetEvent, use: ModelUse, key: CostKey): string {
  if (key === "net") return event.net;
  if (key === "persona") return event.persona ?? event.transition ?? "?";
  if (key === "tier") return use.tier ?? "?";
  if (key === "model") return `${use.provider}/${use.name}`;
  return event.ts.slice(0, 10);
}

function empty(by: CostRow["by"]): CostRow {
  return { by, firings: 0, calls: 0, inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, usd: 0, listUsd: 0 };
}

function book(row: CostRow, use: ModelUse, firings: number): void {
  row.firings = firings;
  row.calls += use.calls;
  row.inputTokens += use.inputTokens;
  row.outputTokens += use.outputTokens;
  row.cacheReadTokens += use.cacheReadTokens ?? 0;
  row.cacheWriteTokens += use.cacheWriteTokens ?? 0;
  row.usd += use.costUsd;
  row.listUsd += use.listUsd ?? use.costUsd;
}
