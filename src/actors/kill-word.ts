/**
 * After a kill: the word of the executors that what was stopped is over on them. A kill that nobody carried out must not be told as done.
 *
 * K1 Over is what a heartbeat heard after the kill does not name any more, when it names all that is under way; also what an executor had
 *    that left by itself. Silence is no word: of a frozen, dead or cut-off executor nobody knows what it still runs.
 * K2 What nobody vouched for stays owed until its executor speaks, so that a second kill says it again.
 */
import { type Clock, delay } from "../contract/clock.ts";
import type { ExecutorPresence } from "../contract/envelope.ts";
import type { Json } from "../contract/json.ts";

/** Between two heartbeats lie 2 s; who ended something says so at once. */
const WAIT_MS = 2400;
const LOOK_MS = 20;

type Heard = ExecutorPresence | { name: string; gone: true; left?: true };
interface StoppedRow {
  net: string;
  stopped?: { firing: string; transition: string; attempt: number; executor: string | null }[];
}
/** `silent`: it said nothing at all since the kill. A type, not an interface: it travels as JSON. */
export type Unanswered = { executor: string; commands: number; firings: string[]; silent: boolean };

export class KillWord {
  readonly #clock: Clock;
  readonly #last = new Map<string, { heard: Heard; at: number }>();
  /** Executor -> attempts as its heartbeats name them, with their firing. */
  readonly #owed = new Map<string, Map<string, string>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  heard(heard: Heard): void {
    this.#last.set(heard.name, { heard, at: this.#clock.now() });
    const owed = this.#owed.get(heard.name);
    if (!owed) return;
    for (const lease of owed.keys()) if (isOver(heard, lease)) owed.delete(lease);
    if (owed.size === 0) this.#owed.delete(heard.name);
  }

  /** After a resume nothing is owed. */
  forget(): void {
    this.#owed.clear();
  }

  /**
   * Waits for the executors of what these rows say was stopped, 2.4 s at most, and gives those that did not say that it is over.
   * `since`: a time of the clock before the kill.
   */
  async of(rows: readonly Json[], since: number): Promise<Unanswered[]> {
    for (const { net, stopped = [] } of rows as unknown as StoppedRow[]) {
      for (const { firing, transition, attempt, executor } of stopped) {
        if (executor === null) continue;
        const owed = this.#owed.get(executor) ?? new Map<string, string>();
        this.#owed.set(executor, owed.set(`${net}/${transition}/${firing}.${attempt}`, firing));
      }
    }
    // It may have spoken before the last master said what was stopped.
    for (const { heard, at } of [...this.#last.values()]) if (at >= since && this.#owed.has(heard.name)) this.heard(heard);
    const until = this.#clock.now() + WAIT_MS;
    while (this.#owed.size > 0 && this.#clock.now() < until) await delay(this.#clock, LOOK_MS);
    return [...this.#owed]
      .map(([executor, owed]) => ({ executor, commands: owed.size, firings: [...owed.values()], silent: !this.#spoke(executor, since) }))
      .sort((a, b) => (a.executor < b.executor ? -1 : 1));
  }

  #spoke(executor: string, since: number): boolean {
    const last = this.#last.get(executor);
    return last !== undefined && last.at >= since && !("gone" in last.heard);
  }
}

/** K1 */
function isOver(heard: Heard, lease: string): boolean {
  if ("gone" in heard) return heard.left === true;
  const { leases = [], busy } = heard;
  return leases.length >= busy && !leases.includes(lease);
}

/** A line for each that did not answer. */
export function unansweredText(unanswered: readonly Unanswered[]): string {
  return unanswered
    .map(({ executor, commands, silent }) => {
      const count = `${commands} command${commands === 1 ? "" : "s"}`;
      return silent
        ? `\n${executor} does not answer: what it runs may go on (${count})`
        : `\n${executor} has not ended all yet (${count}): kill once more to see`;
    })
    .join("");
}
