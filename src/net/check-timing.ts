/** When a transition may fire at all: schedules, joins by `correlate`, and that something sets each firing off. */
import { PetrelError } from "../contract/errors.ts";
import { inputsOf } from "./check-inputs.ts";
import { checkExpression } from "./check-names.ts";
import { nearestHint } from "./check-nearest.ts";
import { elementOf, type Finding, failure, warning } from "./check-problem.ts";
import { DEFAULT_MAX_DELAY, durationMs, type Transition } from "./definition.ts";
import type { JsonPath } from "./locate.ts";
import { compileSchedule } from "./schedule.ts";

/** Below that the log would hold little else. */
const SHORTEST_INTERVAL_MS = 1000;

export function timingFindings(transition: Transition, path: JsonPath): Finding[] {
  return [
    ...causeFindings(transition, path),
    ...scheduleFindings(transition, path),
    ...correlateFindings(transition, path),
    ...backoffFindings(transition, path),
  ];
}

/** Without an input and without a schedule it would fire again and again, for ever. */
function causeFindings(transition: Transition, path: JsonPath): Finding[] {
  const what = elementOf(path);
  if (inputsOf(transition).length === 0) {
    if (transition.schedule) return [];
    const hint = 'give it an input arc, or a "schedule" like {"every": "10m"}';
    return [failure("no-input", path, `${what} has no input that sets it off`, hint, "key")];
  }
  return [];
}

function scheduleFindings({ schedule }: Transition, path: JsonPath): Finding[] {
  if (!schedule) return [];
  const at = [...path, "schedule"];
  const what = elementOf(path);
  if ((schedule.cron === undefined) === (schedule.every === undefined)) {
    const hint = 'like {"cron": "0 9 * * 1-5", "timezone": "Europe/Berlin"} or {"every": "10m"}';
    return [failure("bad-schedule", at, `${what}: a schedule has either "cron" or "every"`, hint)];
  }
  if (schedule.every !== undefined) {
    if (schedule.timezone !== undefined) {
      return [failure("bad-schedule", [...at, "timezone"], `${what}: an interval has no time zone`, 'remove "timezone", or use "cron"')];
    }
    if (durationMs(schedule.every) >= SHORTEST_INTERVAL_MS) return [];
    return [failure("bad-schedule", [...at, "every"], `${what}: an interval is one second at least`, 'write "1s" or more')];
  }
  try {
    if (compileSchedule(schedule).next(0) !== null) return [];
    return [failure("bad-schedule", [...at, "cron"], `${what}: "${schedule.cron}" never comes`, "look at its day and month")];
  } catch (error) {
    if (!(error instanceof PetrelError)) throw error;
    return [failure("bad-schedule", at, `${what}: ${error.message}`, error.hint)];
  }
}

/** A limit below the delay itself limits nothing. */
function backoffFindings({ retry }: Transition, path: JsonPath): Finding[] {
  if (!retry || retry.maxDelay === DEFAULT_MAX_DELAY || durationMs(retry.maxDelay) >= durationMs(retry.delay)) return [];
  const message = `${elementOf(path)}: "maxDelay" ${retry.maxDelay} is shorter than "delay" ${retry.delay}, which counts all the same`;
  return [warning("short-max-delay", [...path, "retry", "maxDelay"], message, `write "${retry.delay}" or more, or leave it out`)];
}

function correlateFindings(transition: Transition, path: JsonPath): Finding[] {
  const { correlate } = transition;
  if (correlate === undefined) return [];
  const at = [...path, "correlate"];
  const what = elementOf(path);
  const known = { inputs: [], special: ["$"], later: [] };
  const byName = typeof correlate === "string" ? null : correlate;
  const inputs = inputsOf(transition).map(({ name }) => name);
  const found = byName
    ? Object.entries(byName).flatMap(([name, text]) => {
        if (inputs.includes(name)) return checkExpression(text, [...at, name], known);
        const hint = nearestHint(name, inputs, "inputs");
        return [failure("unknown-name", [...at, name], `${what}: "correlate" names "${name}", which is no input`, hint, "key")];
      })
    : checkExpression(String(correlate), at, known);
  const joined = byName ? Object.keys(byName).length : transition.in.filter(({ mode }) => mode === "consume").length;
  const alone = transition.in.some(({ take, batch }) => batch !== undefined || (take ?? 1) !== 1);
  if (joined < 2 && !alone) {
    const hint = "a join has two inputs at least, or one that takes several tokens";
    found.push(failure("nothing-to-correlate", at, `${what}: "correlate" concerns one token, which always agrees with itself`, hint));
  }
  return found;
}
