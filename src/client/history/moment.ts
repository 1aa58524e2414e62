/** A moment in a net's history, as people name it: the number of an event, a time, or now. */
import { isoTime } from "../../contract/clock.ts";
import type { Moment } from "../../net/moment.ts";
import { usage } from "../usage.ts";

/** A moment inside a query. */
export const AS_OF = "AS OF";

const TIME = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2}))?$/;

/** `12` is after event 12, `0` before the first, a time is what the log held then, a day alone its beginning in UTC. Errors: usage. `now`: ms since the epoch. */
export function momentOf(text: string, option: string, now: number): Moment {
  if (text === "now") return { kind: "now" };
  if (/^\d+$/.test(text) && Number.isSafeInteger(Number(text))) return { kind: "event", seq: Number(text) };
  const ms = TIME.test(text) && isDay(text.slice(0, 10)) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms)) {
    // ArcQL takes a time in quotes.
    const quote = option === AS_OF ? '"' : "";
    const hint = `like ${option} 12, ${option} ${quote}${isoTime(now).slice(0, 19)}Z${quote} (with Z or an offset; a day alone begins at 00:00 UTC), or ${option} now`;
    throw usage(`${option} takes the number of an event or a time, not "${text}"`, hint);
  }
  if (ms > now) throw usage(`${option} ${text} lies in the future`, "the log holds only what has happened");
  return { kind: "time", ms };
}

/** 30 February is none, though JavaScript makes 2 March of it. */
function isDay(text: string): boolean {
  const day = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && isoTime(day.getTime()).startsWith(text);
}
