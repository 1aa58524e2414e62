/** One line of a log as an entry, by its format. Pure. */
import { isJsonObject, type Json, type JsonObject } from "../../../contract/json.ts";
import { MONTHS } from "./months.ts";
import { type SyslogLine, syslogLine } from "./syslog.ts";

export type LogFormat = "json" | "logfmt" | "common" | "syslog" | "text";
export type Level = "debug" | "info" | "warn" | "error" | "unknown";

export interface LogEntry {
  line: string;
  format: LogFormat;
  /** ms since the epoch. */
  at: number | null;
  level: Level;
  message: string;
  latencyMs: number | null;
  status: number | null;
}

export interface FieldNames {
  time?: string | undefined;
  level?: string | undefined;
  message?: string | undefined;
  latency?: string | undefined;
  status?: string | undefined;
}

const NAMES = {
  time: ["time", "timestamp", "ts", "@timestamp", "date", "__REALTIME_TIMESTAMP"],
  level: ["level", "severity", "lvl", "loglevel", "log.level", "PRIORITY"],
  message: ["msg", "message", "event", "error", "err.message", "MESSAGE"],
  latency: [
    "latency_ms",
    "duration_ms",
    "durationMs",
    "latencyMs",
    "responseTime",
    "response_time",
    "latency",
    "duration",
    "elapsed",
    "took",
    "ms",
    "dur",
    "request_time_s",
  ],
  status: ["status", "statusCode", "status_code", "res.statusCode", "code"],
} as const;

/** `now`: ms since the epoch, for times without a year. */
export function parseLine(line: string, format: LogFormat | "auto", now: number, names: FieldNames = {}): LogEntry {
  const tries: LogFormat[] = format === "auto" ? ["json", "common", "syslog", "logfmt"] : [format];
  for (const each of tries) {
    if (each === "syslog") {
      const found = syslogLine(line, now);
      if (found) return syslogEntry(line, found, now, names);
      continue;
    }
    const fields =
      each === "json" ? jsonFields(line) : each === "common" ? commonFields(line) : each === "logfmt" ? logfmtFields(line) : null;
    if (fields) return entryOf(line, each, fields, names);
  }
  return textEntry(line);
}

/** What the program said may itself be JSON or logfmt: that tells more than the head of the line, and the head what it leaves out. */
function syslogEntry(line: string, { at, severity, message }: SyslogLine, now: number, names: FieldNames): LogEntry {
  const said = parseLine(message, message.startsWith("{") ? "json" : "logfmt", now, names);
  const isText = said.format === "text";
  return {
    ...said,
    ...{ line, format: "syslog", at: isText ? (at ?? said.at) : (said.at ?? at) },
    level: said.level === "unknown" && severity !== null ? levelOf(severity) : said.level,
  };
}

function jsonFields(line: string): JsonObject | null {
  if (!line.trimStart().startsWith("{")) return null;
  try {
    const value = JSON.parse(line) as Json;
    return isJsonObject(value) ? value : null;
  } catch {
    return null;
  }
}

/** host ident user [day/month/year:time zone] "request" status bytes "referer" "agent", and what nginx's users put behind it. */
const COMMON =
  /^(\S+) \S+ \S+ \[([^\]]{10,40})\] "((?:[^"\\]|\\.)*)" (\d{3}) (\d+|-)(?: "(?:[^"\\]|\\.)*" "(?:[^"\\]|\\.)*")?(?:\s+(?:rt=)?"?(\d+(?:\.\d+)?)"?)?/;

function commonFields(line: string): JsonObject | null {
  const found = COMMON.exec(line);
  if (!found) return null;
  const [, , time = "", request = "", status = "", , seconds] = found;
  const at = commonTime(time);
  return {
    ...(at === null ? {} : { time: at }),
    message: request,
    status: Number(status),
    level: Number(status) >= 500 ? "error" : Number(status) >= 400 ? "warn" : "info",
    ...(seconds === undefined ? {} : { request_time_s: Number(seconds) }),
  };
}

function commonTime(text: string): string | null {
  const found = /^(\d\d)\/([A-Z][a-z]{2})\/(\d{4}):(\d\d:\d\d:\d\d) ([+-]\d\d)(\d\d)$/.exec(text);
  const month = found ? MONTHS.indexOf(found[2] ?? "") : -1;
  return found && month >= 0 ? `${found[3]}-${String(month + 1).padStart(2, "0")}-${found[1]}T${found[4]}${found[5]}:${found[6]}` : null;
}

const PAIR = /([A-Za-z_@][\w.@/-]*)=(?:"((?:[^"\\]|\\.)*)"|([^\s"]*))(?=\s|$)/g;

