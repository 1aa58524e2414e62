/** Work that may be what kills its executors (`net/deaths.ts`): what is known of it, and which executor may have it next. */
import type { ErrorData } from "../../contract/errors.ts";
import { DEATHS, type Death, deathsText, deathsThatCount, isSuspect, killsExecutors, wantedUptime } from "../../net/deaths.ts";
import type { NetState, OpenFiring } from "../../net/state.ts";
import { isStopped } from "../../net/stopped.ts";
import type { ExecutorStanding } from "../executor-standing.ts";

export class Suspicion {
  readonly #state: NetState;
  readonly #standing: ExecutorStanding;
  /** Starts that were taken for dead, and those of them that were heard again: they were frozen or cut off, however they ended later. */
  readonly #takenForDead = new Set<string>();
  readonly #alive = new Set<string>();

  constructor(state: NetState, standing: ExecutorStanding) {
    this.#state = state;
    this.#standing = standing;
  }

  heard(start: string | undefined): void {
    if (start !== undefined && this.#takenForDead.has(start)) this.#alive.add(start);
  }

  /** Why an executor may not have it now, in a clause; null when it may. */
  keepsFrom(firing: OpenFiring, executor: string, now: number): string | null {
    const deaths = this.#counted(firing.deaths);
    if (!isSuspect(deaths)) return null;
    const wanted = wantedUptime(deaths.length);
    const told = `its executor died while it worked on this: ${deathsText(deaths)}`;
    if (this.#standing.starts.uptime(executor, now) < wanted) return `${told}; it goes to one that has been up for ${wanted / 1000} s`;
    const other = this.#suspectsOf(executor).find(({ firing: id }) => id !== firing.firing);
    return other ? `${told}; ${executor} has other work of that kind, and has one at a time` : null;
  }

  /** Whether it died by this work. */
  diedBy({ deaths }: OpenFiring, executor: string): boolean {
    return this.#counted(deaths).some((death) => death.executor === executor);
  }

  /**
   * What follows from a further one: whether it is the executor's mishap besides, and the error with which the work ends, if it does.
   * An error clears those who died by it.
   */
  died(firing: OpenFiring, death: Death, now: number): { isMishap: boolean; error: ErrorData | null } {
    if (death.start !== undefined) this.#takenForDead.add(death.start);
    const deaths = this.#counted([...(firing.deaths ?? []), death]);
    const kind = `${this.#state.net}/${firing.transition}`;
    const isMishap = deaths.length <= 1 && !this.#standing.isKilling(kind, now);
    if (deaths.length < DEATHS) return { isMishap, error: null };
    const died = new Set(deaths.map(({ executor }) => executor));
    this.#standing.kills(kind, died, now);
    return { isMishap: false, error: killsExecutors(this.#state.net, deaths) };
  }

  #counted(deaths: readonly Death[] = []): Death[] {
    const thatMay = deaths.filter(({ start }) => start === undefined || !this.#alive.has(start));
    return deathsThatCount(thatMay, (executor) => this.#standing.starts.current(executor)?.start);
  }

  #suspectsOf(executor: string): OpenFiring[] {
    return [...this.#state.firings.values()].filter(
      ({ claim, deaths, persona }) =>
        claim?.executor === executor && !isStopped(this.#state, "persona", persona ?? undefined) && isSuspect(this.#counted(deaths)),
    );
  }
}
