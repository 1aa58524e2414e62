/**
 * Which process belongs to which command, of all that are on the machine.
 * T1 By its control group; by the mark in its environment; by its parent; by its session, where one of the command's began that. Whoever was
 *    seen once as a command's stays it, also when its parent is gone and it has cleared its environment and left its session.
 * T2 A process is its pid and start time together.
 * T3 What is born and left by its parent between two looks, with no mark and in a session of its own, is not seen: only a control group has it.
 */
import { readdirSync, readFileSync } from "node:fs";
import type { BirthBook } from "./outliving-watch.ts";
import { type ProcessStat, statOf } from "./process-start.ts";

/** A process that is just being started still has its parent's environment: it is looked at a few times. */
const STRANGE_LOOKS = 3;

export interface TreeRoot {
  mark: string;
  /** Pid of the leader of its process group. */
  leader?: number | undefined;
  /** Who is in its control group. */
  members?: () => number[];
}

interface Seen {
  pid: number;
  stat: ProcessStat;
  /** Mark of its command, or how often none was found. */
  mark: string | number;
}

export class TreeTable {
  /** Of the last look, by pid and start time. */
  #seen = new Map<string, Seen>();
  /** Sessions that a process of a command began, while somebody is in them: so long the kernel gives the number to nobody else. */
  #sessions = new Map<number, string>();
  /** Who left the group of its leader: what is told of them is taken back when they are gone. */
  readonly #strays = new Map<string, () => void>();
  readonly #births: BirthBook | undefined;

  constructor(births?: BirthBook) {
    this.#births = births;
  }

  /** Pids of each command's tree, by its mark. */
  look(roots: readonly TreeRoot[]): Map<string, number[]> {
    const given = new Map<number, string>();
    for (const { mark, leader, members } of roots) {
      if (leader !== undefined) given.set(leader, mark);
      for (const pid of members?.() ?? []) given.set(pid, mark);
    }
    const seen = this.#everybody(given, roots);
    this.#inherit(seen);
    this.#seen = new Map([...seen.values()].map((one) => [keyOf(one), one]));
    this.#tellStrays(given);
    const trees = new Map<string, number[]>();
    for (const { pid, stat, mark } of seen.values()) {
      if (typeof mark === "number" || stat.over) continue;
      const tree = trees.get(mark);
      if (tree) tree.push(pid);
      else trees.set(mark, [pid]);
    }
    return trees;
  }

  /** Pids of those that were seen as the command's and are there yet; `but`: without those of this process group. */
  left(mark: string, but?: number): number[] {
    const of = [...this.#seen.values()].filter((one) => one.mark === mark && !one.stat.over && one.stat.group !== but);
    return of.filter(({ pid, stat }) => isThere(pid, stat.start)).map(({ pid }) => pid);
  }

  #everybody(given: ReadonlyMap<number, string>, roots: readonly TreeRoot[]): Map<number, Seen> {
    const seen = new Map<number, Seen>();
    for (const entry of readdirSync("/proc")) {
      if (!/^\d+$/.test(entry)) continue;
      const pid = Number(entry);
      const stat = statOf(pid);
      if (stat === null) continue;
      const known = this.#seen.get(keyOf({ pid, stat }))?.mark ?? 0;
      const own = typeof known === "number" && known < STRANGE_LOOKS ? (markOf(pid, roots) ?? known + 1) : known;
      seen.set(pid, { pid, stat, mark: given.get(pid) ?? own });
    }
    return seen;
  }

  /** T1. A parent that is itself not known yet may have one that is. */
  #inherit(seen: ReadonlyMap<number, Seen>): void {
    const sessions = new Map<number, string>();
    for (const { stat } of seen.values()) {
      const mark = this.#sessions.get(stat.session);
      if (mark !== undefined) sessions.set(stat.session, mark);
    }
    const note = ({ pid, stat, mark }: Seen) => {
      if (typeof mark === "string" && stat.session === pid) sessions.set(pid, mark);
    };
    for (const one of seen.values()) note(one);
    for (const one of seen.values()) {
      const line: Seen[] = [];
      let at: Seen | undefined = one;
      while (at !== undefined && typeof at.mark === "number" && line.length < seen.size) {
        line.push(at);
        const mark: string | undefined = sessions.get(at.stat.session);
        if (mark === undefined) at = seen.get(at.stat.parent);
        else at.mark = mark;
      }
      if (at === undefined || typeof at.mark === "number") continue;
      for (const each of line) {
        each.mark = at.mark;
        note(each);
      }
    }
    this.#sessions = sessions;
  }

  #tellStrays(given: ReadonlyMap<number, string>): void {
    if (this.#births === undefined) return;
    for (const [key, over] of this.#strays) {
      if (this.#seen.has(key)) continue;
      over();
      this.#strays.delete(key);
    }
    for (const [key, { pid, stat, mark }] of this.#seen) {
      // Whoever is in a leader's group is reached by that; a mark that was seen may be gone by now.
      if (typeof mark === "number" || given.has(pid) || given.has(stat.group) || stat.over || this.#strays.has(key)) continue;
      this.#strays.set(key, this.#births.stray(pid, stat.start));
    }
  }
}

function keyOf({ pid, stat }: Pick<Seen, "pid" | "stat">): string {
  return `${pid} ${stat.start}`;
}

function isThere(pid: number, start: string): boolean {
  const stat = statOf(pid);
  return stat !== null && stat.start === start && !stat.over;
}

function markOf(pid: number, roots: readonly TreeRoot[]): string | null {
  try {
    const environment = readFileSync(`/proc/${pid}/environ`, "latin1");
    return roots.find(({ mark }) => environment.includes(mark))?.mark ?? null;
  } catch {
    // Gone meanwhile, or another user's.
    return null;
  }
}
