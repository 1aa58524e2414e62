/**
 * The journal of a durable turn loop: each model answer and each tool result under a name that the same step always has. The loop
 * is a function of its prompt, the answers and the results, so with the same journal it comes to the same place without asking.
 */
import type { ModelUse } from "../contract/event.ts";
import type { Json } from "../contract/json.ts";

export interface Journal {
  /** What an earlier attempt finished under this name. */
  found(name: string): Json | undefined;
  /** Settles once it cannot be lost any more. `use`: what the step cost. */
  keep(name: string, value: Json, use?: ModelUse): Promise<void>;
  /** Milliseconds of work behind what was found: the budget's seconds count on. */
  readonly workedMs: number;
}

export function answerStep(turn: number): string {
  return `answer-${turn}`;
}
export function toolStep(call: string): string {
  return `tool-${call}`;
}

/** Does a step once: found ones are not done again. */
export async function once<T>(
  journal: Journal | undefined,
  name: string,
  work: () => Promise<T>,
  useOf?: (made: T) => ModelUse,
): Promise<{ made: T; again: boolean }> {
  const found = journal?.found(name);
  if (found !== undefined) return { made: found as T, again: true };
  const made = await work();
  await journal?.keep(name, made as Json, useOf?.(made));
  return { made, again: false };
}
