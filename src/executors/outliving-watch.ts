/**
 * A small process of sh that outlives an executor killed with SIGKILL, and ends what that one was running: TERM, grace, KILL. So it does
 * with what an executor runs that stands still for longer than its lease: its work is another's by then.
 * O1 It begins with the first command, and ends with the executor: at its goodbye without a look, at the end of its input with one.
 * O2 It ends what this process of the executor started and nothing else: by the process groups that it was told (with their start time, for
 *    a pid may be another's by now), by the mark in the environment, and by the control groups, whose names carry the executor's pid.
 *    A former process's work is the start's to end, and a later process's is its own.
 * O3 Without it everything runs as before: then what is left ends when an executor starts in the folder again.
 * O4 Standing still is told by signs of life that do not come, in ticks that the watcher itself has slept through, and never before a whole
 *    lease since the last sign; each renewal of a lease is one. Where all stand still together, as in a machine that sleeps, it is one tick.
 * O5 Before it ends anybody it says so. The executor that thaws hears that before it takes the end of a command for the command's own
 *    (`heard`), and ends the rest itself: what it starts later under the same mark must not be ended too.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Clock, Timer } from "../contract/clock.ts";
import { OUTLIVING_WATCH } from "./outliving-watch-script.ts";
import { startOf } from "./process-start.ts";

/** What runs a command tells it of each. */
export interface BirthBook {
  /** Before a command is started. */
  ready(): void;
  /** The leader of a process group that was just started. Gives back what says that nobody of it is left. */
  group(pid: number): () => void;
  /** A process that left its group; `start` as /proc has it. */
  stray(pid: number, start: string): () => void;
  /** Settles when a word that ended what ran, while this process stood still, has been heard, if there is one. */
  heard(): Promise<void>;
}

const TICKS_A_LEASE = 5;

export class OutlivingWatch implements BirthBook {
  readonly #marks: { mark: string; groups: string | null };
  readonly #path: string;
  readonly #clock: Clock;
  readonly #stoodStill: () => void;
  readonly #living = new Set<string>();
  #leaseMs = 0;
  #tick = 1;
  #child: ChildProcess | null = null;
  #nextSign: Timer | null = null;
  #over = false;

  /**
   * `mark`: how the `NAME=value` of all its commands begins. `groups`: how the paths of their control groups do. `path`: for `grep`.
   * `stoodStill`: called when the watcher has begun to end what runs, because this process showed no sign of life.
   */
  constructor(parts: { mark: string; groups: string | null; path: string | undefined; clock: Clock; stoodStill(): void }) {
    this.#marks = { mark: parts.mark, groups: parts.groups };
    this.#path = parts.path ?? "/usr/local/bin:/usr/bin:/bin";
    this.#clock = parts.clock;
    this.#stoodStill = parts.stoodStill;
  }

  /** A lease that was granted, in ms; the longest counts. Without one nobody is ended for standing still. */
  lease(ms: number): void {
    if (ms <= this.#leaseMs) return;
    this.#leaseMs = ms;
    this.#sayPatience();
  }

  /** O4. A sign of life, besides those that come by themselves. */
  sign(): void {
    this.#say("alive");
  }

  /** O5. The word was there before any command could end by it, so it is read in the turn of the event loop after the one that tells of an end. */
  async heard(): Promise<void> {
    await nextTurn();
    await nextTurn();
  }

  /** One that freezes before it can say what it has begun leaves a command that the watcher knows by its mark alone. */
  ready(): void {
    if (this.#over) return;
    if (this.#child === null) this.#begin();
    this.#say("birth");
  }

  group(pid: number): () => void {
    return this.#note(`g${pid}:${startOf(pid) ?? "-"}`);
  }

  stray(pid: number, start: string): () => void {
    return this.#note(`p${pid}:${start}`);
  }

  /** Pid of the watcher; null while there is none. */
  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /** The executor has ended everything itself. */
  end(): void {
    this.#over = true;
    this.#nextSign?.cancel();
    this.#child?.stdin?.end("bye\n");
  }

  /** As if this process were gone: what it runs is ended. */
  lost(): void {
    this.#over = true;
    this.#nextSign?.cancel();
    this.#child?.stdin?.end();
  }

  #note(who: string): () => void {
    if (this.#over) return () => {};
    this.#living.add(who);
    if (this.#child) this.#say(`+ ${who}`);
    else this.#begin();
    return () => {
      if (this.#living.delete(who)) this.#say(`- ${who}`);
    };
  }

  #begin(): void {
    this.#tick = Math.max(1, Math.ceil(this.#leaseMs / TICKS_A_LEASE / 1000));
    // In a session of its own, so that no signal of the executor's terminal or group reaches it; nowhere, so that it holds no folder.
    const child = spawn("/bin/sh", ["-c", OUTLIVING_WATCH, "petrel-watch", String(this.#tick)], {
      ...{ cwd: "/", env: { PATH: this.#path }, detached: true, stdio: ["pipe", "pipe", "inherit"] },
    });
    this.#child = child;
    // One that is gone is made anew with the next command (O3).
    const gone = () => {
      if (this.#child !== child) return;
      this.#child = null;
      this.#nextSign?.cancel();
    };
    child.once("error", gone);
    child.once("exit", gone);
    child.stdin?.on("error", () => {});
    // It has one word.
    child.stdout?.once("data", () => {
      gone();
      this.#takeOver(child);
    });
    child.unref();
    // Pipes of ours alone must not keep the process from ending.
    for (const pipe of [child.stdin, child.stdout]) (pipe as unknown as { unref?(): void } | null)?.unref?.();
    const { mark, groups } = this.#marks;
    this.#say(`mark ${mark}`);
    if (groups !== null) this.#say(`groups ${groups}`);
    this.#sayPatience();
    for (const who of this.#living) this.#say(`+ ${who}`);
    this.#keepSigning();
  }

  /** O4. One tick more than a lease has, for the first may follow at once on the last sign. */
  #sayPatience(): void {
    if (this.#leaseMs > 0) this.#say(`patience ${Math.ceil(this.#leaseMs / 1000 / this.#tick) + 1}`);
  }

  #keepSigning(): void {
    this.#nextSign?.cancel();
    const pauseMs = this.#leaseMs > 0 ? this.#leaseMs / TICKS_A_LEASE : this.#tick * 1000;
    this.#nextSign = this.#clock.after(pauseMs, () => {
      this.sign();
      this.#keepSigning();
    });
  }

  /** O5 */
  #takeOver(child: ChildProcess): void {
    try {
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) process.kill(-child.pid, "SIGKILL");
    } catch {
      // ESRCH: it has done its work.
    }
    if (!this.#over) this.#stoodStill();
  }

  #say(line: string): void {
    this.#child?.stdin?.write(`${line}\n`);
  }
}
