/**
 * Schedules: at which times a transition fires, computed from a given time alone. Cron times follow croner: a fixed time that a
 * change of the clocks skips comes right after the gap, one that comes twice counts once; times by wildcard or step count both.
 */
import { Cron } from "croner";
import { PetrelError, Terminal } from "../contract/errors.ts";
import { durationMs, type Schedule } from "./definition.ts";

/** More missed times than these are not counted one by one. */
const MOST_COUNTED = 1000;

export interface Occurrence {
  /** The time that the firing stands for, ms since the epoch. */
  at: number;
  /** Earlier times that passed without a firing; beyond 1,000 it stays there. */
  missed: number;
}

export interface CompiledSchedule {
  /** The first time after the given one, or null when there is none. */
  next(after: number): number | null;
  /** The last time that lies after the one and not after the other, or null. */
  due(after: number, now: number): Occurrence | null;
}

/** Errors: Terminal `bad-schedule`. */
export function compileSchedule(schedule: Schedule): CompiledSchedule {
  if (schedule.every !== undefined) return interval(durationMs(schedule.every));
  return byCron(cronOf(schedule));
}

/** What tells a schedule from another one, in events and state. */
export function scheduleText({ cron, timezone, every }: Schedule): string {
  return every === undefined ? `${cron} ${timezone ?? "UTC"}` : `every ${every}`;
}

function interval(every: number): CompiledSchedule {
  return {
    next: (after) => after + every,
    due(after, now) {
      const count = Math.floor((now - after) / every);
      return count < 1 ? null : { at: after + count * every, missed: Math.min(count - 1, MOST_COUNTED) };
    },
  };
}

function byCron(cron: Cron): CompiledSchedule {
  let known: { after: number; next: number | null } | null = null;
  const next = (after: number): number | null => {
    // Asked again and again until it comes: the search through the calendar is made once.
    if (known?.after !== after) known = { after, next: cron.nextRun(new Date(after))?.getTime() ?? null };
    return known.next;
  };
  return {
    next,
    due(after, now) {
      const first = next(after);
      if (first === null || first > now) return null;
      let at: number = first;
      for (let missed = 0; missed < MOST_COUNTED; missed += 1) {
        const following: number | null = cron.nextRun(new Date(at))?.getTime() ?? null;
        if (following === null || following > now) return { at, missed };
        at = following;
      }
      // The search backwards leaves out the second that it begins with.
      const last = cron.previousRuns(1, new Date(Math.floor(now / 1000) * 1000 + 1000))[0]?.getTime() ?? at;
      return { at: last, missed: MOST_COUNTED };
    },
  };
}

function cronOf({ cron = "", timezone = "UTC" }: Schedule): Cron {
  try {
    // Without a function it starts no timer: only its calendar is wanted.
    const compiled = new Cron(cron, { timezone, mode: "5-or-6-parts" });
    compiled.nextRun(new Date(0));
    return compiled;
  } catch (error) {
    if (error instanceof PetrelError) throw error;
    throw new Terminal({
      code: "bad-schedule",
      message: `"${cron.slice(0, 80)}" in ${timezone} is no schedule: ${cronProblem(cron, timezone)}`,
      hint: 'like {"cron": "0 9 * * 1-5", "timezone": "Europe/Berlin"} or {"every": "10m"}',
    });
  }
}

/** In Petrel's words: the library's own speak of its patterns and internals. */
function cronProblem(cron: string, timezone: string): string {
  try {
    new Intl.DateTimeFormat("en", { timeZone: timezone });
  } catch {
    return `there is no time zone "${timezone}"; zones are named like Europe/Berlin or UTC`;
  }
  const parts = cron.trim().split(/\s+/);
  if (cron.trim() === "") return "it is empty";
  if (parts.length < 5 || parts.length > 6)
    return `it has ${parts.length} field${parts.length === 1 ? "" : "s"}, and needs five, or six with seconds first`;
  const names = ["minute", "hour", "day", "month", "weekday"];
  if (parts.length === 6) names.unshift("second");
  const wrong = parts.findIndex((part, at) => !isField(parts.map((_, index) => (index === at ? part : "*")).join(" ")));
  return wrong === -1 ? "no such time ever comes" : `"${parts[wrong]}" is no ${names[wrong]}`;
}

function isField(pattern: string): boolean {
  try {
    new Cron(pattern, { mode: "5-or-6-parts" });
    return true;
  } catch {
    return false;
  }
}
