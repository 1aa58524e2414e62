/**
 * The control group of one command with all that it starts.
 * C1 Nothing is in it before its limits are.
 * C2 When `end` has settled, nobody is in it and it is gone: whoever changed its group of processes, its session or its environment too.
 * C3 The executor itself is never ended with it.
 * C4 What counts as its excess happened before its end began: that takes away its forks, and the kernel counts whoever still tries.
 */
import { join } from "node:path";
import { type Clock, delay } from "../contract/clock.ts";
import type { Terminal } from "../contract/errors.ts";
import type { GroupFiles } from "./control-group-files.ts";
import { limitError, type TreeLimits } from "./tree-limits.ts";

/** The kernel counts threads as well, of which a node alone has eleven: its bound is for what multiplies, the exact one is looked at. */
const TASKS_PER_PROCESS = 8;
const LEAST_TASKS = 256;
export const GROUP_PREFIX = "petrel-";
const END_ROUNDS = 300;
const END_PAUSE_MS = 10;

export class CommandGroup {
  readonly #files: GroupFiles;
  readonly #version: 1 | 2;
  readonly #dir: string;
  readonly #home: string;
  readonly #limits: TreeLimits;
  readonly #clock: Clock;
  /** What was read when its end began (C4). */
  #atEnd: { excess: Terminal | null } | null = null;

  /** `home`: the group to which the executor returns. */
  constructor(parts: { files: GroupFiles; version: 1 | 2; dir: string; home: string; limits: TreeLimits; clock: Clock }) {
    this.#files = parts.files;
    this.#version = parts.version;
    this.#dir = parts.dir;
    this.#home = parts.home;
    this.#limits = parts.limits;
    this.#clock = parts.clock;
  }

  /** C1. Throws what the file system does; then there is no group. */
  create(memory: boolean): void {
    this.#files.make(this.#dir);
    try {
      this.#write("pids.max", String(this.#tasks));
      if (!memory) return;
      this.#write("memory.max", String(this.#limits.memoryMb * 1024 * 1024));
      this.#write("memory.oom.group", "1");
      // Not there on a machine without swap.
      if (this.#files.list(this.#dir).includes("memory.swap.max")) this.#write("memory.swap.max", "0");
    } catch (error) {
      this.#files.remove(this.#dir);
      throw error;
    }
  }

  /** Who is forked by `start` is born in the group. */
  inside<T>(start: () => T): T {
    // "0" is who writes: on v1 the thread alone, which is the one that forks.
    const enter = this.#version === 1 ? "tasks" : "cgroup.procs";
    this.#write(enter, "0");
    try {
      return start();
    } finally {
      this.#files.write(join(this.#home, enter), "0");
    }
  }

  /** What the kernel has refused or ended here, as the error of the command. */
  excess(): Terminal | null {
    return this.#atEnd ? this.#atEnd.excess : this.#refused();
  }

  #refused(): Terminal | null {
    if (this.#counted("memory.events", "oom_kill") > 0)
      return limitError("memory-limit", `more memory than the ${this.#limits.memoryMb} MB that are allowed`);
    if (this.#counted("pids.events", "max") > 0)
      return limitError(
        "process-limit",
        `more than ${this.#tasks} processes and threads, and ${this.#limits.processes} processes are allowed`,
      );
    return null;
  }

  kill(): void {
    this.#atEnd ??= { excess: this.#refused() }; // C4
    // Who cannot fork any more cannot get away either.
    this.#try(() => this.#write("pids.max", "0"));
    const members = this.members();
    if (members.length === 0) return;
    const whole = this.#version === 2 && !members.includes(process.pid); // C3
    if (whole && this.#try(() => this.#write("cgroup.kill", "1"))) return;
    for (const pid of members) if (pid > 0 && pid !== process.pid) this.#try(() => process.kill(pid, "SIGKILL"));
  }

  /** C2; after three seconds it is left to the next start. */
  async end(): Promise<void> {
    for (let round = 0; round < END_ROUNDS; round += 1) {
      this.kill();
      for (const inner of this.#inner()) await inner.end();
      if (this.#try(() => this.#files.remove(this.#dir)) || !this.#exists()) return;
      await delay(this.#clock, END_PAUSE_MS);
    }
  }

  /** Of an executor that ran in here and was killed. */
  #inner(): CommandGroup[] {
    if (!this.#exists()) return [];
    const names = this.#files.list(this.#dir).filter((entry) => entry.startsWith(GROUP_PREFIX));
    const like = { files: this.#files, version: this.#version, home: this.#home, limits: this.#limits, clock: this.#clock };
    return names.map((name) => new CommandGroup({ ...like, dir: join(this.#dir, name) }));
  }

  get #tasks(): number {
    return Math.max(LEAST_TASKS, this.#limits.processes * TASKS_PER_PROCESS);
  }

  /** Pids of who is in it. */
  members(): number[] {
    return this.#read("cgroup.procs").split("\n").filter(Boolean).map(Number);
  }

  #counted(file: string, name: string): number {
    const line = this.#read(file)
      .split("\n")
      .find((one) => one.startsWith(`${name} `));
    return Number(line?.split(" ")[1] ?? 0);
  }

  #exists(): boolean {
    return this.#try(() => this.#files.list(this.#dir));
  }

  #write(file: string, text: string): void {
    this.#files.write(join(this.#dir, file), text);
  }

  #read(file: string): string {
    try {
      return this.#files.read(join(this.#dir, file));
    } catch {
      // Not every kernel has each; and a group that is gone counts nothing.
      return "";
    }
  }

  #try(call: () => unknown): boolean {
    try {
      call();
      return true;
    } catch {
      return false;
    }
  }
}
