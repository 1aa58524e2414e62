/** Spans as OpenTelemetry knows them, and the JSON of OTLP over HTTP (opentelemetry-proto 1.x). Pure. */
import type { Json, JsonObject } from "../../contract/json.ts";

export type Attributes = Record<string, string | number | boolean | string[] | undefined>;
export interface Span {
  traceId: string;
  spanId: string;
  parentSpanId: string | null;
  name: string;
  kind: "internal" | "client";
  /** ms since the epoch. */
  from: number;
  to: number;
  attributes: Attributes;
  /** A sentence where it failed. */
  error: string | null;
}

const KINDS = { internal: 1, client: 3 } as const;
const SCOPE = "petrel";
/** Names of attributes are those of this version of the conventions. */
const SCHEMA = "https://opentelemetry.io/schemas/1.41.0";

export function otlpJson(spans: readonly Span[], resource: Attributes): JsonObject {
  return {
    resourceSpans: [
      {
        resource: { attributes: attributesJson(resource) },
        scopeSpans: [{ scope: { name: SCOPE }, spans: spans.map(spanJson), schemaUrl: SCHEMA }],
      },
    ],
  };
}

function spanJson({ traceId, spanId, parentSpanId, name, kind, from, to, attributes, error }: Span): JsonObject {
  return {
    traceId,
    spanId,
    ...(parentSpanId === null ? {} : { parentSpanId }),
    name,
    kind: KINDS[kind],
    startTimeUnixNano: nanos(from),
    endTimeUnixNano: nanos(Math.max(from, to)),
    attributes: attributesJson(attributes),
    // Unset where nothing failed: "ok" is for people who overrule what their tools say.
    status: error === null ? {} : { code: 2, message: error },
  };
}

const nanos = (ms: number): string => `${BigInt(Math.round(ms)) * 1_000_000n}`;

function attributesJson(attributes: Attributes): JsonObject[] {
  return Object.entries(attributes).flatMap(([key, value]) => (value === undefined ? [] : [{ key, value: valueJson(value) }]));
}

function valueJson(value: string | number | boolean | string[]): Json {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (Array.isArray(value)) return { arrayValue: { values: value.map((one) => ({ stringValue: one })) } };
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}
