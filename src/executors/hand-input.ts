/** An order's input, and what a hand gives back, against its schemas. */
import * as z from "zod";
import type { WorkOrder } from "../contract/envelope.ts";
import { Terminal } from "../contract/errors.ts";
import { issueLine } from "../contract/issue-line.ts";
import type { Json, JsonObject } from "../contract/json.ts";
import { schemaProblem } from "../net/place-schema.ts";
import type { HandSchema } from "./hand.ts";

/** Throws Terminal `bad-input` that names hand, field and transition. */
export function parseInput<T extends z.ZodType>(schema: T, order: WorkOrder): z.output<T> {
  const parsed = schema.safeParse(order.input);
  if (parsed.success) return parsed.data;
  throw badInput(order, issueLine(parsed.error));
}

/** The same for a hand whose schema may be either kind. */
export function checkInput(schema: HandSchema, order: WorkOrder): void {
  const problem = handSchemaProblem(schema, order.input);
  if (problem !== null) throw badInput(order, problem);
}

/** Throws Terminal `bad-output`: the mistake is the hand's. */
export function checkOutput(schema: HandSchema, hand: string, value: Json): void {
  const unwritable = whyNoJson(value);
  const problem = unwritable ?? handSchemaProblem(schema, value);
  if (problem === null) return;
  throw new Terminal({
    code: "bad-output",
    message: `what ${hand} gave is ${unwritable === null ? "not what its output schema says" : "no JSON"}: ${problem}`,
    hint: "correct the hand, or its schema",
  });
}

/** A hand that is no part of Petrel may give anything, like a circle or a BigInt. */
function whyNoJson(value: unknown): string | null {
  try {
    return value !== undefined && JSON.stringify(value) === undefined ? `it is a ${typeof value}` : null;
  } catch (error) {
    return error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
  }
}

export function isZod(schema: HandSchema): schema is z.ZodType {
  return schema instanceof z.ZodType;
}

/** As JSON Schema 2020-12. */
export function jsonSchemaOf(schema: HandSchema): JsonObject {
  return isZod(schema) ? (z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as JsonObject) : schema;
}

function handSchemaProblem(schema: HandSchema, value: Json): string | null {
  if (!isZod(schema)) return schemaProblem(schema, value)?.replaceAll("the token ", "it ") ?? null;
  const parsed = schema.safeParse(value);
  return parsed.success ? null : issueLine(parsed.error);
}

function badInput(order: WorkOrder, problem: string): Terminal {
  return new Terminal({
    code: "bad-input",
    message: `the input of ${order.hand} is wrong: ${problem}`,
    hint: `correct \`input\` or \`workspace\` of the transition ${order.transition}`,
    where: `${order.net}/${order.transition}`,
  });
}
