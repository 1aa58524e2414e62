/** What an executor says that its hand has used of models: its word, held to the shape that books take. */
import * as z from "zod";
import type { ModelUse } from "../contract/event.ts";

const count = z.int().min(0);
const usd = z.number().min(0).max(1_000_000);
const use = z.object({
  provider: z.string().min(1).max(64),
  name: z.string().min(1).max(200),
  calls: z.int().min(1),
  inputTokens: count,
  outputTokens: count,
  costUsd: usd,
  listUsd: usd.optional(),
  cacheReadTokens: count.optional(),
  cacheWriteTokens: count.optional(),
});
const told = use.extend({ parts: z.array(use).max(20).optional() });

/** Null for what is no use. `tier`: of the persona whose work it was, where it has one. */
export function toldUse(given: unknown, tier: string | undefined): ModelUse | null {
  const sound = told.safeParse(given);
  if (!sound.success) return null;
  const { parts, ...sum } = sound.data;
  const named = tier === undefined ? {} : { tier };
  return {
    ...withoutGaps(sum),
    ...named,
    ...(parts === undefined ? {} : { parts: parts.map((part) => ({ ...withoutGaps(part), ...named })) }),
  };
}

function withoutGaps({ listUsd, cacheReadTokens, cacheWriteTokens, ...rest }: z.output<typeof use>): ModelUse {
  return {
    ...rest,
    ...(listUsd === undefined ? {} : { listUsd }),
    ...(cacheReadTokens === undefined ? {} : { cacheReadTokens }),
    ...(cacheWriteTokens === undefined ? {} : { cacheWriteTokens }),
  };
}
