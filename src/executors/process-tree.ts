/**
 * Runs one command as the leader of its own process group.
 * P1 When the promise settles, no process of the tree is left: the group gets SIGTERM, then SIGKILL, and whoever left the
 *    group is found by the mark in its environment, and in its control group where it has one.
 * P2 Memory stays bounded whatever the command prints.
 * P3 The environment is the one given, nothing is inherited.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import type { Clock } from "../contract/clock.ts";
import { Cancelled, Terminal } from "../contract/errors.ts";
import { CappedOutput } from "./capped-output.ts";
import type { CommandGroup } from "./command-group.ts";
import { type Kept, KeptOutput } from "./kept-output.ts";
import type { BirthBook } from "./outliving-watch.ts";
import { groupOf } from "./process-start.ts";
import { endProcessesWith, killProcessesWith, lookTogether, processesWith } from "./stray-processes.ts";
import type { TreeLimits, TreeWatch } from "./tree-limits.ts";
import { areTooLong, wordsTooLong } from "./words-too-long.ts";

export interface Command {
  argv: string[];
  cwd: string;
  env: Record<string, string>;
  input?: string | Uint8Array;
  timeoutMs: number;
  /** Limit for each of stdout and stderr; default 256 KiB. */
  outputBytes?: number;
  /** Of each output, so many bytes as JSON are shown; default: no such limit. */
  shownJsonBytes?: number;
  signal?: AbortSignal;
  /** Time between SIGTERM and SIGKILL; default 750 ms, since a kill promises that all is over in 2 s. */
  graceMs?: number;
  /** `NAME=value` that stands in `env`: whoever carries it is ended too, in whatever group it is. */
  mark?: string;
  /** It runs in a sandbox, whose own process must outlive the grace of those inside. */
  enclosed?: boolean;
  /** What was asked for, where `argv` has a sandbox around it: for errors. */
  asked?: readonly string[];
  limits?: { watch: TreeWatch } & TreeLimits;
  /** It is born in there, and the group ends with it. */
  group?: CommandGroup | null;
  /** Is told of its birth and its end, to end it when this process is gone. */
  births?: BirthBook | undefined;
  /** Keeps the whole of an output that is more than `outputBytes` in a file of this folder, up to `bytes` of each. */
  keep?: { dir: string; bytes: number };
  /** Hears each piece of output as it comes. */
  hear?: (from: "stdout" | "stderr", chunk: Buffer) => void;
}

export interface CommandResult {
  /** 128 + signal number when a signal ended it, as shells say it. */
  exitCode: number;
  /** What ended it, by whomever it was sent: `SIGKILL`. In a sandbox only that one is known, by its exit code. */
  signal?: string;
  stdout: string;
  stderr: string;
  truncated: boolean;
  timedOut: boolean;
  durationMs: number;
  /** With `keep`: the outputs that were more than their head and tail. */
  kept?: { stdout: Kept | null; stderr: Kept | null };
}

const OUTPUT_BYTES = 256 * 1024;
const SIGNAL_NUMBERS: Record<string, number> = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGABRT: 6, SIGKILL: 9, SIGSEGV: 11, SIGTERM: 15 };

/** Errors: Cancelled `aborted` (or the signal's own reason), Terminal `command-not-found`, `command-too-long` and `command-not-started`. A non-zero exit is a result. */
export async function runCommand(command: Command, clock: Clock): Promise<CommandResult> {
  try {
    return await runInGroup(command, clock);
  } finally {
    await command.group?.end();
  }
}

