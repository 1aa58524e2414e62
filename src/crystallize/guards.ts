/**
 * The domain guard: the inputs that look like those that were learned from. What the rule reads must be of the seen types, values
 * and ranges. What it does not read is guarded too where that costs next to nothing, since what never varied may still matter.
 */
import type { Json, JsonObject } from "../contract/json.ts";
import { isJsonObject } from "../contract/json.ts";
import type { Answer } from "../net/rule/answer.ts";
import { type Condition, decimalsOf, holds, typeOf, type ValueType } from "../net/rule/condition.ts";
import { pointerTo, readPointer } from "../net/rule/pointer.ts";
import { digitsIn, lengthsIn, partsOf, readsOfAnswer, readsOfCondition } from "../net/rule/reads.ts";
import { type Field, fieldsOf, isCategory, numberRange, unseenShare } from "./fields.ts";
import { textOffers, withoutWide } from "./text-guards.ts";

/** Share of later inputs that a guard on what the rule does not read may turn away. */
const CHEAP = 0.01;
const FITTED = 0.7;
const MOST_CATEGORIES = 500;
const MOST_NUMBERS = 20;
const MOST_FEW_NUMBERS = 12;
const MOST_DECIMALS = 4;
const MOST_TYPED = 15;

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
  return ["", ...fields.filter(({ types }) => types.has("object")).map(({ path }) => path)].flatMap((path): Offer[] => {
    const values = inputs.map((input) => readPointer(input, path)).filter(isJsonObject);
    const members = membersOf(path, values);
    if (members === null) return [];
    return [{ id: `fields ${path}`, condition: whereThere(members, { path, present: values.length }, inputs.length), needed: false }];
  });
}

function membersOf(path: string, objects: readonly JsonObject[]): Condition | null {
  const counts = new Map<string, number>();
  for (const object of objects) for (const name of Object.keys(object)) counts.set(name, (counts.get(name) ?? 0) + 1);
  if (counts.size === 0 || counts.size > 60) return null;
  const names = [...counts].sort(([one], [other]) => (one < other ? -1 : 1));
  const required = names.filter(([, count]) => count === objects.length).map(([name]) => name);
  const optional = names.filter(([, count]) => count < objects.length).map(([name]) => name);
  return { test: "fields", path, required, optional };
}

const NOT_NULL = "null";

function onField(field: Field, reads: Reads, size: number): Offer[] {
  const bare = withoutNull(field);
  if (!bare) return offersOn(field, reads, size);
  const others = offersOn(bare, reads, size).filter(({ id }) => !id.startsWith(NOT_NULL));
  return others.map((offer) => ({ ...offer, condition: orNull(offer.condition, field.path) }));
}

/** What is now and then null and else of one type: what is there is looked at by itself. */
function withoutNull(field: Field): Field | null {
  if (field.types.size !== 2 || !field.types.has("null")) return null;
  const types = new Set([...field.types].filter((type) => type !== "null"));
  const values = field.values.map((value) => (value === null ? undefined : value));
  return { ...field, types, values, counts: new Map([...field.counts].filter(([value]) => value !== null)) };
}

function orNull(condition: Condition, path: string): Condition {
  if (condition.test === "any") return { ...condition, conditions: [nullAt(path), ...condition.conditions] };
  if (condition.test === "type") return { ...condition, is: [...condition.is, "null"] };
  return condition.test === "in"
    ? { ...condition, values: [...condition.values, null] }
    : { test: "any", conditions: [nullAt(path), condition] };
}

const nullAt = (path: string): Condition => ({ test: "type", path, is: ["null"] });

