/**
 * Memory and number of processes of each command with all that it started, looked at together for all commands of an executor.
 * W1 A process belongs to the command in whose control group it is, and to the one whose mark its environment carries, in whatever
 *    group, session or sandbox it is.
 * W2 Over a limit the whole tree ends at once.
 * W3 Where the kernel bounds a command as well (`control-groups.ts`), its word comes before the look, which a full table makes slow.
 * Linux only: elsewhere there is no table to read them from, and `doctor` says so.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import type { Clock, Timer } from "../contract/clock.ts";
import { Terminal } from "../contract/errors.ts";

export interface TreeLimits {
  memoryMb: number;
  processes: number;
}
interface Watched {
  mark: string;
  limits: TreeLimits;
  over(error: Terminal): void;
  /** What the kernel has refused it. */
  excess?: () => Terminal | null;
  /** Who is in its control group. */
  members?: () => number[];
}

const LOOK_MS = 250;
const PAGE_KB = 4;
/** A process that is just being started still has its parent's environment: it is looked at a few times. */
const STRANGE_LOOKS = 3;

export class TreeWatch {
  readonly #clock: Clock;
  readonly #watched = new Map<string, Watched>();
  /** Mark of each process that was seen, or how often none was found in it. */
  #marks = new Map<string, string | number>();
  #timer: Timer | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
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

  #look(): void {
    this.#timer = null;
    // W3
    for (const watched of [...this.#watched.values()]) this.#endIf(watched, watched.excess?.() ?? null);
    const trees = this.#watched.size > 0 ? this.#trees() : [];
    for (const [mark, { pids, kb }] of trees) {
      const watched = this.#watched.get(mark);
      if (watched) this.#endIf(watched, excess(watched.limits, pids, kb));
    }
    if (this.#watched.size > 0) this.#timer = this.#clock.after(LOOK_MS, () => this.#look());
  }

  #endIf(watched: Watched, error: Terminal | null): void {
    if (!error) return;
    this.#watched.delete(watched.mark);
    watched.over(error);
  }

  #trees(): Map<string, { pids: number; kb: number }> {
    const trees = new Map<string, { pids: number; kb: number }>();
    const seen = new Map<string, string | number>();
    const grouped = new Map<string, string>();
    for (const { mark, members } of this.#watched.values()) for (const pid of members?.() ?? []) grouped.set(String(pid), mark);
    for (const pid of readdirSync("/proc")) {
      if (!/^\d+$/.test(pid)) continue;
      const started = startOf(pid);
      if (started === null) continue;
      // A pid alone may be another process by now; and a child has its parent's environment until it begins its own program.
      const key = `${pid} ${started}`;
      const known = this.#marks.get(key) ?? 0;
      const marked = typeof known === "number" && known < STRANGE_LOOKS ? (this.#markOf(pid) ?? known + 1) : known;
      const mark = grouped.get(pid) ?? marked;
      seen.set(key, mark);
      if (typeof mark === "number") continue;
      const tree = trees.get(mark) ?? { pids: 0, kb: 0 };
      trees.set(mark, { pids: tree.pids + 1, kb: tree.kb + ownKb(pid) });
    }
    this.#marks = seen;
    return trees;
  }

  #markOf(pid: string): string | null {
    const environment = read(`/proc/${pid}/environ`);
    for (const mark of this.#watched.keys()) if (environment.includes(mark)) return mark;
    return null;
  }
}

function excess({ memoryMb, processes }: TreeLimits, pids: number, kb: number): Terminal | null {
  if (kb > memoryMb * 1024) return limitError("memory-limit", `${Math.round(kb / 1024)} MB of memory, and ${memoryMb} are allowed`);
  if (pids > processes) return limitError("process-limit", `${pids} processes, and ${processes} are allowed`);
  return null;
}

export function limitError(code: string, what: string): Terminal {
  return new Terminal({
    code,
    message: `the command was ended: it had ${what}`,
    hint: "make it smaller, or raise `limits` in the executor's executor.policy.json",
  });
}

/** Start time in clock ticks since boot; null when it is gone. */
function startOf(pid: string): string | null {
  const stat = read(`/proc/${pid}/stat`);
  return stat === "" ? null : (stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null);
}

/** What is its alone: shared libraries would count for each process anew. */
function ownKb(pid: string): number {
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