async function runInGroup(command: Command, clock: Clock): Promise<CommandResult> {
  throwIfAborted(command.signal);
  const startedAt = clock.now();
  const [file, ...args] = command.argv;
  if (file === undefined)
    throw new Terminal({ code: "command-empty", message: "there is no command to run", hint: "name a program in argv" });
  command.births?.ready();
  const child = started(command, file, args);
  const over = child.pid === undefined ? () => {} : command.births?.group(child.pid);
  const limit = command.outputBytes ?? OUTPUT_BYTES;
  const stdout = new CappedOutput(limit);
  const stderr = new CappedOutput(limit);
  const kept = command.keep ? { stdout: keptOf(child.stdout, "stdout", command), stderr: keptOf(child.stderr, "stderr", command) } : null;
  child.stdout?.on("data", (chunk: Buffer) => {
    stdout.push(chunk);
    kept?.stdout?.push(chunk);
    command.hear?.("stdout", chunk);
  });
  child.stderr?.on("data", (chunk: Buffer) => {
    stderr.push(chunk);
    kept?.stderr?.push(chunk);
    command.hear?.("stderr", chunk);
  });
  feed(child, command.input);

  const ending = endOn(child, command, clock);
  try {
    const exit = await exitOf(child, command);
    ending.stop();
    await sweep(child, command, clock);
    await command.births?.heard();
    throwIfAborted(command.signal);
    const excess = ending.excess() ?? command.group?.excess();
    if (excess) throw excess;
    // bubblewrap itself always starts: it says that what it was to run is not there.
    const missing = command.enclosed && exit.code === 1 ? /^bwrap: execvp (.+): No such file or directory\n$/.exec(stderr.text()) : null;
    if (missing) throw notStarted(missing[1] ?? "", "ENOENT");
    const shown = command.shownJsonBytes ?? Number.POSITIVE_INFINITY;
    const [out, err] = [stdout.within(shown), stderr.within(shown)];
    return {
      exitCode: exit.code ?? 128 + (SIGNAL_NUMBERS[exit.signal ?? ""] ?? 0),
      ...endedBy(command, exit),
      stdout: out.text,
      stderr: err.text,
      truncated: out.truncated || err.truncated,
      timedOut: ending.timedOut(),
      durationMs: clock.now() - startedAt,
      ...(kept
        ? { kept: { stdout: (await kept.stdout?.end(out.truncated)) ?? null, stderr: (await kept.stderr?.end(err.truncated)) ?? null } }
        : {}),
    };
  } finally {
    ending.stop();
    over?.();
  }
}

