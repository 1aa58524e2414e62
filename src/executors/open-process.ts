/**
 * A process that stays open for a conversation by lines, as the leader of its own group and in the environment that it is given. It ends
 * with `end` and with the signal; the attempt's sweep takes whoever left the group. Where it has a control group, that goes with the leader
 * and takes all of them: who left and holds its output would keep the end from being heard.
 * Memory stays bounded whatever it prints, and whatever it does not read: it ends for either, and `onEnd` is told so.
 */
import { spawn } from "node:child_process";
import type { CommandGroup } from "./command-group.ts";
import { LineCutter } from "./line-cutter.ts";
import type { BirthBook } from "./outliving-watch.ts";
import { areTooLong, wordsTooLong } from "./words-too-long.ts";

/** Of one line that it prints, and of all that it has not read, in bytes: more than a message of anybody has. */
export const OPEN_LIMIT_BYTES = 16 * 1024 * 1024;

export interface OpenProcess {
  write(line: string): void;
  onLine(call: (line: string) => void): void;
  /** `why`: in a clause, where it was ended for what it did. */
  onEnd(call: (why?: string) => void): void;
  end(): void;
}

/** Throws Terminal `command-too-long`. `asked`: what was asked for, where `argv` has a sandbox around it. */
export function openProcess(parts: {
  argv: string[];
  asked?: readonly string[];
  cwd: string;
  env: Record<string, string>;
  signal: AbortSignal;
  group?: CommandGroup | null;
  births?: BirthBook | undefined;
}): OpenProcess {
  const [file = "", ...args] = parts.argv;
  const { cwd, env, group } = parts;
  const start = () => spawn(file, args, { cwd, env, detached: true, stdio: ["pipe", "pipe", "ignore"] });
  let groupEnds = false;
  const endGroup = () => {
    if (!groupEnds) void group?.end();
    groupEnds = true;
  };
  const born = () => {
    try {
      return group ? group.inside(start) : start();
    } catch (error) {
      endGroup();
      throw areTooLong(error) ? wordsTooLong(parts.asked ?? parts.argv, env, error) : error;
    }
  };
  parts.births?.ready();
  const child = born();
  const noted = child.pid === undefined ? () => {} : parts.births?.group(child.pid);
  const ended = new Set<(why?: string) => void>();
  const heard = new Set<(line: string) => void>();
  let over = false;
  let why: string | undefined;
  const end = () => {
    if (over || child.pid === undefined) return;
    group?.kill();
    try {
      process.kill(-child.pid, "SIGKILL");
    } catch {
      // ESRCH: nobody is left in the group.
    }
  };
  const endFor = (reason: string) => {
    why ??= reason;
    end();
    // Who has left the group may hold it open.
    child.stdout.destroy();
  };
  const closed = () => {
    over = true;
    noted?.();
    endGroup();
    parts.signal.removeEventListener("abort", end);
    for (const call of ended) call(why);
  };
  child.once("exit", endGroup);
  child.once("close", closed);
  // A program that is not there says so here; whoever waits hears of the end.
  child.once("error", closed);
  child.stdin.on("error", () => {});
  parts.signal.addEventListener("abort", end, { once: true });
  const lines = new LineCutter(OPEN_LIMIT_BYTES);
  const hear = (line: string) => {
    for (const call of heard) call(line);
  };
  child.stdout.on("data", (piece: Buffer) => {
    for (const line of lines.cut(piece)) hear(line);
    if (lines.tooLong) endFor(`it printed a line of more than ${megabytes(OPEN_LIMIT_BYTES)}`);
  });
  child.stdout.once("end", () => {
    const last = lines.rest();
    if (last !== "") hear(last);
  });
  return {
    write: (line) => {
      child.stdin.write(`${line}\n`);
      if (child.stdin.writableLength > OPEN_LIMIT_BYTES)
        endFor(`it left more than ${megabytes(OPEN_LIMIT_BYTES)} of what it was told unread`);
    },
    onLine: (call) => void heard.add(call),
    onEnd: (call) => {
      if (over) call(why);
      else ended.add(call);
    },
    end,
  };
}

const megabytes = (bytes: number) => `${bytes / 1024 / 1024} MB`;
