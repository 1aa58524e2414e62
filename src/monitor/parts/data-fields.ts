/** The fields of a form: from the JSON Schema of a place, and from what stands in the data beside it. Pure. */
import { isJsonObject, type Json, type JsonObject } from "../../contract/json.ts";

export interface Field {
  name: string;
  title: string;
  description: string | null;
  kind: "text" | "long" | "number" | "boolean" | "choice" | "lines" | "object" | "json";
  /** As the schema has them. */
  options: Json[];
  required: boolean;
  schema: JsonObject;
  /** What the browser checks while it is typed: attributes of an input. */
  limits: { min?: number; max?: number; step?: number | "any"; minLength?: number; maxLength?: number; type?: string };
}
const LONG = 80;

export function fieldsOf(data: JsonObject, schema: Json | undefined): Field[] {
  const properties = isJsonObject(schema) && isJsonObject(schema.properties) ? schema.properties : {};
  const required = isJsonObject(schema) && Array.isArray(schema.required) ? schema.required.map(String) : [];
  const names = [...new Set([...Object.keys(properties), ...Object.keys(data)])];
  return names.map((name) => {
    const about = isJsonObject(properties[name]) ? properties[name] : {};
    const kind = kindOf(data[name], about);
    return {
      ...{ name, kind, schema: about, required: required.includes(name) || !(name in properties) },
      title: typeof about.title === "string" ? about.title : name,
      description: typeof about.description === "string" ? about.description : null,
      options: Array.isArray(about.enum) ? about.enum : [],
      limits: limitsOf(kind, about, data[name]),
    };
  });
}

function kindOf(value: Json | undefined, about: JsonObject): Field["kind"] {
  if (Array.isArray(about.enum) && about.enum.length > 0) return "choice";
  const type = typeof about.type === "string" ? about.type : typeOf(value);
  const fits = value === undefined || typeOf(value) === (type === "integer" ? "number" : type);
  if (!fits) return "json";
  if (type === "boolean") return "boolean";
  if (type === "number" || type === "integer") return "number";
  if (type === "string") return typeof value === "string" && (value.length > LONG || value.includes("\n")) ? "long" : "text";
  if (type === "object")
    return isJsonObject(about.properties) || (isJsonObject(value) && Object.keys(value).length > 0) ? "object" : "json";
  return type === "array" && areLines(value, about) ? "lines" : "json";
}

function typeOf(value: Json | undefined): string {
  if (value === undefined) return "string";
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

function areLines(value: Json | undefined, { items }: JsonObject): boolean {
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return isJsonObject(items) && items.type === "string";
  return Array.isArray(value) && value.every((one) => typeof one === "string" && one !== "" && !one.includes("\n"));
}

const DATE = /^\d{4}-\d{2}-\d{2}$/;
const INPUTS: Readonly<Record<string, string>> = { email: "email", uri: "url" };

function limitsOf(kind: Field["kind"], about: JsonObject, value: Json | undefined): Field["limits"] {
  const number = (name: string) => (typeof about[name] === "number" ? about[name] : undefined);
  const given = (limits: Record<string, number | string | undefined>) =>
    Object.fromEntries(Object.entries(limits).filter(([, limit]) => limit !== undefined)) as Field["limits"];
  if (kind === "number")
    return given({ min: number("minimum"), max: number("maximum"), step: about.type === "integer" ? (number("multipleOf") ?? 1) : "any" });
  if (kind !== "text" && kind !== "long") return {};
  const format = typeof about.format === "string" ? about.format : "";
  // A day that is written otherwise would not be shown at all.
  const isDay = format === "date" && (value === undefined || (typeof value === "string" && DATE.test(value)));
  const type = isDay ? "date" : INPUTS[format];
  return given({ minLength: number("minLength"), maxLength: number("maxLength"), type: kind === "text" ? type : undefined });
}
