/**
 * Clears history by the policy of petrel.config.json while `petrel up` runs, as `petrel gc` does.
 *
 * H1 It is a process of its own: logs are read whole, and no net waits for that. H2 One at a time. H3 What fails is said and
 * tried again at the next time; nothing else rests on it.
 */
import { spawn } from "node:child_process";
import * as z from "zod";
import { delay } from "../contract/clock.ts";
import { PetrelError } from "../contract/errors.ts";
import { durationMs } from "../net/definition.ts";
import type { PetrelDoors } from "./doors.ts";
import { readConfig } from "./processes/model-choice.ts";

const EVERY = "1h";
/** After a start there is other work first. */
const FIRST_MS = 5 * 60_000;

const clearedAnswer = z.looseObject({
  nets: z.array(z.looseObject({ net: z.string(), clear: z.looseObject({ entries: z.int(), seq: z.int() }).nullable() })),
  artifacts: z.looseObject({ count: z.int() }),
});

/** Null when the configuration names no retention. */
export function historyInterval(petrel: PetrelDoors): number | null {
  try {
    const { retention } = readConfig(petrel);
    return retention?.keepAge === undefined && retention?.keepEvents === undefined ? null : durationMs(retention.every ?? EVERY);
  } catch (error) {
    if (error instanceof PetrelError && error.code === "config-missing") return null;
    throw error;
  }
}

/** Goes on until `signal` is aborted, and settles when the last one has ended. `say` is told what went, and what did not. */
export async function keepHistory(
  petrel: PetrelDoors,
  options: { dir: string; everyMs: number },
  signal: AbortSignal,
  say: (text: string) => void,
): Promise<void> {
  const { clock } = petrel;
  for (let wait = Math.min(options.everyMs, FIRST_MS); ; wait = options.everyMs) {
    await delay(clock, wait, signal).catch(() => {});
    if (signal.aborted) return;
    const { code, out, err } = await clearOnce(petrel, options.dir, signal);
    if (signal.aborted) return;
    const told = code === 0 ? whatWent(out) : `History could not be cleared: ${err.trim().split("\n")[0] ?? `it ended with ${code}`}`;
    if (told !== null) say(told);
  }
}

function clearOnce(petrel: PetrelDoors, dir: string, signal: AbortSignal): Promise<{ code: number | null; out: string; err: string }> {
  const { entry, cwd, env } = petrel;
  const known = Object.fromEntries(Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...process.execArgv, entry, "gc", "--json", "--dir", dir], {
      ...{ cwd, env: known, signal },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const said = { out: "", err: "" };
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      said.out += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said.err += text;
    });
    child.once("error", (error) => resolve({ code: null, out: "", err: error.message }));
    child.once("close", (code) => resolve({ code, ...said }));
  });
}

/** Null when nothing went. */
function whatWent(answer: string): string | null {
  const { nets, artifacts } = clearedAnswer.parse(JSON.parse(answer));
  const gone = nets.flatMap(({ net, clear }) => (clear ? [`${net} up to event ${clear.seq}`] : []));
  if (artifacts.count > 0) gone.push(`${artifacts.count} ${artifacts.count === 1 ? "artefact" : "artefacts"}`);
  return gone.length === 0 ? null : `History was cleared: ${gone.join(", ")}.`;
}
