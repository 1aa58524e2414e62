/** Runs a program and hands over its output line by line, while it comes. Nothing of it is left when that is over. */
import { spawn } from "node:child_process";
import { Terminal } from "../../contract/errors.ts";
import { LineCutter } from "../line-cutter.ts";

export interface LineRun {
  argv: readonly string[];
  cwd: string;
  /** The whole environment: nothing is inherited. */
  env: Record<string, string>;
  input: string;
  signal: AbortSignal;
  line(text: string): void;
}

const STDERR_KEPT = 4096;
/** More than any message has. What never ends a line would fill the memory. */
const LINE_MB = 16;

/** Settles when its output has ended, also after an abort. Errors: Terminal `command-not-found`, `command-not-started`, `command-line-too-long`. */
export async function runLines({ argv, cwd, env, input, signal, line }: LineRun): Promise<{ exitCode: number; stderr: string }> {
  const [file = "", ...args] = argv;
  const child = spawn(file, args, { cwd, env, detached: true, stdio: ["pipe", "pipe", "pipe"] });
  const end = () => endGroup(child.pid);
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-STDERR_KEPT);
  });
  const lines = new LineCutter(LINE_MB * 1024 * 1024);
  child.stdout.on("data", (piece: Buffer) => {
    for (const text of lines.cut(piece)) line(text);
    if (!lines.tooLong) return;
    end();
    // Who has left the group may hold it open.
    child.stdout.destroy();
  });
  // A program that does not read its input closes the pipe: no error of ours.
  child.stdin.on("error", () => {}).end(input);
  try {
    const exitCode = await new Promise<number>((resolve, reject) => {
      child.once("error", (cause: NodeJS.ErrnoException) => reject(notStarted(file, cause)));
      child.once("close", (code) => resolve(code ?? 1));
    });
    if (lines.tooLong) throw lineTooLong(file);
    const last = lines.rest();
    if (last !== "") line(last);
    return { exitCode, stderr };
  } finally {
    signal.removeEventListener("abort", end);
    end();
  }
}

/** It and whatever it has started. */
function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It is over already.
  }
}

function lineTooLong(file: string): Terminal {
  return new Terminal({ code: "command-line-too-long", message: `${file} printed a line of more than ${LINE_MB} MB, and was ended` });
}

function notStarted(file: string, cause: NodeJS.ErrnoException): Terminal {
  const missing = cause.code === "ENOENT";
  return new Terminal({
    code: missing ? "command-not-found" : "command-not-started",
    message: missing ? `there is no program ${file}` : `${file} could not be started: ${cause.message}`,
    cause,
  });
}
