/**
 * A small process of sh that outlives an executor killed with SIGKILL, and ends what that one was running: TERM, grace, KILL.
 * O1 It begins with the first command, and ends with the executor: at its goodbye without a look, at the end of its input with one.
 * O2 It ends what this process of the executor started and nothing else: by the process groups that it was told (with their start time, for
 *    a pid may be another's by now), by the mark in the environment, and by the control groups, whose names carry the executor's pid.
 *    A former process's work is the start's to end, and a later process's is its own.
 * O3 Without it everything runs as before: then what is left ends when an executor starts in the folder again.
 */
import { type ChildProcess, spawn } from "node:child_process";
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
}

export class OutlivingWatch implements BirthBook {
  readonly #marks: { mark: string; groups: string | null };
  readonly #path: string;
  readonly #living = new Set<string>();
  #child: ChildProcess | null = null;
  #over = false;

  /** `mark`: how the `NAME=value` of all its commands begins. `groups`: how the paths of their control groups do. `path`: for `grep`. */
  constructor(parts: { mark: string; groups: string | null; path: string | undefined }) {
    this.#marks = { mark: parts.mark, groups: parts.groups };
    this.#path = parts.path ?? "/usr/local/bin:/usr/bin:/bin";
  }

  ready(): void {
    if (!this.#over && this.#child === null) this.#begin();
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
    this.#child?.stdin?.end("bye\n");
  }

  /** As if this process were gone: what it runs is ended. */
  lost(): void {
    this.#over = true;
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
    // In a session of its own, so that no signal of the executor's terminal or group reaches it; nowhere, so that it holds no folder.
    const child = spawn("/bin/sh", ["-c", OUTLIVING_WATCH, "petrel-watch"], {
      ...{ cwd: "/", env: { PATH: this.#path }, detached: true, stdio: ["pipe", "ignore", "ignore"] },
    });
    this.#child = child;
    // One that is gone is made anew with the next command (O3).
    const gone = () => {
      if (this.#child === child) this.#child = null;
    };
    child.once("error", gone);
    child.once("exit", gone);
    child.stdin?.on("error", () => {});
    child.unref();
    // A pipe of ours alone must not keep the process from ending.
    (child.stdin as unknown as { unref?(): void } | null)?.unref?.();
    const { mark, groups } = this.#marks;
    this.#say(`mark ${mark}`);
    if (groups !== null) this.#say(`groups ${groups}`);
    for (const who of this.#living) this.#say(`+ ${who}`);
  }

  #say(line: string): void {
    this.#child?.stdin?.write(`${line}\n`);
  }
}
