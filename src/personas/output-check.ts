/** Answers against a persona's output schema. A schema comes from a file, so one that does not compile is a finding, not a crash. */
import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import formatsPlugin from "ajv-formats";
import { hashJson } from "../contract/hash.ts";
import { isJsonObject, type Json, type JsonObject } from "../contract/json.ts";

const compiled = new Map<string, ValidateFunction>();
const MOST_KEPT = 500;

function validator(schema: JsonObject): ValidateFunction {
  const key = hashJson(schema);
  const known = compiled.get(key);
  if (known) return known;
  // A fresh instance for each schema: two with the same $id must not meet.
  const ajv = new Ajv2020({ allErrors: true, strict: false });
  formatsPlugin.default(ajv);
  const { $schema: _, ...rules } = schema;
  const validate = ajv.compile(rules);
  if (compiled.size >= MOST_KEPT) compiled.clear();
  compiled.set(key, validate);
  return validate;
}

/** Why a schema cannot serve as the input of the tool that takes an answer; null when it can. */
export function schemaFault(schema: JsonObject): string | null {
  if (schema.type !== "object") return 'its type is not "object"';
  try {
    validator(schema);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Whether the persona could have given this answer: an agent's says that it is done, and without a schema a model's is a text. */
export function fitsPersona(shape: "llm" | "agent", { output }: { output?: JsonObject | undefined }, value: Json): boolean {
  if (!isJsonObject(value)) return false;
  const { status, ...given } = value;
  if (shape === "agent") return status === "done" && (!output || mismatches(output, given).length === 0);
  if (output) return mismatches(output, value).length === 0;
  return typeof value.text === "string" && value.text.trim() !== "";
}

/** What is wrong with a value, a line each; empty when it fits. */
export function mismatches(schema: JsonObject, value: Json): string[] {
  const validate = validator(schema);
  return validate(value) ? [] : (validate.errors ?? []).slice(0, 20).map(line);
}

function line(error: ErrorObject): string {
  const extra = error.keyword === "additionalProperties" ? ` (${String(error.params.additionalProperty)})` : "";
  const allowed = error.keyword === "enum" ? ` (${JSON.stringify(error.params.allowedValues)})` : "";
  return `${error.instancePath === "" ? "the answer" : error.instancePath} ${error.message ?? error.keyword}${extra}${allowed}`;
}
