/**
 * The canonical form of a request: what makes two requests the same question, and the key of its recording.
 * In: persona, tier, prompt, conversation, names of the tools, the forced tool. Out: model, limits, temperature, schemas of the
 * tools (what they accept is checked when they are called), opaque blocks, and all that `normalise-text.ts` names.
 */
import { sha256 } from "../contract/hash.ts";
import { canonicalJson, isJsonObject, type Json, type JsonObject } from "../contract/json.ts";
import { mapFences } from "./fence.ts";
import { normaliseText } from "./normalise-text.ts";
import type { Block, ModelRequest } from "./port.ts";
import { type Redact, redactor } from "./redact.ts";

export interface CanonicalOptions {
  /** Folders of this run whose paths become relative. */
  roots?: readonly string[];
  redact?: Redact;
}

export interface CanonicalRequest extends JsonObject {
  persona: string;
  tier: string;
  system: string;
  messages: JsonObject[];
  tools: string[];
}

const NO_SECRETS = redactor();

export function canonicalRequest(request: ModelRequest, options: CanonicalOptions = {}): CanonicalRequest {
  const redact = options.redact ?? NO_SECRETS;
  const plain = (text: string) => normaliseText(redact(text), options.roots);
  const value = (json: Json) => canonicalValue(json, plain);
  // Call ids are numbered by their first appearance: providers make them up anew each time.
  const ids = new Map<string, string>();
  const callId = (id: string) => {
    const known = ids.get(id) ?? `call-${ids.size + 1}`;
    ids.set(id, known);
    return known;
  };
  const block = (from: Block): JsonObject[] => {
    if (from.type === "text") return [{ type: "text", text: canonicalText(from.text, plain) }];
    if (from.type === "tool-call") return [{ type: "tool-call", id: callId(from.id), name: from.name, input: value(from.input) }];
    if (from.type === "opaque") return [];
    const result: JsonObject = { type: "tool-result", id: callId(from.id), output: value(withoutRawOutput(from.output)) };
    return [from.isError ? { ...result, isError: true } : result];
  };
  return {
    persona: request.persona,
    tier: request.tier,
    system: canonicalText(request.system, plain),
    messages: request.messages.map((message) => ({ role: message.role, content: message.content.flatMap(block) })),
    tools: request.tools.map((tool) => tool.name).sort(),
    ...(request.toolChoice === undefined ? {} : { toolChoice: request.toolChoice }),
  };
}

export function requestKey(canonical: CanonicalRequest): string {
  return sha256(canonicalJson(canonical));
}

/** Fenced data is JSON: its lists of objects come in the order in which parallel work ended, so they are sorted. */
function canonicalText(text: string, plain: (text: string) => string): string {
  return plain(mapFences(text, (data) => canonicalJson(canonicalValue(data, plain))));
}

const TIMING = /(?:duration|elapsed|took)|(?:Ms|_ms)$/i;

function canonicalValue(json: Json, plain: (text: string) => string): Json {
  if (typeof json === "string") return plain(json);
  if (typeof json !== "object" || json === null) return json;
  if (Array.isArray(json)) {
    const items = json.map((item) => canonicalValue(item, plain));
    const objects = items.length > 1 && items.every((item) => typeof item === "object" && item !== null && !Array.isArray(item));
    return objects
      ? items
          .map((item) => ({ item, text: canonicalJson(item) }))
          .sort(byText)
          .map(({ item }) => item)
      : items;
  }
  return Object.fromEntries(
    Object.entries(json).map(([key, item]) => [
      plain(key),
      typeof item === "number" && TIMING.test(key) ? "<duration>" : canonicalValue(item, plain),
    ]),
  );
}

function byText(a: { text: string }, b: { text: string }): number {
  return a.text < b.text ? -1 : a.text > b.text ? 1 : 0;
}

const RAW = new Set(["stdout", "stderr", "output", "log", "tail"]);

/**
 * Of a process that ran, the exit code and what was parsed from its output are the answer; the wording of its output and of
 * its failures is its version's.
 */
function withoutRawOutput(output: Json): Json {
  if (!isJsonObject(output) || !("exitCode" in output)) return output;
  return Object.fromEntries(
    Object.entries(output).map(([key, item]) => {
      if (RAW.has(key) && typeof item === "string") return [key, "<output>"];
      if (key !== "failing" || !Array.isArray(item)) return [key, item];
      return [key, item.map((test) => (isJsonObject(test) && typeof test.name === "string" ? { name: test.name } : test))];
    }),
  );
}
