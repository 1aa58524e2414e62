/** The form of short texts that were seen, as a pattern: addresses of a few hosts, a few shapes like letters-dash-digits, or a set of characters. */
import { testsPattern } from "../net/rule/pattern.ts";
import { escaped, patternOfRun, runsIn, runsOf } from "./anchors.ts";

const FITTED = 0.7;
/** Of later texts, so many may be of a form that was not seen earlier. */
const STRANGE = 0.01;
const LEAST = 20;
const LONGEST = 300;
const MOST_HOSTS = 20;
const MOST_SHAPES = 5;
const MOST_CHARACTERS = 30;

/** Null: they have no form that later ones keep to, or too few were seen. */
export function formOf(values: readonly string[]): string | null {
  if (values.length < LEAST || values.some((value) => value === "" || value.length > LONGEST)) return null;
  const early = values.slice(0, Math.floor(values.length * FITTED));
  const late = values.slice(early.length);
  for (const made of [addressForm, sizedForm, shapesForm, charactersForm]) {
    const tried = made(early);
    if (tried === null || late.filter((value) => !testsPattern(tried, value)).length > STRANGE * late.length) continue;
    const form = made(values);
    if (form !== null && form.length <= 500) return form;
  }
  return null;
}

/** One of a few values that all came again and again: another one was never an answer. Null where there are more, or rare ones. */
export function fewValuesForm(values: readonly string[]): string | null {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  if (counts.size > MOST_FEW || [...counts.values()].some((count) => count < LEAST_EACH)) return null;
  const form = `^(?:${distinct(values).map(escaped).join("|")})$`;
  return values.length < LEAST || form.length > 500 ? null : form;
}
const MOST_FEW = 12;
const LEAST_EACH = 4;

/** What numbers were written like: with a sign, with commas, with so many decimals; null where they were written in no one way. */
export function numeralForm(values: readonly string[]): string | null {
  const parts = values.map((value) => NUMERAL.exec(value));
  if (values.length < LEAST || parts.some((part) => part === null)) return null;
  const decimals = parts.map((part) => part?.[3]?.length ?? 0);
  const [least, most] = [Math.min(...decimals.filter((count) => count > 0)), Math.max(...decimals)];
  const part = most === 0 ? "" : `\\.\\d{${least === most ? most : `${least},${most}`}}`;
  const sign = parts.some((one) => one?.[1] !== "") ? "[+-]?" : "";
  const whole = parts.some((one) => one?.[2]?.includes(",")) ? "(?:\\d{1,3}(?:,\\d{3})+|\\d+)" : "\\d+";
  return `^${sign}${whole}${decimals.includes(0) && part !== "" ? `(?:${part})?` : part}$`;
}
const NUMERAL = /^([+-]?)(\d[\d,]*)(?:\.(\d+))?$/;

const ADDRESS = /^(https?):\/\/([^/?#\s]+)([/?#]\S*)?$/;

function addressForm(values: readonly string[]): string | null {
  const parts = values.map((value) => ADDRESS.exec(value));
  if (parts.some((part) => part === null)) return null;
  const schemes = distinct(parts.map((part) => part?.[1] ?? ""));
  const hosts = distinct(parts.map((part) => part?.[2] ?? ""));
  if (hosts.length > MOST_HOSTS) return null;
  const rest = classOf(parts.map((part) => part?.[3] ?? "").join(""));
  if (rest === null) return null;
  const tail = rest === "" ? "" : `[${rest}]*`;
  return `^(?:${schemes.join("|")})://(?:${hosts.map(escaped).join("|")})(?:[/?#]${tail})?$`;
}

/** A few shapes whose runs of letters and digits are as long as always, where that is so: of a number of five digits none of four. */
function sizedForm(values: readonly string[]): string | null {
  const shapes = new Map<string, string[][]>();
  for (const value of values) {
    const runs = runsIn(value);
    if (runs === null) return null;
    const shape = runs.map(patternOfRun).join("");
    const alike = shapes.get(shape);
    if (alike) alike.push(runs);
    else shapes.set(shape, [runs]);
    if (shapes.size > MOST_SHAPES) return null;
  }
  return `^(?:${[...shapes.values()].map(sizedShape).sort().join("|")})$`;
}

function sizedShape(seen: string[][]): string {
  const [first = []] = seen;
  const lengthAt = (runs: string[], at: number): number => Array.from(runs[at] ?? "").length;
  return first
    .map((run, at) => {
      const length = lengthAt(first, at);
      const isSized = seen.length >= LEAST && /^[\p{L}\d]/u.test(run) && seen.every((runs) => lengthAt(runs, at) === length);
      return isSized ? patternOfRun(run).replace(/\+$/, `{${length}}`) : patternOfRun(run);
    })
    .join("");
}

function shapesForm(values: readonly string[]): string | null {
  const shapes = values.map(runsOf);
  const known = distinct(shapes.map((shape) => shape ?? ""));
  if (known.includes("") || known.length > MOST_SHAPES) return null;
  return `^(?:${known.join("|")})$`;
}

function charactersForm(values: readonly string[]): string | null {
  if (values.some((value) => /\s/.test(value))) return null;
  const kinds = classOf(values.join(""));
  return kinds === null ? null : `^[${kinds}]+$`;
}

/** Null: too many kinds. */
function classOf(text: string): string | null {
  const kinds = new Set<string>();
  for (const character of text) {
    kinds.add(/\p{L}/u.test(character) ? "\\p{L}" : /\d/.test(character) ? "\\d" : character.replace(/[\\^\]\-[&~]/, "\\$&"));
    if (kinds.size > MOST_CHARACTERS) return null;
  }
  return [...kinds].sort().join("");
}

const distinct = (values: readonly string[]): string[] => [...new Set(values)].sort();
