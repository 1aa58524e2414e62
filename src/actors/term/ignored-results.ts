/**
 * How many ignored results of an executor are told. One that is none of ours may send any number, and may do some work between them: so
 * many an hour have an event of their own, whatever else it brings; the others are counted, and the next that is told says how many.
 */
const HOUR_MS = 3_600_000;
export const IGNORED_TOLD = 100;

export class IgnoredResults {
  readonly #hours = new Map<string, { since: number; told: number; untold: number }>();

  /** `untold`: results since the last that was told; null: this is one of them. `isFirst`: with it the silence begins. */
  next(executor: string, now: number): { untold: number | null; isFirst: boolean } {
    const before = this.#hours.get(executor);
    const hour = before && now - before.since < HOUR_MS ? before : { since: now, told: 0, untold: before?.untold ?? 0 };
    this.#hours.set(executor, hour);
    if (hour.told >= IGNORED_TOLD) {
      hour.untold += 1;
      return { untold: null, isFirst: hour.untold === 1 };
    }
    hour.told += 1;
    const { untold } = hour;
    hour.untold = 0;
    return { untold, isFirst: false };
  }
}
