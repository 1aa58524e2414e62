/**
 * Memory and number of processes of each command with all that it started, looked at together for all commands of an executor.
 * W1 A process belongs to the command that `tree-table.ts` finds for it, in whatever group, session or sandbox it is.
 * W2 Over a limit the whole tree ends at once.
 * W3 Where the kernel bounds a command as well (`control-groups.ts`), its word comes before the look, which a full table makes slow.
 * Linux only: elsewhere there is no table to read them from, and `doctor` says so.
 */
import { existsSync, readFileSync } from "node:fs";
import { type Clock, delay, type Timer } from "../contract/clock.ts";
import { Terminal } from "../contract/errors.ts";
import type { BirthBook } from "./outliving-watch.ts";
import { type TreeRoot, TreeTable } from "./tree-table.ts";

export interface TreeLimits {
  memoryMb: number;
  processes: number;
}
interface Watched extends TreeRoot {
  limits: TreeLimits;
  over(error: Terminal): void;
  /** What the kernel has refused it. */
  excess?: () => Terminal | null;
}

const LOOK_MS = 250;
const PAGE_KB = 4;
const END_ROUNDS = 20;
const END_PAUSE_MS = 5;

export class TreeWatch {
  readonly #clock: Clock;
  readonly #watched = new Map<string, Watched>();
  readonly #table: TreeTable;
  #timer: Timer | null = null;

  /** `births`: told of who left the group of its command. */
  constructor(clock: Clock, births?: BirthBook) {
    this.#clock = clock;
    this.#table = new TreeTable(births);
  }

  static get possible(): boolean {
    return existsSync("/proc/self/statm");
  }

  /** `mark`: `NAME=value` in the environment of all of the tree. `over` is called once. Gives back what ends the watch. */
  watch(watched: Watched): () => void {
    this.#watched.set(watched.mark, watched);
    if (TreeWatch.possible) this.#timer ??= this.#clock.after(LOOK_MS, () => this.#look());
    return () => void this.#watched.delete(watched.mark);
  }

  /** Ends with SIGKILL whoever was seen to belong to the command and is there yet, with what they have started since. */
  async end(mark: string): Promise<void> {
    for (let round = 0; round < END_ROUNDS && this.#table.left(mark).length > 0; round += 1) {
      // Who was born since the last look is known by its parent only while that is there.
      this.#table.look([...this.#watched.values(), { mark }]);
      this.signal(mark, "SIGKILL");
      await delay(this.#clock, END_PAUSE_MS);
    }
  }

  /** To whoever was seen to belong to the command, whose pids it gives back; `but`: not to those of this process group. */
  signal(mark: string, signal: NodeJS.Signals, but?: number): number[] {
    const pids = this.#table.left(mark, but);
    for (const pid of pids) {
      try {
        process.kill(pid, signal);
      } catch {
        // ESRCH: gone meanwhile.
      }
    }
    return pids;
  }

  #look(): void {
    this.#timer = null;
    // W3
    for (const watched of [...this.#watched.values()]) this.#endIf(watched, watched.excess?.() ?? null);
    const trees = this.#watched.size > 0 ? this.#table.look([...this.#watched.values()]) : [];
    for (const [mark, pids] of trees) {
      const watched = this.#watched.get(mark);
      if (watched) this.#endIf(watched, excess(watched.limits, pids));
    }
    if (this.#watched.size > 0) this.#timer = this.#clock.after(LOOK_MS, () => this.#look());
  }

  #endIf(watched: Watched, error: Terminal | null): void {
    if (!error) return;
    this.#watched.delete(watched.mark);
    watched.over(error);
  }
}

function excess({ memoryMb, processes }: TreeLimits, pids: readonly number[]): Terminal | null {
  const kb = pids.reduce((sum, pid) => sum + ownKb(pid), 0);
  if (kb > memoryMb * 1024) return limitError("memory-limit", `${Math.round(kb / 1024)} MB of memory, and ${memoryMb} are allowed`);
  if (pids.length > processes) return limitError("process-limit", `${pids.length} processes, and ${processes} are allowed`);
  return null;
}

export function limitError(code: string, what: string): Terminal {
  return new Terminal({
    code,
    message: `the command was ended: it had ${what}`,
    hint: "make it smaller, or raise `limits` in the executor's executor.policy.json",
  });
}

/** What is its alone: shared libraries would count for each process anew. */
function ownKb(pid: number): number {
  const [, resident = 0, shared = 0] = read(`/proc/${pid}/statm`).split(" ").map(Number);
  return Math.max(0, resident - shared) * PAGE_KB;
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    // Gone meanwhile, or another user's.
    return "";
  }
}
