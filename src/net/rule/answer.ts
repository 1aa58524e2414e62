/** How a rule makes its answer out of an input: a small tree of constants, copies, texts, tables, decisions and extractions. */
import * as z from "zod";
import { canonicalJson, type Json } from "../../contract/json.ts";
import { applyChanges, type Change, changeSchema } from "./change.ts";
import { type Condition, conditionSchema, holds } from "./condition.ts";
import { capture, patternSchema, testsPattern } from "./pattern.ts";
import { pointerSchema, printPointer, readPointer } from "./pointer.ts";
import { readTerm, type Term, termSchema } from "./term.ts";

export interface Slot {
  path: string;
  change?: Change[] | undefined;
}
export type Answer =
  | { kind: "constant"; value: Json }
  | { kind: "absent" }
  | ({ kind: "copy" } & Slot)
  | { kind: "text"; parts: (string | Slot | Answer)[] }
  | { kind: "extract"; path: string; patterns: string[]; form?: string | undefined; change?: Change[] | undefined }
  | { kind: "table"; keys: Term[]; rows: { when: Json[]; give: Json; seen?: number | undefined }[] }
  | { kind: "cases"; cases: { if: Condition[]; give: Answer; seen?: number | undefined }[]; else?: Answer | undefined }
  | { kind: "split"; if: Condition; yes: Answer; no: Answer }
  | { kind: "decline"; reason: string }
  | { kind: "object"; fields: Record<string, Answer> }
  | { kind: "list"; items: Answer[] };

const json = z.json() as z.ZodType<Json>;
const change = z.array(changeSchema).max(8).optional().describe("Done to it in turn");
const slotSchema = z.strictObject({ path: pointerSchema, change });
const form = patternSchema.optional().describe("What is captured has to match this; anything else is declined");
const seen = z.int().min(0).optional().describe("On how many examples it rests");

export const answerSchema: z.ZodType<Answer> = z.lazy(() =>
  z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("constant"), value: json }),
    z.strictObject({ kind: z.literal("absent") }).describe("Of an object's field: it is left out"),
    z.strictObject({ kind: z.literal("copy"), ...slotSchema.shape }).describe("What the input holds there"),
    z
      .strictObject({
        kind: z.literal("text"),
        parts: z
          .array(z.union([z.string().max(10_000), slotSchema, answerSchema]))
          .min(1)
          .max(100),
      })
      .describe("Fixed texts and slots, in turn"),
    z
      .strictObject({ kind: z.literal("extract"), path: pointerSchema, patterns: z.array(patternSchema).min(1).max(20), form, change })
      .describe("What the first group of the first pattern that matches captures; a text that matches it twice, differently, is declined"),
    z
      .strictObject({
        kind: z.literal("table"),
        keys: z.array(termSchema).min(1).max(5),
        rows: z
          .array(z.strictObject({ when: z.array(json).min(1).max(5), give: json, seen }))
          .min(1)
          .max(5000),
      })
      .describe("The row whose `when` holds the keys' values; declined where there is none"),
    z
      .strictObject({
        kind: z.literal("cases"),
        cases: z
          .array(z.strictObject({ if: z.array(conditionSchema).max(20), give: answerSchema, seen }))
          .min(1)
          .max(200),
        else: answerSchema.optional(),
      })
      .describe("A decision list: the first case whose conditions all hold; without `else`, the rest is declined"),
    z
      .strictObject({ kind: z.literal("split"), if: conditionSchema, yes: answerSchema, no: answerSchema })
      .describe("A node of a decision tree"),
    z.strictObject({ kind: z.literal("decline"), reason: z.string().min(1).max(300) }).describe("Left to the model"),
    z.strictObject({ kind: z.literal("object"), fields: z.record(z.string(), answerSchema) }),
    z.strictObject({ kind: z.literal("list"), items: z.array(answerSchema).max(200) }),
  ]),
);

/** `value` undefined: the field is left out. */
export type Answered = { ok: true; value: Json | undefined } | { ok: false; reason: string };

const given = (value: Json | undefined): Answered => ({ ok: true, value });
const declined = (reason: string): Answered => ({ ok: false, reason });
/** Rules from outside may be nested at will; none that can be read needs more. */
const DEEPEST = 60;

