/**
 * Typed features of inputs: yes-or-no tests and numbers, each with the condition that a rule would use. Trees and lists choose
 * among them; none is made for a certain net.
 */
import type { Json, JsonObject } from "../contract/json.ts";
import { type Condition, typeOf } from "../net/rule/condition.ts";
import { type Term, type View, viewOf } from "../net/rule/term.ts";
import { wordsOf } from "../net/rule/words.ts";
import { type Field, fieldsOf } from "./fields.ts";

export interface TestColumn {
  condition: Condition;
  /** 1 where it holds. */
  holds: Uint8Array;
}
export interface NumberColumn {
  term: Term;
  /** NaN where there is no number. */
  values: Float64Array;
}
export interface Columns {
  size: number;
  fields: Field[];
  tests: TestColumn[];
  numbers: NumberColumn[];
}

/** A test that holds for fewer, or fails for fewer, teaches nothing that could be told from chance. */
const LEAST = 3;
const MOST_VALUES = 60;
const MOST_WORDS = 400;
const MOST_TESTS = 3000;
const TEXT_VIEWS: View[] = ["folded", "first-word", "last-word", "head", "domain"];

export function columnsOf(inputs: readonly JsonObject[]): Columns {
  const fields = fieldsOf(inputs);
  const tests = [...fields.flatMap((field) => testsOn(field)), ...pairsOf(fields)];
  return { size: inputs.length, fields, tests: distinct(tests).slice(0, MOST_TESTS), numbers: numbersOf(fields) };
}

/** The same columns of the first inputs alone. */
export function firstRows({ fields, tests, numbers }: Columns, size: number): Columns {
  return {
    size,
    fields,
    tests: tests.map(({ condition, holds }) => ({ condition, holds: holds.subarray(0, size) })),
    numbers: numbers.map(({ term, values }) => ({ term, values: values.subarray(0, size) })),
  };
}

/** Of tests that come out the same everywhere, or the opposite, the first: it is the plainest. */
function distinct(columns: TestColumn[]): TestColumn[] {
  const kept = new Map<string, TestColumn>();
  for (const column of columns) {
    const count = column.holds.reduce((sum, one) => sum + one, 0);
    if (count < LEAST || column.holds.length - count < LEAST) continue;
    const first = column.holds[0] ?? 0;
    const key = Buffer.from(column.holds.map((one) => one ^ first)).toString("latin1");
    if (!kept.has(key)) kept.set(key, column);
  }
  return [...kept.values()];
}

function testsOn(field: Field): TestColumn[] {
  const { path, types, present, values } = field;
  const on = (condition: Condition, test: (value: Json | undefined) => boolean): TestColumn => ({
    condition,
    holds: Uint8Array.from(values, (value) => Number(test(value))),
  });
  const made: TestColumn[] = [];
  if (present < values.length || types.has("null"))
    made.push(on({ test: "present", path }, (value) => value !== undefined && value !== null));
  if (types.size > 1)
    for (const type of [...types].sort())
      made.push(on({ test: "type", path, is: [type] }, (value) => value !== undefined && typeOf(value) === type));
  for (const value of frequent(field.counts)) made.push(on({ test: "equal", path, value }, (other) => other === value));
  if (types.has("text")) made.push(...viewTests(field), ...wordTests(field), ...markTests(field));
  if (types.has("array")) {
    for (const item of elementsOf(field))
      made.push(on({ test: "has", path, value: item }, (value) => Array.isArray(value) && value.includes(item)));
  }
  return made;
}

function frequent(counts: Map<Json, number>): Json[] {
  const listed = [...counts].filter(([, count]) => count >= LEAST);
  listed.sort(([one, few], [other, many]) => many - few || (String(one) < String(other) ? -1 : 1));
  return listed.slice(0, MOST_VALUES).map(([value]) => value);
}

function viewTests({ path, values }: Field): TestColumn[] {
  return TEXT_VIEWS.flatMap((view) => {
    const viewed = values.map((value) => (typeof value === "string" ? viewOf(value, view) : undefined));
    const counts = countsOf(viewed);
    // A view with a value for each text is no category, and its many values would only be tried by chance.
    if (counts.size > values.length / 3) return [];
    return frequent(counts).map((value) => ({
      condition: { test: "equal" as const, path, of: view, value },
      holds: Uint8Array.from(viewed, (other) => Number(other === value)),
    }));
  });
}

function wordTests({ path, values }: Field): TestColumn[] {
  const words = new Map<string, number[]>();
  for (const [row, value] of values.entries()) {
    if (typeof value !== "string") continue;
    for (const word of wordsOf(value)) {
      const rows = words.get(word);
      if (rows) rows.push(row);
      else words.set(word, [row]);
    }
  }
  const listed = [...words].filter(([, { length }]) => length >= LEAST && length <= values.length - LEAST);
  listed.sort(([one, few], [other, many]) => many.length - few.length || (one < other ? -1 : 1));
  return listed.slice(0, MOST_WORDS).map(([word, rows]) => {
    const holds = new Uint8Array(values.length);
    for (const row of rows) holds[row] = 1;
    return { condition: { test: "word" as const, path, word }, holds };
  });
}

function markTests({ path, values }: Field): TestColumn[] {
  return ["?", "!", "@", "#", "$", "%", "://"].map((text) => ({
    condition: { test: "contains" as const, path, text },
    holds: Uint8Array.from(values, (value) => Number(typeof value === "string" && value.includes(text))),
  }));
}

function countsOf(values: (Json | undefined)[]): Map<Json, number> {
  const counts = new Map<Json, number>();
  for (const value of values) if (value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

function elementsOf({ values }: Field): Json[] {
  const lists = values.map((value) => (Array.isArray(value) ? [...new Set(value)] : []));
  return frequent(countsOf(lists.flat().filter((item) => typeof item !== "object" || item === null)));
}

const MOST_PAIRED = 8;

/** Numbers that may be compared with each other, and texts that may be the same. */
function pairsOf(fields: Field[]): TestColumn[] {
  const made: TestColumn[] = [];
  const numbers = fields.filter(({ types }) => types.has("number")).slice(0, MOST_PAIRED);
  const texts = fields.filter(({ types }) => types.has("text")).slice(0, MOST_PAIRED);
  const pair = (test: "less" | "same", one: Field, other: Field, compare: (a: Json, b: Json) => boolean) => {
    const holds = Uint8Array.from(one.values, (value, row) => {
      const against = other.values[row];
      return Number(value !== undefined && against !== undefined && compare(value, against));
    });
    made.push({ condition: { test, path: one.path, than: other.path }, holds });
  };
  const isLess = (a: Json, b: Json) => typeof a === "number" && typeof b === "number" && a < b;
  for (const one of numbers) for (const other of numbers) if (one !== other) pair("less", one, other, isLess);
  for (const list of [numbers, texts])
    for (const [at, one] of list.entries()) for (const other of list.slice(at + 1)) pair("same", one, other, (a, b) => a === b);
  return made;
}

function numbersOf(fields: Field[]): NumberColumn[] {
  const columns: NumberColumn[] = [];
  const add = (term: Term, values: (Json | undefined)[]) =>
    columns.push({ term, values: Float64Array.from(values, (value) => (typeof value === "number" ? value : Number.NaN)) });
  for (const { path, types, values } of fields) {
    if (types.has("number")) add({ path }, values);
    if (types.has("text") || types.has("array")) {
      const lengths = values.map((value) => (value === undefined ? undefined : viewOf(value, "length")));
      add({ path, of: "length" }, lengths);
    }
  }
  return columns.filter(({ values }) => new Set(values).size > 1);
}
