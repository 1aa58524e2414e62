/** Entries of systemd's journal, as JSON lines, by `journalctl` of the machine. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Terminal } from "../../../contract/errors.ts";
import { nearest } from "../../../net/check-nearest.ts";
import type { HandContext } from "../../hand.ts";
import type { LogSource } from "./card.ts";
import type { Following } from "./following.ts";

/** Errors: Terminal `command-not-found`, `journal-failed` and `unknown-unit`, Refused `policy-command`. */
export async function* journalLines(
  context: HandContext,
  { unit, since, user }: NonNullable<LogSource["journal"]>,
  following: Following | null,
): AsyncGenerator<string> {
  const cwd = join(context.workDir, "journal");
  mkdirSync(cwd, { recursive: true });
  const chosen = [
    ...["journalctl", "--output=json", "--no-pager", "--quiet", "--all"],
    ...(user ? ["--user"] : []),
    ...(unit === undefined ? [] : [`--unit=${unit}`]),
    ...(since === undefined ? [] : [`--since=${since}`]),
  ];
  // What it says of a wrong request is not in the stream of its lines.
  const { exitCode, stderr } = await context.run({ argv: [...chosen, "--lines=0"], cwd, timeoutMs: 10_000, untold: true });
  if (exitCode !== 0) throw new Terminal({ code: "journal-failed", message: `journalctl cannot be used so: ${stderr.trim()}` });
  const argv = [...chosen, ...(following ? ["--follow", following.fromEnd ? "--lines=0" : "--lines=all"] : [])];
  const reading = context.open({ argv, cwd });
  const { clock } = context.workshop;
  const waiting: string[] = [];
  let count = 0;
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
      if (line !== undefined) {
        count += 1;
        yield line;
      } else if (ended) break;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
    context.signal.throwIfAborted();
    if (count === 0 && unit !== undefined) await mustBeKnown(context, { unit, user }, cwd);
  } finally {
    timer?.cancel();
    reading.end();
    context.signal.removeEventListener("abort", end);
  }
}

/** journalctl has no entries of a unit that there is not, and says nothing of it: a log without a line would pass for a good one. */
async function mustBeKnown(context: HandContext, { unit, user }: { unit: string; user: boolean }, cwd: string): Promise<void> {
  const names = [unit, `${unit}.service`];
  const scope = user ? ["--user"] : [];
  const ask = (argv: string[]) => context.run({ argv, cwd, timeoutMs: 10_000, untold: true });
  const field = `--field=${user ? "_SYSTEMD_USER_UNIT" : "_SYSTEMD_UNIT"}`;
  const wrote = (await ask(["journalctl", ...scope, field])).stdout.split("\n");
  if (wrote.some((name) => names.includes(name))) return;
  // One that has never written anything.
  const about = await ask(["systemctl", ...scope, "show", "--property=LoadState", "--value", unit]).catch(() => null);
  const state = about?.exitCode === 0 ? about.stdout.trim() : "";
  if (state !== "" && state !== "not-found") return;
  const near = nearest(unit, new Set(wrote.flatMap((name) => [name, name.replace(/\.service$/, "")]).filter((name) => name !== "")));
  throw new Terminal({
    code: "unknown-unit",
    message: `the journal of this machine has no entry of a unit ${unit}, and systemd does not know it`,
    hint: near === undefined ? "systemctl list-units --type=service" : `did you mean ${near}?`,
  });
}
