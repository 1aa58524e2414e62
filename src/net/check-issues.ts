/** The issues of a failed zod parse as plain sentences, for any schema: unknown fields with the nearest known one, missing fields, wrong types. */
import type { z } from "zod";
import { isJsonObject, type Json } from "../contract/json.ts";
import { fieldsAt } from "./check-fields.ts";
import { nearestHint } from "./check-nearest.ts";
import { elementOf, type Finding, failure } from "./check-problem.ts";
import { memberOf } from "./expression-values.ts";
import type { JsonPath } from "./locate.ts";

type Issue = z.core.$ZodIssue;

/** `value` is what was parsed with `schema` and failed with `issues`. */
export function findingsOf(issues: readonly Issue[], schema: z.core.$ZodType, value: Json): Finding[] {
  return issues.flatMap((issue) => {
    const path = issue.path.map((part) => (typeof part === "number" ? part : String(part)));
    if (issue.code === "unrecognized_keys") return issue.keys.map((key) => unknownField(schema, value, path, key));
    return [issueFinding(issue, path, valueAt(value, path))];
  });
}

function unknownField(schema: z.core.$ZodType, value: Json, path: JsonPath, key: string): Finding {
  const known = fieldsAt(schema, value, path);
  return failure(
    "unknown-field",
    [...path, key],
    `unknown field "${key}" in ${elementOf(path)}`,
    nearestHint(key, known, "known fields"),
    "key",
  );
}

function issueFinding(issue: Issue, path: JsonPath, value: Json | undefined): Finding {
  const field = path.at(-1);
  if (value === undefined && (issue.code === "invalid_type" || issue.code === "invalid_union" || issue.code === "invalid_value")) {
    return failure("missing-field", path, `${elementOf(path.slice(0, -1))} has no "${field}"`, `add "${field}"`);
  }
  const what = elementOf(path);
  switch (issue.code) {
    case "invalid_key":
      return failure(
        "bad-name",
        path,
        `"${field}" cannot be a name here: ${issue.issues[0]?.message ?? issue.message}`,
        "rename it",
        "key",
      );
    case "invalid_type":
      return failure("wrong-type", path, `${what} must be ${typeName(issue.expected)}, not ${nameOf(value)}`);
    case "invalid_union":
      return unionFinding(issue, path, value);
    case "invalid_value": {
      const values = issue.values.map((one) => JSON.stringify(one));
      return failure("wrong-value", path, `${what} must be ${oneOf(values)}, not ${shown(value)}`);
    }
    case "too_small":
      return failure("out-of-range", path, `${what} must ${bound(issue.origin, "at least", issue.minimum)}`);
    case "too_big":
      return failure("out-of-range", path, `${what} must ${bound(issue.origin, "at most", issue.maximum)}`);
    case "invalid_format":
      return failure("wrong-format", path, `${what} cannot be ${shown(value)}`, formatHint(issue));
    default:
      return failure("wrong-value", path, `${what} does not fit: ${issue.message}`);
  }
}

function unionFinding(issue: Extract<Issue, { code: "invalid_union" }>, path: JsonPath, value: Json | undefined): Finding {
  const options = "options" in issue && Array.isArray(issue.options) ? issue.options.map(String) : [];
  if (options.length > 0 && typeof value === "string") {
    return failure("unknown-kind", path, `${elementOf(path)} cannot be ${shown(value)}`, nearestHint(value, options, "known ones"));
  }
  const wanted = issue.errors.flat().map((inner) => {
    if (inner.code === "invalid_type") return typeName(inner.expected);
    if (inner.code === "invalid_value") return inner.values.map((one) => JSON.stringify(one)).join(" or ");
    return inner.code === "invalid_format" && "prefix" in inner ? `a text that begins with ${inner.prefix}` : inner.message;
  });
  const forms = [...new Set(wanted)];
  return failure(
    "wrong-type",
    path,
    `${elementOf(path)} must be ${forms.length > 0 ? oneOf(forms) : "of another form"}, not ${shown(value)}`,
  );
}

function formatHint(issue: Extract<Issue, { code: "invalid_format" }>): string {
  return "prefix" in issue ? `a text here begins with ${String(issue.prefix)}` : issue.message;
}

function bound(origin: string, word: string, limit: number | bigint): string {
  if (origin === "string") return `have ${word} ${limit} character${limit === 1 ? "" : "s"}`;
  if (origin === "array") return `have ${word} ${limit} element${limit === 1 ? "" : "s"}`;
  return `be ${word} ${limit}`;
}

const TYPE_NAMES: Record<string, string> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "an array",
  object: "an object",
  record: "an object",
  null: "null",
};

function typeName(expected: string): string {
  return Object.hasOwn(TYPE_NAMES, expected) ? (TYPE_NAMES[expected] ?? expected) : expected;
}

function nameOf(value: Json | undefined): string {
  if (value === null) return "null";
  return typeName(Array.isArray(value) ? "array" : typeof value);
}

function oneOf(forms: string[]): string {
  return forms.length < 2 ? (forms[0] ?? "") : `${forms.slice(0, -1).join(", ")} or ${forms.at(-1)}`;
}

function shown(value: Json | undefined): string {
  const text = JSON.stringify(value) ?? "nothing";
  return isJsonObject(value) || Array.isArray(value) || text.length > 60 ? nameOf(value) : text;
}

function valueAt(value: Json, path: JsonPath): Json | undefined {
  return path.reduce<Json | undefined>((inner, key) => memberOf(inner, key), value);
}
