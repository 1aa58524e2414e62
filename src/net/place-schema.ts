/** The JSON Schema of a place, made ready to check tokens from outside. */
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import type { Json, JsonObject } from "../contract/json.ts";

const cache = new WeakMap<object, ValidateFunction>();

/** What is wrong with the value, in a sentence, or null. */
export function schemaProblem(schema: JsonObject, value: Json): string | null {
  let validate = cache.get(schema);
  if (!validate) {
    const ajv = new Ajv2020({ allErrors: true, strict: false, validateFormats: true });
    addFormats.default(ajv);
    validate = ajv.compile(schema);
    cache.set(schema, validate);
  }
  if (validate(value)) return null;
  return (validate.errors ?? [])
    .slice(0, 5)
    .map((error) => `${error.instancePath || "the token"} ${error.message ?? "is wrong"}`)
    .join("; ");
}
