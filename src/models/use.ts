/** What was used: one call, and the sum of several. */
import type { ModelUse } from "../contract/event.ts";
import type { ModelAnswer } from "./port.ts";
import { costUsd, type Price } from "./prices.ts";

/** `free`: it was answered from a recording, and only its list price says what it would have cost. */
export function useOf(answer: ModelAnswer, about: { provider: string; tier: string; price: Price; free: boolean }): ModelUse {
  const listUsd = answer.costUsd ?? costUsd(answer.usage, about.price);
  const { provider, tier, free } = about;
  return { provider, name: answer.model, tier, calls: 1, ...answer.usage, costUsd: free ? 0 : listUsd, listUsd };
}

/** The sum of two uses; the later names stand. */
export function addUse(sum: ModelUse | null, use: ModelUse): ModelUse {
  if (!sum) return use;
  const total = { ...added(sum, use), ...(use.tier === undefined ? {} : { tier: use.tier }) };
  const parts = [...(use.parts ?? [use])].reduce(mergePart, [...(sum.parts ?? [sum])]);
  return parts.length > 1 ? { ...total, parts } : total;
}

/** The uses of an event, one for each model and tier. */
export function partsOf(use: ModelUse): ModelUse[] {
  return use.parts ?? [use];
}

function mergePart(parts: ModelUse[], use: ModelUse): ModelUse[] {
  const at = parts.findIndex((part) => part.provider === use.provider && part.name === use.name && part.tier === use.tier);
  const known = parts[at];
  if (!known) return [...parts, use];
  return parts.with(at, { ...added(known, use), ...(use.tier === undefined ? {} : { tier: use.tier }) });
}

function added(sum: ModelUse, use: ModelUse): ModelUse {
  const total: ModelUse = {
    provider: use.provider,
    name: use.name,
    calls: sum.calls + use.calls,
    inputTokens: sum.inputTokens + use.inputTokens,
    outputTokens: sum.outputTokens + use.outputTokens,
    costUsd: sum.costUsd + use.costUsd,
  };
  if (sum.listUsd !== undefined && use.listUsd !== undefined) total.listUsd = sum.listUsd + use.listUsd;
  const [read, written] = [sumOf(sum, use, "cacheReadTokens"), sumOf(sum, use, "cacheWriteTokens")];
  if (read > 0) total.cacheReadTokens = read;
  if (written > 0) total.cacheWriteTokens = written;
  return total;
}

function sumOf(one: ModelUse, other: ModelUse, field: "cacheReadTokens" | "cacheWriteTokens"): number {
  return (one[field] ?? 0) + (other[field] ?? 0);
}