function offersOn(field: Field, reads: Reads, size: number): Offer[] {
  const { path, types } = field;
  const read = reads.all.has(path);
  // What is always answered alike is so for inputs like these alone.
  const readsNothing = reads.all.size === 0;
  const made: Offer[] = [];
  const offer = (condition: Condition, needed: boolean, id: string = condition.test) =>
    made.push({ id: `${id} ${path}`, condition: whereThere(condition, field, size), needed });
  // What was not always there was never null for that: what is null may mean something else.
  if (field.present < size && !types.has("null"))
    made.push({ id: `${NOT_NULL} ${path}`, condition: { test: "not", condition: { test: "type", path, is: ["null"] } }, needed: read });
  const values = categories(field);
  const closed = values !== null && (reads.deciding.has(path) || unseenShare(field) <= CHEAP);
  if (closed) offer({ test: "in", path, values }, reads.deciding.has(path));
  else if (read || types.size === 1) offer({ test: "type", path, is: [...types].sort() }, read);
  const range = numberRange(field);
  if (range && !values) offer({ test: "range", path, atLeast: range.least, atMost: range.most }, reads.deciding.has(path));
  const decimals = read && !closed ? decimalsIn(field) : null;
  if (decimals !== null) offer({ test: "decimals", path, most: decimals }, false);
  const element = elementOf(field);
  if (element.length > 0) offer({ test: "each", path, conditions: element }, false);
  const numbers = reads.digits.has(path) ? numbersIn(field) : null;
  if (numbers) offer({ test: "matches", path, pattern: numbers }, true, "digits");
  const decides = reads.lengths.has(path);
  const lengths = closed ? null : lengthRange(field, decides);
  if (lengths) offer({ test: "range", path, of: "length", ...lengths }, decides, "length");
  // The length first: it is quicker to look at than a long text.
  if (!closed)
    for (const { condition, needed, id } of textOffers(field, { decides: reads.deciding.has(path), given: read || readsNothing }))
      offer(condition, needed && !readsNothing, id);
  return made;
}

/** A text with as many runs of digits as were seen: one more, and the digits of two numbers would become one. */
function numbersIn({ values }: Field): string | null {
  const runs = values.filter((value) => typeof value === "string").map((text) => text.match(/\d+/g)?.length ?? 0);
  const [least, most] = [Math.min(...runs), Math.max(...runs)];
  return runs.length === 0 || least === 0 || most > MOST_NUMBERS ? null : `^\\D*\\d+(?:\\D+\\d+){${least - 1},${most - 1}}\\D*$`;
}

/** Whole numbers, or amounts with cents: one with more decimals is of another kind, or rounded in a way that was never seen. */
function decimalsIn({ types, counts }: Field): number | null {
  if (types.size !== 1 || !types.has("number")) return null;
  const most = Math.max(...[...counts.keys()].map((value) => decimalsOf(value as number)));
  return most > MOST_DECIMALS ? null : most;
}

/** What the elements of a list were: objects with these members, a few values, or of a type. */
function elementOf({ types, values }: Field): Condition[] {
  if (types.size !== 1 || !types.has("array")) return [];
  const elements = values.flatMap((value) => (Array.isArray(value) ? value : []));
  const kinds = new Set<ValueType>(elements.map(typeOf));
  if (kinds.size !== 1) return [];
  if (kinds.has("object")) return membersOfElements(elements.filter(isJsonObject));
  const distinct = [...new Set(elements)];
  const areFew = !kinds.has("array") && distinct.length <= Math.min(MOST_CATEGORIES, Math.max(2, elements.length * 0.2));
  return areFew && (!kinds.has("number") || distinct.length <= MOST_FEW_NUMBERS)
    ? [{ test: "in", path: "", values: distinct.sort((one, other) => (String(one) < String(other) ? -1 : 1)) }]
    : [{ test: "type", path: "", is: [...kinds] }];
}

/** What they had, and of which type it was where all had it. */
function membersOfElements(elements: readonly JsonObject[]): Condition[] {
  const members = membersOf("", elements);
  if (members?.test !== "fields") return [];
  const types = members.required.slice(0, MOST_TYPED).map((name): Condition => {
    const is = new Set(elements.map((element) => typeOf(element[name] ?? null)));
    return { test: "type", path: pointerTo("", name), is: [...is].sort() };
  });
  return [members, ...types];
}

/** What is not always there may go on being not there. */
function whereThere(condition: Condition, { path, present }: Pick<Field, "path" | "present">, size: number): Condition {
  if (present === size) return condition;
  return { test: "any", conditions: [{ test: "not", condition: { test: "present", path } }, condition] };
}

/** Texts and truth values that come again and again; numbers only when they are a handful, like a number of stars. */
function categories(field: Field): Json[] | null {
  if (!isCategory(field) || field.counts.size > MOST_CATEGORIES || field.types.size > 1) return null;
  if (field.types.has("number") && field.counts.size > MOST_FEW_NUMBERS) return null;
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
