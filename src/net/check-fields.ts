/** Which fields a zod schema knows at a place in a value: followed through records, arrays, options and discriminated unions. */
import * as z from "zod";
import type { Json } from "../contract/json.ts";
import { memberOf } from "./expression-values.ts";
import type { JsonPath } from "./locate.ts";

type Schema = z.core.$ZodType;

export function fieldsAt(schema: Schema, value: Json, path: JsonPath): string[] {
  let inner: Schema | undefined = schema;
  let at: Json | undefined = value;
  for (const key of path) {
    inner = memberSchema(settled(inner, at), key);
    at = memberOf(at, key);
  }
  const object = settled(inner, at);
  return object instanceof z.ZodObject ? Object.keys(object.shape) : [];
}

/** Without the wrappers, and with the option of a union that the value's discriminator chooses. */
function settled(schema: Schema | undefined, value: Json | undefined): Schema | undefined {
  let inner = schema;
  while (inner instanceof z.ZodOptional || inner instanceof z.ZodDefault || inner instanceof z.ZodNullable || inner instanceof z.ZodLazy)
    inner = inner.unwrap();
  if (!(inner instanceof z.ZodDiscriminatedUnion)) return inner;
  const { discriminator } = inner.def;
  const chosen = memberOf(value, discriminator);
  return inner.options.find((option) => {
    const literal = option instanceof z.ZodObject ? option.shape[discriminator] : undefined;
    return literal instanceof z.ZodLiteral && literal.values.has(chosen as string);
  });
}

function memberSchema(schema: Schema | undefined, key: string | number): Schema | undefined {
  if (schema instanceof z.ZodObject) return Object.hasOwn(schema.shape, key) ? schema.shape[key] : undefined;
  if (schema instanceof z.ZodRecord) return schema.valueType;
  return schema instanceof z.ZodArray ? schema.element : undefined;
}
