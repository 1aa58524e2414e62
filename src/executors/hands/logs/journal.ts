/** Entries of systemd's journal, as JSON lines, by `journalctl` of the machine. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Terminal } from "../../../contract/errors.ts";
import type { HandContext } from "../../hand.ts";
import type { LogSource } from "./card.ts";
import type { Following } from "./following.ts";

/** Errors: Terminal `command-not-found` and `journal-failed`, Refused `policy-command`. */
export async function* journalLines(
  context: HandContext,
  { unit, since, user }: NonNullable<LogSource["journal"]>,
  following: Following | null,
): AsyncGenerator<string> {
  const cwd = join(context.workDir, "journal");
  mkdirSync(cwd, { recursive: true });
  const { exitCode, stderr } = await context.run({ argv: ["journalctl", "--version"], cwd, timeoutMs: 10_000, untold: true });
  if (exitCode !== 0) throw new Terminal({ code: "journal-failed", message: `journalctl cannot be used here: ${stderr.trim()}` });
  const argv = [
    ...["journalctl", "--output=json", "--no-pager", "--quiet", "--all"],
    ...(user ? ["--user"] : []),
    ...(unit === undefined ? [] : [`--unit=${unit}`]),
    ...(since === undefined ? [] : [`--since=${since}`]),
    ...(following ? ["--follow", following.fromEnd ? "--lines=0" : "--lines=all"] : []),
  ];
  const reading = context.open({ argv, cwd });
  const { clock } = context.workshop;
  const waiting: string[] = [];
  let ended = false;
  let wake = () => {};
  const hear = (line: string) => {
    waiting.push(line);
    wake();
  };
  const end = () => {
    ended = true;
    wake();
  };
  reading.onLine(hear);
  reading.onEnd(end);
  const timer = following ? clock.after(Math.max(0, following.end - clock.now()), () => reading.end()) : null;
  context.signal.addEventListener("abort", end, { once: true });
  try {
    for (;;) {
      const line = waiting.shift();
      if (line !== undefined) yield line;
      else if (ended) break;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
    context.signal.throwIfAborted();
  } finally {
    timer?.cancel();
    reading.end();
    context.signal.removeEventListener("abort", end);
  }
}
