/**
 * What takes seconds of computing goes to a process beside: a master goes on deciding meanwhile, and a gateway answering.
 *
 * L1 One at a time: a study is never urgent, and the machine is there for the work. L2 Each has a process of its own, which ends with it,
 * at its limits of time and memory, or with whoever started it. L3 What it says depends on what it is given, and on nothing else.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Clock } from "../../contract/clock.ts";
import { Cancelled, type PetrelError, Retryable, Terminal } from "../../contract/errors.ts";

export interface StudyProcesses {
  /**
   * Gives `lines` to a process, one after the other, and gives back the text that it answers.
   * Errors: Terminal `study-too-long`, `study-too-much`; Retryable `study-failed`; Cancelled `stopped`.
   */
  run(lines: Iterable<string>): Promise<string>;
  /** Process ids, for looking at. */
  pids(): number[];
  close(): void;
}
export interface StudyOptions {
  clock: Clock;
  /**
   * Arguments of node: the program, which reads its standard input to the end, answers on the standard output, and ends with 0. One more
   * is put behind them: the id of the process that started it, without which it ends.
   */
  program: readonly string[];
  /** Milliseconds from the start of a process on; default two minutes. */
  timeoutMs?: number;
  /** Of heap; default 1024. */
  memoryMb?: number;
}

const TOLD = 400;

export function studyProcesses({ clock, program, timeoutMs = 120_000, memoryMb = 1024 }: StudyOptions): StudyProcesses {
  const running = new Set<ChildProcess>();
  let before: Promise<unknown> = Promise.resolve();
  let closed = false;

  const study = async (lines: Iterable<string>): Promise<string> => {
    if (closed) throw stopped();
    const args = [`--max-old-space-size=${memoryMb}`, ...program, String(process.pid)];
    const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "pipe"], env: {} });
    running.add(child);
    let late = false;
    const timer = clock.after(timeoutMs, () => {
      late = true;
      child.kill("SIGKILL");
    });
    try {
      const [said, complaint, end] = await Promise.all([textOf(child.stdout), textOf(child.stderr), endOf(child), given(child, lines)]);
      if (closed) throw stopped();
      if (late) throw tooLong(timeoutMs);
      if (end.code === 0) return said;
      throw failed(end, complaint, memoryMb);
    } finally {
      timer.cancel();
      running.delete(child);
    }
  };

  return {
    run(lines) {
      const mine = before.then(() => study(lines));
      before = mine.catch(() => {});
      return mine;
    },
    pids: () => [...running].flatMap(({ pid }) => pid ?? []),
    close() {
      closed = true;
      for (const child of running) child.kill("SIGKILL");
    },
  };
}

interface End {
  code: number | null;
  signal: NodeJS.Signals | null;
  error?: Error;
}

function endOf(child: ChildProcess): Promise<End> {
  return new Promise((resolve) => {
    child.on("error", (error) => resolve({ code: null, signal: null, error }));
    child.on("close", (code, signal) => resolve({ code, signal }));
  });
}

async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

/** A process that ends before it has read all says why by its end. */
async function given({ stdin }: ChildProcess, lines: Iterable<string>): Promise<void> {
  if (!stdin) return;
  const gone = new Promise<void>((resolve) => stdin.once("error", () => resolve()).once("close", () => resolve()));
  for (const line of lines) {
    if (stdin.destroyed) return;
    if (!stdin.write(`${line}\n`)) await Promise.race([once(stdin, "drain").catch(() => {}), gone]);
  }
  stdin.end();
}

function stopped(): PetrelError {
  return new Cancelled({ code: "stopped", message: "the study was given up: the process that wanted it stops" });
}
function tooLong(ms: number): PetrelError {
  const message = `the study did not end within ${ms >= 1000 ? `${ms / 1000} s` : `${ms} ms`}`;
  return new Terminal({
    code: "study-too-long",
    message,
    hint: "name the steps that are worth it: crystallize.transitions in the net file",
  });
}
/** What is told of a complaint: its error and what follows, or its end. The stack below an error is longer than what is told. */
function gist(complaint: string): string {
  const at = complaint.search(/^\w*Error\b/m);
  return at < 0 ? complaint.trim().slice(-TOLD) : complaint.slice(at, at + TOLD).trim();
}

function failed({ code, signal, error }: End, complaint: string, memoryMb: number): PetrelError {
  // Node aborts when its heap is full.
  if (signal === "SIGABRT" || code === 134)
    return new Terminal({ code: "study-too-much", message: `the study took more than ${memoryMb} MB of memory` });
  const how = error ? `could not be started: ${error.message}` : signal ? `was ended by ${signal}` : `ended with exit code ${code}`;
  const said = gist(complaint);
  return new Retryable({ code: "study-failed", message: `the process of the study ${how}${said && !signal ? `: ${said}` : ""}` });
}
