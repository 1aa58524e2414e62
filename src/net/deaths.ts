/**
 * Attempts of one firing that ended because their executor died while it worked on them: the work itself may be what kills it. Pure.
 * D1 What counts is a process that ended: one that began anew under its name, or fell silent before its lease ran out. One that is heard
 *    again as the same start was frozen or cut off, and has not died, nor has one that was told to end; nothing dies twice.
 * D2 From the second on the work is under suspicion. It goes to an executor that has been up for a while, so that one which dies by
 *    itself every few seconds blames nobody, and to one at a time of each executor, so that of two neither is blamed for the other. Work
 *    without suspicion is taken beside it.
 * D3 With the fourth it fails.
 */
import type { ErrorData } from "../contract/errors.ts";
import { isJsonObject, type Json } from "../contract/json.ts";

/** D3 */
export const DEATHS = 4;
const SUSPECT_FROM = 2;
const UP_FOR_MS = 5000;

export interface Death {
  executor: string;
  attempt: number;
  /** Which start of the executor it was, where that is known. */
  start?: string;
}

/** D1. `startOf`: of an executor that is there. */
export function deathsThatCount(deaths: readonly Death[], startOf: (executor: string) => string | undefined): Death[] {
  return deaths.filter(({ executor, start }, n) => {
    if (start === undefined) return true;
    // It had the work again later: it was alive.
    const isAgain = deaths.slice(n + 1).some((later) => later.executor === executor && later.start === start);
    return !isAgain && startOf(executor) !== start;
  });
}

/** D2. How long an executor must be up to be given it, ms; 0 while there is no suspicion. */
export function wantedUptime(deaths: number): number {
  return deaths < SUSPECT_FROM ? 0 : UP_FOR_MS * 2 ** (deaths - SUSPECT_FROM);
}

export function isSuspect(deaths: readonly Death[]): boolean {
  return deaths.length >= SUSPECT_FROM;
}

/** Like `one (attempts 1 and 2), two (attempt 4)`. */
export function deathsText(deaths: readonly Death[]): string {
  const attempts = new Map<string, number[]>();
  for (const { executor, attempt } of deaths) attempts.set(executor, [...(attempts.get(executor) ?? []), attempt]);
  return [...attempts]
    .map(([executor, all]) => {
      const last = all.at(-1);
      return all.length === 1 ? `${executor} (attempt ${last})` : `${executor} (attempts ${all.slice(0, -1).join(", ")} and ${last})`;
    })
    .join(", ");
}

/** D3 */
export function killsExecutors(net: string, deaths: readonly Death[]): ErrorData {
  return {
    outlook: "terminal",
    code: "executors-died",
    message: `its executor died while it worked on this, ${deaths.length} times: ${deathsText(deaths)}`,
    hint: `see what the work does to the process that runs it, or what ran beside it: it may end its parent, fill the machine's memory (journalctl -k tells of that), or be a hand of your own that crashes; when that is mended: petrel retry ${net} TOKEN`,
  };
}

/** As a `lapsed` event has it in its attribute `died`; null for a loss of another kind. */
export function deathOf(died: Json | undefined, executor: Json | undefined, attempt: number): Death | null {
  if (!isJsonObject(died) || typeof executor !== "string") return null;
  return { executor, attempt, ...(typeof died.start === "string" ? { start: died.start } : {}) };
}