/** A line counts as logfmt with two pairs at least, of which one is a usual name. */
function logfmtFields(line: string): JsonObject | null {
  const pairs = [...line.slice(0, 16_384).matchAll(PAIR)].map(([, key = "", quoted, plain = ""]): [string, Json] => [
    key,
    quoted === undefined ? plain : quoted.replace(/\\(.)/g, (_, sign: string) => (sign === "n" ? "\n" : sign)),
  ]);
  const usual: ReadonlySet<string> = new Set(Object.values(NAMES).flat());
  return pairs.length >= 2 && pairs.some(([key]) => usual.has(key)) ? Object.fromEntries(pairs) : null;
}

function entryOf(line: string, format: LogFormat, fields: JsonObject, names: FieldNames): LogEntry {
  const pick = (kind: keyof typeof NAMES) => {
    for (const name of names[kind] === undefined ? NAMES[kind] : [names[kind]]) {
      const value = at(fields, name);
      if (value !== undefined && value !== null && value !== "") return { name, value };
    }
    return null;
  };
  const [status, message, latency] = [pick("status"), pick("message"), pick("latency")];
  const code = status && Number.isInteger(Number(status.value)) ? Number(status.value) : null;
  const said = levelOf(pick("level")?.value);
  return {
    ...{ line, format, at: timeOf(pick("time")?.value), status: code },
    level: said === "unknown" && code !== null && code >= 500 ? "error" : said,
    message: message ? textOf(message.value) : line,
    latencyMs: latency ? milliseconds(latency.name, latency.value) : null,
  };
}

function at(fields: JsonObject, name: string): Json | undefined {
  if (Object.hasOwn(fields, name)) return fields[name];
  const dot = name.indexOf(".");
  const inner = dot < 0 ? undefined : fields[name.slice(0, dot)];
  return isJsonObject(inner) ? at(inner, name.slice(dot + 1)) : undefined;
}

function textOf(value: Json): string {
  if (typeof value === "string") return value;
  return isJsonObject(value) && typeof value.message === "string" ? value.message : JSON.stringify(value);
}

/** ISO text, or a number: seconds, ms, us or ns since the epoch by its size. */
function timeOf(value: Json | undefined): number | null {
  const number = typeof value === "number" ? value : typeof value === "string" && /^\d{9,20}(\.\d+)?$/.test(value) ? Number(value) : null;
  if (number !== null) return number < 1e11 ? number * 1000 : number < 1e14 ? number : number < 1e17 ? number / 1000 : number / 1e6;
  const parsed = typeof value === "string" ? Date.parse(value) : Number.NaN;
  return Number.isNaN(parsed) ? null : parsed;
}

const WORDS: [RegExp, Level][] = [
  [/^(emerg|emergency|panic|fatal|alert|crit|critical|severe|err|error)$/i, "error"],
  [/^(warn|warning)$/i, "warn"],
  [/^(notice|info|information|informational)$/i, "info"],
  [/^(debug|trace|verbose|fine|finer|finest)$/i, "debug"],
];

/** Words; pino's numbers from 10; syslog's from 0 to 7. */
function levelOf(value: Json | undefined): Level {
  if (value === undefined || value === null) return "unknown";
  const number = Number(value);
  if (Number.isFinite(number) && value !== "") {
    if (number >= 10) return number >= 50 ? "error" : number >= 40 ? "warn" : number >= 30 ? "info" : "debug";
    return number <= 3 ? "error" : number === 4 ? "warn" : number <= 6 ? "info" : "debug";
  }
  return WORDS.find(([word]) => word.test(String(value)))?.[1] ?? "unknown";
}

function milliseconds(name: string, value: Json): number | null {
  const found = /^(\d+(?:\.\d+)?)\s*(ns|us|µs|ms|s)?$/.exec(String(value));
  if (!found) return null;
  const unit = found[2] ?? /_(ns|us|s|sec|seconds)$/.exec(name)?.[1] ?? "ms";
  const factor = unit === "ns" ? 1e-6 : unit === "us" || unit === "µs" ? 1e-3 : unit === "ms" ? 1 : 1000;
  return Number(found[1]) * factor;
}

const TEXT_LEVEL = /\b(FATAL|PANIC|CRITICAL|SEVERE|ERROR|WARNING|WARN|INFO|DEBUG|TRACE)\b/;
const TEXT_ERROR = /\b(?:[A-Z]\w*(?:Error|Exception)\b|Traceback|Unhandled|Segmentation fault)/;
const TEXT_TIME = /\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?/;

function textEntry(line: string): LogEntry {
  const head = line.slice(0, 2000);
  const time = TEXT_TIME.exec(head)?.[0].replace(" ", "T").replace(",", ".");
  const word = levelOf(TEXT_LEVEL.exec(head)?.[1] ?? null);
  const level = word === "unknown" && TEXT_ERROR.test(head) ? "error" : word;
  // Without a zone a time is this machine's: UTC is what servers have.
  const zoned = time === undefined || /(Z|[+-]\d\d:?\d\d)$/.test(time) ? time : `${time}Z`;
  return { line, format: "text", at: timeOf(zoned), level, message: line, latencyMs: null, status: null };
}
