/**
 * A process that stays open for a conversation by lines, as the leader of its own group and in the environment that it is given. It ends
 * with `end` and with the signal; the attempt's sweep takes whoever left the group. Where it has a control group, that goes with the leader
 * and takes all of them: who left and holds its output would keep the end from being heard.
 */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { CommandGroup } from "./command-group.ts";
import type { BirthBook } from "./outliving-watch.ts";

export interface OpenProcess {
  write(line: string): void;
  onLine(call: (line: string) => void): void;
  onEnd(call: () => void): void;
  end(): void;
}

export function openProcess(parts: {
  argv: string[];
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
      throw error;
    }
  };
  parts.births?.ready();
  const child = born();
  const noted = child.pid === undefined ? () => {} : parts.births?.group(child.pid);
  const ended = new Set<() => void>();
  let over = false;
  const end = () => {
    if (over || child.pid === undefined) return;
    group?.kill();
    try {
      process.kill(-child.pid, "SIGKILL");
    } catch {
      // ESRCH: nobody is left in the group.
    }
  };
  const closed = () => {
    over = true;
    noted?.();
    endGroup();
    parts.signal.removeEventListener("abort", end);
    for (const call of ended) call();
  };
  child.once("exit", endGroup);
  child.once("close", closed);
  // A program that is not there says so here; whoever waits hears of the end.
  child.once("error", closed);
  child.stdin.on("error", () => {});
  parts.signal.addEventListener("abort", end, { once: true });
  const lines = createInterface({ input: child.stdout, crlfDelay: Number.POSITIVE_INFINITY });
  return {
    write: (line) => void child.stdin.write(`${line}\n`),
    onLine: (call) => void lines.on("line", call),
    onEnd: (call) => {
      if (over) call();
      else ended.add(call);
    },
    end,
  };
}
