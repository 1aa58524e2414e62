/** Lines of syslog, RFC 3164 and RFC 5424: their head, and what the program said. Pure. */
import { MONTHS } from "./months.ts";

export interface SyslogLine {
  /** ms since the epoch; null where the line says none. */
  at: number | null;
  /** 0 to 7; null where it has no priority. */
  severity: number | null;
  message: string;
}

const PRIORITY = /^<(\d{1,3})>/;
/** `VERSION TIME HOST APP PROCID MSGID`, then structured data or `-`, then the message. */
const NEW = /^1 (-|\d{4}-\d\d-\d\dT\S+) \S+ \S+ \S+ \S+ (-|(?:\[(?:[^\]"\\]|\\.|"(?:[^"\\]|\\.)*")*\])+)(?: ?\uFEFF?(.*))?$/s;
/** `Oct 11 22:14:15 host program[123]: message`; some write fractions of a second. */
const OLD = /^([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d)(\.\d+)? \S+ +(?:([^\s:[]+)(?:\[[^\]]*\])?: ?)?(.*)$/s;
const DAY_MS = 86_400_000;
/** A leap year is among them, also around 1900 and 2100. */
const YEARS_BACK = 9;

/** `now`: the old form has no year, so it is the last one in which that day was not to come yet. Its times are UTC, as all without a zone. */
export function syslogLine(line: string, now: number): SyslogLine | null {
  const priority = PRIORITY.exec(line);
  const severity = priority && Number(priority[1]) < 192 ? Number(priority[1]) % 8 : null;
  const rest = priority ? line.slice(priority[0].length) : line;
  const recent = NEW.exec(rest);
  // Without a priority and without a time it may be anything.
  if (recent && (priority || recent[1] !== "-")) {
    const at = Date.parse(recent[1] ?? "");
    return { at: Number.isNaN(at) ? null : at, severity, message: recent[3] ?? "" };
  }
  const old = OLD.exec(rest);
  const month = old ? MONTHS.indexOf(old[1] ?? "") : -1;
  if (!old || month < 0) return null;
  const [, , day, hours, minutes, seconds, fraction = "", , message = ""] = old;
  const inYear = (year: number) =>
    Date.UTC(year, month, Number(day), Number(hours), Number(minutes), Number(seconds), Math.floor(Number(`0${fraction}`) * 1000));
  const year = new Date(now).getUTCFullYear();
  // A clock or a zone may be ahead of ours by a day; a 29th of February is in some years only.
  const times = Array.from({ length: YEARS_BACK }, (_, back) => inYear(year - back));
  const at = times.find((time) => time <= now + DAY_MS && new Date(time).getUTCDate() === Number(day));
  return { at: at ?? null, severity, message };
}
