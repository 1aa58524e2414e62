/** What a session of Claude Code has used, as its result tells: each of its models by itself. The cost is its own estimate, at list prices. */
import type { ModelUse } from "../../../contract/event.ts";
import { isJsonObject, type Json, type JsonObject } from "../../../contract/json.ts";
import { addUse } from "../../../models/use.ts";

const PROVIDER = "claude-code";

/** Null where the result tells of no model. Its turns count as the calls of its dearest model; any other counts as one. */
export function usesOf(result: JsonObject): ModelUse | null {
  const told = isJsonObject(result.modelUsage) ? Object.entries(result.modelUsage) : [];
  const uses = told.flatMap(([name, used]) => (isJsonObject(used) ? [useOf(name, used)] : [])).sort((a, b) => a.costUsd - b.costUsd);
  const main = uses.at(-1);
  if (!main) return null;
  main.calls = Math.max(1, count(result.num_turns));
  return uses.reduce<ModelUse | null>(addUse, null);
}

function useOf(name: string, used: JsonObject): ModelUse {
  const [read, written] = [count(used.cacheReadInputTokens), count(used.cacheCreationInputTokens)];
  const costUsd = typeof used.costUSD === "number" && used.costUSD >= 0 ? used.costUSD : 0;
  return {
    provider: PROVIDER,
    name,
    calls: 1,
    inputTokens: count(used.inputTokens) + read + written,
    outputTokens: count(used.outputTokens),
    costUsd,
    listUsd: costUsd,
    ...(read > 0 ? { cacheReadTokens: read } : {}),
    ...(written > 0 ? { cacheWriteTokens: written } : {}),
  };
}

function count(value: Json | undefined): number {
  return typeof value === "number" && value > 0 ? Math.round(value) : 0;
}
