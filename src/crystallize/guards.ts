/**
 * The domain guard: the inputs that look like those that were learned from. What the rule reads must be of the seen types, values
 * and ranges. What it does not read is guarded too where that costs next to nothing, since what never varied may still matter.
 */
import type { Json, JsonObject } from "../contract/json.ts";
import { isJsonObject } from "../contract/json.ts";
import type { Answer } from "../net/rule/answer.ts";
import { type Condition, holds } from "../net/rule/condition.ts";
import { readPointer } from "../net/rule/pointer.ts";
import { digitsIn, lengthsIn, partsOf, readsOfAnswer, readsOfCondition } from "../net/rule/reads.ts";
import { type Field, fieldsOf, isCategory, numberRange, unseenShare } from "./fields.ts";
import { textOffers, withoutWide } from "./text-guards.ts";

/** Share of later inputs that a guard on what the rule does not read may turn away. */
const CHEAP = 0.01;
const FITTED = 0.7;
const MOST_CATEGORIES = 500;
const MOST_NUMBERS = 20;

interface Offer {
  /** What it says, whatever was seen. */
  id: string;
  condition: Condition;
  /** The rule cannot be trusted without it. */
  needed: boolean;
}

export function guardOf(answer: Answer, inputs: readonly JsonObject[]): Condition[] {
  const early = Math.floor(inputs.length * FITTED);
  const reads = readsIn(answer);
  const later = inputs.slice(early);
  const tried = new Map(
    offers(reads, inputs.slice(0, early)).map(({ id, needed, condition }) => [id, needed ? 0 : costOf(condition, later)]),
  );
  const kept = offers(reads, inputs).filter(({ id, needed }) => needed || (tried.get(id) ?? 0) <= CHEAP);
  return withoutWide(kept).map(({ condition }) => condition);
}

function costOf(condition: Condition, inputs: readonly JsonObject[]): number {
  return inputs.filter((input) => !holds(condition, input)).length / Math.max(1, inputs.length);
}

interface Reads {
  all: Set<string>;
  /** Read by conditions and tables: what decides which answer is given. */
  deciding: Set<string>;
  /** Texts of which the digits are taken, wherever they stand. */
  digits: Set<string>;
  /** Texts and lists whose length decides. */
  lengths: Set<string>;
}

/** What an answer looks at. */
export function readsIn(answer: Answer): Reads {
  const all = new Set<string>();
  readsOfAnswer(answer, all);
  const deciding = new Set<string>();
  const visit = (part: Answer): void => {
    if (part.kind === "split") readsOfCondition(part.if, deciding);
    if (part.kind === "cases") for (const one of part.cases) for (const condition of one.if) readsOfCondition(condition, deciding);
    for (const inner of partsOf(part)) visit(inner);
  };
  visit(answer);
  return { all, deciding, digits: digitsIn(answer), lengths: lengthsIn(answer) };
}

function offers(reads: Reads, inputs: readonly JsonObject[]): Offer[] {
  const fields = fieldsOf(inputs);
  return [...shapesOf(fields, inputs), ...fields.flatMap((field) => onField(field, reads, inputs.length))];
}

/** Objects have the members that they always had, and no others than were seen; so has one that is not always there. */
function shapesOf(fields: Field[], inputs: readonly JsonObject[]): Offer[] {
  const whole = { path: "", present: inputs.length };
  return [whole, ...fields.filter(({ types }) => types.has("object"))].flatMap((field): Offer[] => {
    const { path } = field;
    const values = inputs.map((input) => readPointer(input, path)).filter(isJsonObject);
    const counts = new Map<string, number>();
    for (const value of values) for (const name of Object.keys(value)) counts.set(name, (counts.get(name) ?? 0) + 1);
    if (counts.size === 0 || counts.size > 60) return [];
    const names = [...counts].sort(([one], [other]) => (one < other ? -1 : 1));
    const required = names.filter(([, count]) => count === values.length).map(([name]) => name);
    const optional = names.filter(([, count]) => count < values.length).map(([name]) => name);
    const condition: Condition = { test: "fields", path, required, optional };
    return [{ id: `fields ${path}`, condition: whereThere(condition, { ...field, present: values.length }, inputs.length), needed: false }];
  });
}

function onField(field: Field, reads: Reads, size: number): Offer[] {
  const { path, types } = field;
  const read = reads.all.has(path);
  const made: Offer[] = [];
  const offer = (condition: Condition, needed: boolean, id: string = condition.test) =>
    made.push({ id: `${id} ${path}`, condition: whereThere(condition, field, size), needed });
  const values = categories(field);
  const closed = values !== null && (reads.deciding.has(path) || unseenShare(field) <= CHEAP);
  if (closed) offer({ test: "in", path, values }, reads.deciding.has(path));
  else if (read || types.size === 1) offer({ test: "type", path, is: [...types].sort() }, read);
  const range = numberRange(field);
  if (range && !values) offer({ test: "range", path, atLeast: range.least, atMost: range.most }, reads.deciding.has(path));
  const numbers = reads.digits.has(path) ? numbersIn(field) : null;
  if (numbers) offer({ test: "matches", path, pattern: numbers }, true, "digits");
  const decides = reads.lengths.has(path);
  const lengths = closed ? null : lengthRange(field, decides);
  if (lengths) offer({ test: "range", path, of: "length", ...lengths }, decides, "length");
  // The length first: it is quicker to look at than a long text.
  if (!closed)
    for (const { condition, needed, id } of textOffers(field, { decides: reads.deciding.has(path), given: read }))
      offer(condition, needed, id);
  return made;
}

/** A text with as many runs of digits as were seen: one more, and the digits of two numbers would become one. */
function numbersIn({ values }: Field): string | null {
  const runs = values.filter((value) => typeof value === "string").map((text) => text.match(/\d+/g)?.length ?? 0);
  const [least, most] = [Math.min(...runs), Math.max(...runs)];
  return runs.length === 0 || least === 0 || most > MOST_NUMBERS ? null : `^\\D*\\d+(?:\\D+\\d+){${least - 1},${most - 1}}\\D*$`;
}

/** What is not always there may go on being not there. */
function whereThere(condition: Condition, { path, present }: Pick<Field, "path" | "present">, size: number): Condition {
  if (present === size) return condition;
  return { test: "any", conditions: [{ test: "not", condition: { test: "present", path } }, condition] };
}

/** Texts and truth values that come again and again; numbers only when they are a handful, like a number of stars. */
function categories(field: Field): Json[] | null {
  if (!isCategory(field) || field.counts.size > MOST_CATEGORIES || field.types.size > 1) return null;
  if (field.types.has("number") && field.counts.size > 12) return null;
  return [...field.counts]
    .sort(([one, few], [other, many]) => many - few || (String(one) < String(other) ? -1 : 1))
    .map(([value]) => value);
}

function lengthRange({ values, types }: Field, decides: boolean): { atLeast: number; atMost: number } | null {
  if (types.size !== 1 || !(types.has("text") || types.has("array"))) return null;
  let [atLeast, atMost] = [Number.POSITIVE_INFINITY, 0];
  for (const value of values) {
    if (typeof value !== "string" && !Array.isArray(value)) continue;
    atLeast = Math.min(atLeast, value.length);
    atMost = Math.max(atMost, value.length);
  }
  if (atLeast > atMost) return null;
  // Where nothing hangs on it a length says little: half as short and twice as long is still of the same kind.
  return decides ? { atLeast, atMost } : { atLeast: Math.ceil(atLeast / 2), atMost: 2 * atMost };
}
