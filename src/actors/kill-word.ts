/**
 * After a kill: the word of the executors that what was stopped is over on them. A kill that nobody carried out must not be told as done.
 *
 * K1 Over is what a heartbeat heard after the kill does not name any more, when it names all that is under way; also what an executor had
 *    that left by itself. Silence is no word: of a frozen, dead or cut-off executor nobody knows what it still runs. Nor is the word of
 *    another process under its name, unless that one follows it in its own folder, where a start ends what a former process left.
 * K2 What nobody vouched for stays owed until its executor speaks, so that a second kill says it again. Each kill counts anew what stands
 *    in the nets: the one before may have been another master's.
 */
import { type Clock, delay } from "../contract/clock.ts";
import type { ExecutorPresence } from "../contract/envelope.ts";
import type { Json } from "../contract/json.ts";

/** Between two heartbeats lie 2 s; who ended something says so at once. */
const WAIT_MS = 2400;
const LOOK_MS = 20;
/** A heartbeat names so many attempts at most; those of older executors named 20. */
const NAMED_AT_MOST = [20, 200];

type Heard = ExecutorPresence | { name: string; gone: true; left?: true };
interface StoppedRow {
  net: string;
  stopped?: { firing: string; transition: string; attempt: number; executor: string | null }[];
}
interface ResumedRow {
  net: string;
  part?: string;
  resumed?: { firing: string }[];
}
/** `silent`: it said nothing at all since the kill. A type, not an interface: it travels as JSON. */
export type Unanswered = { executor: string; commands: number; firings: string[]; silent: boolean };

interface Owed {
  net: string;
  firing: string;
  /** Of the process that had the executor's name when it was killed. */
  start: string | undefined;
}

export class KillWord {
  readonly #clock: Clock;
  readonly #startOf: (executor: string) => string | undefined;
  readonly #last = new Map<string, { heard: Heard; at: number }>();
  /** Executor -> attempts as its heartbeats name them. */
  readonly #owed = new Map<string, Map<string, Owed>>();
  /** Attempts that were killed and vouched for. */
  #over = new Set<string>();

  constructor(clock: Clock, startOf: (executor: string) => string | undefined = () => undefined) {
    this.#clock = clock;
    this.#startOf = startOf;
  }

  heard(heard: Heard): void {
    this.#last.set(heard.name, { heard, at: this.#clock.now() });
    const owed = this.#owed.get(heard.name);
    if (!owed) return;
    for (const [lease, { start }] of owed) {
      if (!isOver(heard, lease) || !isOf(heard, start)) continue;
      owed.delete(lease);
      this.#over.add(lease);
    }
    if (owed.size === 0) this.#owed.delete(heard.name);
  }

  /** What a resume took up again is owed no more; what other nets, personas and executors owe stays so. */
  forget(rows: readonly Json[]): void {
    for (const { net, part, resumed = [] } of rows as unknown as ResumedRow[]) {
      for (const [executor, owed] of this.#owed) {
        for (const [lease, each] of owed) {
          if (each.net !== net) continue;
          if (part === undefined || part === executor || resumed.some(({ firing }) => firing === each.firing)) owed.delete(lease);
        }
        if (owed.size === 0) this.#owed.delete(executor);
      }
    }
  }

  /**
   * Waits for the executors of what these rows say was stopped, 2.4 s at most, and gives those that did not say that it is over.
   * `standing`: the claims in all that is stopped, also by kills before. `since`: a time of the clock before the kill.
   */
  async of(rows: readonly Json[], standing: readonly Json[], since: number): Promise<Unanswered[]> {
    this.#owe([...rows, ...standing] as unknown as StoppedRow[]);
    // It may have spoken before the last master said what was stopped.
    for (const { heard, at } of [...this.#last.values()]) if (at >= since && this.#owed.has(heard.name)) this.heard(heard);
    const until = this.#clock.now() + WAIT_MS;
    while (this.#owed.size > 0 && this.#clock.now() < until) await delay(this.#clock, LOOK_MS);
    return [...this.#owed]
      .map(([executor, owed]) => ({
        ...{ executor, commands: owed.size, firings: [...owed.values()].map(({ firing }) => firing) },
        silent: !this.#spoke(executor, [...owed.values()], since),
      }))
      .sort((a, b) => (a.executor < b.executor ? -1 : 1));
  }

  #owe(rows: readonly StoppedRow[]): void {
    const over = new Set<string>();
    for (const { net, stopped = [] } of rows) {
      for (const { firing, transition, attempt, executor } of stopped) {
        if (executor === null) continue;
        const lease = `${net}/${transition}/${firing}.${attempt}`;
        if (this.#over.has(lease)) {
          over.add(lease);
          continue;
        }
        const owed = this.#owed.get(executor) ?? new Map<string, Owed>();
        this.#owed.set(executor, owed);
        if (!owed.has(lease)) owed.set(lease, { net, firing, start: this.#startOf(executor) });
      }
    }
    this.#over = over;
  }

  #spoke(executor: string, owed: readonly Owed[], since: number): boolean {
    const last = this.#last.get(executor);
    return last !== undefined && last.at >= since && !("gone" in last.heard) && owed.some(({ start }) => isOf(last.heard, start));
  }
}

/** K1 */
function isOver(heard: Heard, lease: string): boolean {
  if ("gone" in heard) return heard.left === true;
  const { leases, busy } = heard;
  if (leases === undefined) return busy === 0;
  // An attempt that was ended is not named, though it is counted as long as its folder is being removed.
  return (leases.length >= busy || !NAMED_AT_MOST.includes(leases.length)) && !leases.includes(lease);
}

/** Whether it is the word of this start, or of the next one in its folder. */
function isOf(heard: Heard, start: string | undefined): boolean {
  if ("gone" in heard || start === undefined || heard.start === undefined) return true;
  return heard.start === start || heard.after === start;
}

/**
 * A line for each that did not answer. Where nobody hears it any more, its machine ends what it runs: at once when it was killed, after
 * a lease when it is cut off, and after a lease and a fifth of one when it stands still.
 */
export function unansweredText(unanswered: readonly Unanswered[], leaseMs: number): string {
  const seconds = Math.ceil((leaseMs * 1.2) / 1000) + 2;
  return unanswered
    .map(({ executor, commands, silent }) => {
      const count = `${commands} command${commands === 1 ? "" : "s"}`;
      return silent
        ? `\n${executor} does not answer: what it runs may go on (${count}) until its own machine ends it, ${seconds} s after its last sign of life at the latest`
        : `\n${executor} has not ended all yet (${count}): kill once more to see`;
    })
    .join("");
}
