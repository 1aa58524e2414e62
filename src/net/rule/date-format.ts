/** Calendar dates read and written by a form like `YYYY-MM-DD` or `D MMMM YYYY`. English month names; no time zones, since no clock is asked. */

const MONTHS = "January February March April May June July August September October November December".split(" ");
const TOKEN = /YYYY|MMMM|MMM|MM|DD|M|D/g;

export const DATE_FORMS = [
  ...["YYYY-MM-DD", "DD.MM.YYYY", "D.M.YYYY", "MM/DD/YYYY", "DD/MM/YYYY", "M/D/YYYY", "YYYY/MM/DD", "YYYYMMDD"],
  ...["D MMMM YYYY", "D MMM YYYY", "MMMM D, YYYY", "MMM D, YYYY", "DD MMM YYYY", "YYYY-MM", "MMMM YYYY"],
] as const;
export type DateForm = (typeof DATE_FORMS)[number];

interface CalendarDate {
  year: number;
  month: number;
  day: number;
}

const PARTS: Record<string, string> = {
  YYYY: "(\\d{4})",
  MMMM: `(${MONTHS.join("|")})`,
  MMM: `(${MONTHS.map((name) => name.slice(0, 3)).join("|")})`,
  MM: "(\\d{2})",
  DD: "(\\d{2})",
  M: "([1-9]\\d?)",
  D: "([1-9]\\d?)",
};

interface Reader {
  pattern: RegExp;
  tokens: string[];
}
const readers = new Map<DateForm, Reader>();

/** Fixed lengths and no repetition: such a pattern cannot backtrack beyond a few characters. */
function readerOf(form: DateForm): Reader {
  const known = readers.get(form);
  if (known) return known;
  const tokens = form.match(TOKEN) ?? [];
  const pattern = form.replace(/[./]/g, "\\$&").replace(TOKEN, (token) => PARTS[token] ?? "");
  const reader = { pattern: new RegExp(`^${pattern}$`), tokens };
  readers.set(form, reader);
  return reader;
}

/** Null for a text of another form, and for a day that the calendar does not have. An ISO date may have a time behind it. */
export function parseDate(text: string, form: DateForm): CalendarDate | null {
  if (text.length > 40) return null;
  const { pattern, tokens } = readerOf(form);
  const match = pattern.exec(form === "YYYY-MM-DD" ? text.replace(/T\d{2}:\d{2}.{0,20}$/, "") : text);
  if (!match) return null;
  const date = { year: 0, month: 1, day: 1 };
  for (const [index, token] of tokens.entries()) {
    const part = match[index + 1] ?? "";
    if (token === "YYYY") date.year = Number(part);
    else if (token === "MMMM" || token === "MMM") date.month = MONTHS.findIndex((name) => name.startsWith(part)) + 1;
    else if (token.startsWith("M")) date.month = Number(part);
    else date.day = Number(part);
  }
  return date.month >= 1 && date.month <= 12 && date.day >= 1 && date.day <= daysIn(date) ? date : null;
}

function daysIn({ year, month }: CalendarDate): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

export function formatDate({ year, month, day }: CalendarDate, form: DateForm): string {
  const name = MONTHS[month - 1] ?? "";
  const written: Record<string, string> = {
    YYYY: String(year).padStart(4, "0"),
    MMMM: name,
    MMM: name.slice(0, 3),
    MM: String(month).padStart(2, "0"),
    DD: String(day).padStart(2, "0"),
    M: String(month),
    D: String(day),
  };
  return form.replace(TOKEN, (token) => written[token] ?? "");
}