function started(command: Command, file: string, args: string[]): ChildProcess {
  const { cwd, env, input, group } = command;
  const start = () => spawn(file, args, { cwd, env, detached: true, stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"] });
  try {
    return group ? group.inside(start) : start();
  } catch (error) {
    throw areTooLong(error) ? wordsTooLong(command.asked ?? command.argv, env, error) : error;
  }
}

function keptOf(source: Readable | null, name: string, { keep, outputBytes = OUTPUT_BYTES }: Command): KeptOutput | null {
  return keep && source ? new KeptOutput(source, join(keep.dir, `${name}.txt`), { from: outputBytes, limit: keep.bytes }) : null;
}

/** bubblewrap has no word for the signal that ended who was inside but its own exit code, which is also what a shell inside may give. */
function endedBy({ enclosed }: Command, { code, signal }: { code: number | null; signal: NodeJS.Signals | null }): { signal?: string } {
  if (signal !== null) return { signal };
  return enclosed && code === 128 + (SIGNAL_NUMBERS.SIGKILL ?? 0) ? { signal: "SIGKILL" } : {};
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return;
  if (signal.reason instanceof Error && signal.reason.name !== "AbortError") throw signal.reason;
  throw new Cancelled({ code: "aborted", message: "the command was called off" });
}

function feed(child: ChildProcess, input: string | Uint8Array | undefined): void {
  if (input === undefined || !child.stdin) return;
  // A command that does not read its input closes the pipe: no error of ours.
  child.stdin.on("error", () => {});
  child.stdin.end(input);
}

function exitOf(child: ChildProcess, command: Command): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  return new Promise((resolve, reject) => {
    child.once("exit", (code, signal) => resolve({ code, signal }));
    child.once("error", (cause: NodeJS.ErrnoException) => reject(notStarted(command.argv[0] ?? "", cause.code, cause)));
  });
}

export function notStarted(program: string, code: string | undefined, cause?: Error): Terminal {
  const missing = code === "ENOENT";
  return new Terminal({
    code: missing ? "command-not-found" : "command-not-started",
    message: missing ? `there is no program ${program} on this executor` : `${program} could not be started: ${cause?.message ?? code}`,
    hint: "install it on the executor, or give work to a pool that has it",
    cause,
  });
}

/** Ends the group at the time limit and on abort. */
function endOn(child: ChildProcess, command: Command, clock: Clock): { stop(): void; timedOut(): boolean; excess(): Terminal | null } {
  let timedOut = false;
  let excess: Terminal | null = null;
  let hard: { cancel(): void } | null = null;
  const { mark, limits, group } = command;
  const end = () => {
    if (hard) return;
    if (command.enclosed && mark) termInside(mark);
    else {
      signalGroup(child, "SIGTERM");
      if (mark) void termOutside(mark, child.pid, limits?.watch);
    }
    hard = clock.after(command.graceMs ?? 750, () => {
      signalGroup(child, "SIGKILL");
      command.group?.kill();
      if (mark) limits?.watch.signal(mark, "SIGKILL");
      if (mark) void endProcessesWith(mark);
    });
  };
  const limit = clock.after(command.timeoutMs, () => {
    timedOut = true;
    end();
  });
  command.signal?.addEventListener("abort", end, { once: true });
  const kernel = group ? { excess: () => group.excess(), members: () => group.members() } : {};
  const unwatch = limits && mark ? limits.watch.watch({ mark, limits, over: tooMuch, leader: child.pid, ...kernel }) : () => {};
  function tooMuch(error: Terminal): void {
    excess = error;
    group?.kill();
    signalGroup(child, "SIGKILL");
    if (mark) limits?.watch.signal(mark, "SIGKILL");
    if (mark) killProcessesWith(mark);
  }
  return {
    timedOut: () => timedOut,
    excess: () => excess,
    stop: () => {
      unwatch();
      limit.cancel();
      hard?.cancel();
      command.signal?.removeEventListener("abort", end);
    },
  };
}

/** P1: what the leader left behind goes too; then the pipes close, since nobody holds them any more. */
async function sweep(child: ChildProcess, command: Command, clock: Clock): Promise<void> {
  signalGroup(child, "SIGKILL");
  command.group?.kill();
  if (command.mark) await endProcessesWith(command.mark);
  if (command.mark) await command.limits?.watch.end(command.mark);
  await new Promise<void>((resolve) => {
    if ((child.stdout?.closed ?? true) && (child.stderr?.closed ?? true)) return resolve();
    // Somebody outside the tree may have been handed a pipe: its words are not waited for.
    const patience = clock.after(1000, () => {
      child.stdout?.destroy();
      child.stderr?.destroy();
      resolve();
    });
    child.once("close", () => {
      patience.cancel();
      resolve();
    });
  });
}

/** bubblewrap ends everything inside when it is told to end itself: the commands are told, and it ends after them. */
function termInside(mark: string): void {
  for (const pid of processesWith(mark)) {
    try {
      if (readFileSync(`/proc/${pid}/comm`, "utf8").trim() !== "bwrap") process.kill(pid, "SIGTERM");
    } catch {
      // Gone meanwhile.
    }
  }
}

/** Who left the group is told as well; once, for a second SIGTERM means haste to many programs. */
async function termOutside(mark: string, group: number | undefined, watch: TreeWatch | undefined): Promise<void> {
  const told = new Set(watch?.signal(mark, "SIGTERM", group));
  for (const pid of await lookTogether(mark)) {
    if (told.has(pid) || groupOf(pid) === group) continue;
    try {
      process.kill(pid, "SIGTERM");
    } catch {
      // ESRCH: gone meanwhile.
    }
  }
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // ESRCH: nobody is left in the group.
  }
}