export function evaluateAnswer(answer: Answer, input: Json, depth = 0): Answered {
  if (depth > DEEPEST) return declined(`the rule is nested deeper than ${DEEPEST} levels`);
  switch (answer.kind) {
    case "constant":
      return given(answer.value);
    case "absent":
      return given(undefined);
    case "decline":
      return declined(answer.reason);
    case "copy":
      return slotValue(answer, input);
    case "extract":
      return extracted(answer, input);
    case "table":
      return looked(answer, input);
    case "split":
      return evaluateAnswer(holds(answer.if, input) ? answer.yes : answer.no, input, depth + 1);
    case "cases": {
      const hit = answer.cases.find((one) => one.if.every((condition) => holds(condition, input)))?.give ?? answer.else;
      return hit ? evaluateAnswer(hit, input, depth + 1) : declined("no case of the rule holds");
    }
    default:
      return composed(answer, input, depth);
  }
}

function slotValue({ path, change: changes }: Slot, input: Json): Answered {
  const raw = readPointer(input, path);
  if (raw === undefined) return declined(`there is no ${printPointer(path)}`);
  const value = applyChanges(raw, changes);
  return value === undefined ? declined(`${printPointer(path)} is not of the form that the rule knows`) : given(value);
}

function extracted({ path, patterns, form: wanted, change: changes }: Answer & { kind: "extract" }, input: Json): Answered {
  const text = readPointer(input, path);
  if (typeof text !== "string") return declined(`${printPointer(path)} is no text`);
  for (const pattern of patterns) {
    const result = capture(pattern, text);
    if (result.found === null && result.why === "no match") continue;
    if (result.found === null) return declined(`the pattern matches ${printPointer(path)} twice, and differently`);
    if (wanted !== undefined && !testsPattern(wanted, result.found)) return declined(`what ${printPointer(path)} holds is of another form`);
    const value = applyChanges(result.found, changes);
    return value === undefined ? declined(`what ${printPointer(path)} holds is not of the form that the rule knows`) : given(value);
  }
  return declined(`no pattern matches ${printPointer(path)}`);
}

const tables = new WeakMap<object, Map<string, Json>>();

function looked({ keys, rows }: Answer & { kind: "table" }, input: Json): Answered {
  let index = tables.get(rows);
  if (!index) {
    index = new Map(rows.map(({ when, give }) => [canonicalJson(when), give]));
    tables.set(rows, index);
  }
  const values: Json[] = [];
  for (const key of keys) {
    const value = readTerm(input, key);
    if (value === undefined) return declined(`there is no ${printPointer(key.path)}`);
    values.push(value);
  }
  const value = index.get(canonicalJson(values));
  return value === undefined ? declined(`${canonicalJson(values).slice(0, 100)} is not in the table`) : given(value);
}

function composed(answer: Answer & { kind: "text" | "object" | "list" }, input: Json, depth: number): Answered {
  if (answer.kind === "text") return written(answer.parts, input, depth);
  if (answer.kind === "list") {
    const items: Json[] = [];
    for (const item of answer.items) {
      const one = evaluateAnswer(item, input, depth + 1);
      if (!one.ok) return one;
      if (one.value !== undefined) items.push(one.value);
    }
    return given(items);
  }
  const fields: [string, Json][] = [];
  for (const [name, field] of Object.entries(answer.fields)) {
    const one = evaluateAnswer(field, input, depth + 1);
    if (!one.ok) return declined(`${name}: ${one.reason}`);
    if (one.value !== undefined) fields.push([name, one.value]);
  }
  return given(Object.fromEntries(fields));
}

function written(parts: (string | Slot | Answer)[], input: Json, depth: number): Answered {
  let text = "";
  for (const part of parts) {
    if (typeof part === "string") {
      text += part;
      continue;
    }
    const one = "kind" in part ? evaluateAnswer(part, input, depth + 1) : slotValue(part, input);
    if (!one.ok) return one;
    if (typeof one.value !== "string" && typeof one.value !== "number") return declined("a slot of the text holds no text");
    text += one.value;
  }
  return given(text);
}
