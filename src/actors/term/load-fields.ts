/**
 * The way back from the artefact store: what was cut out of a token because of its size is put in again where a model, a command or
 * a request is to read it. Tokens themselves keep their references, from step to step.
 */
import type { Artifacts } from "../../contract/broker.ts";
import { Terminal } from "../../contract/errors.ts";
import { isJsonObject, type Json } from "../../contract/json.ts";
import type { ArtifactRef } from "../../contract/token.ts";
import { hasCutFields, isCutField, TEXT_TYPE } from "../../net/large-fields.ts";
import type { BoundInput } from "../../net/routing.ts";

/** Bytes that are put back for one rendering, the small ones first; what is more stays a reference. */
const LOAD_LIMIT = 512 * 1024;
/** An order is one message of 1 MiB, which bundles of commits share. */
const ORDER_LOAD_LIMIT = 256 * 1024;

/** For orders: renders, and once more over whole inputs where references would show. Errors: Terminal `artifact-missing`, and of the store. */
export async function renderOrder<T extends Json>(
  inputs: BoundInput[],
  render: (inputs: BoundInput[]) => T,
  artifacts: Artifacts,
): Promise<T> {
  const rendered = render(inputs);
  if (!showsCutFields(rendered)) return rendered;
  return render(await wholeInputs(inputs, artifacts, ORDER_LOAD_LIMIT));
}

/** In a text a reference stands as JSON. */
export function showsCutFields(rendered: Json): boolean {
  if (typeof rendered === "string") return rendered.includes('{"$artifact":');
  if (Array.isArray(rendered)) return rendered.some(showsCutFields);
  return isJsonObject(rendered) && (isCutField(rendered) || Object.values(rendered).some(showsCutFields));
}

export async function wholeInputs(inputs: BoundInput[], artifacts: Artifacts, limit = LOAD_LIMIT): Promise<BoundInput[]> {
  const sizes = new Map<string, number>();
  for (const { tokens } of inputs) for (const { data } of tokens) gather(data, sizes);
  const found = new Map<string, Uint8Array>();
  let left = limit;
  for (const [id, size] of [...sizes].sort(([, a], [, b]) => a - b)) {
    if (size > left) break;
    const bytes = await artifacts.get(id);
    if (!bytes) {
      const hint = "restore the bucket petrel-artifacts";
      throw new Terminal({ code: "artifact-missing", message: `the artefact ${id} is gone`, hint });
    }
    // What a token from outside says of a size may be wrong.
    left -= bytes.length;
    if (left >= 0) found.set(id, bytes);
  }
  const whole = (data: Json) => (hasCutFields(data) ? putBack(data, found) : data);
  return inputs.map((input) => ({ ...input, tokens: input.tokens.map((token) => ({ ...token, data: whole(token.data) })) }));
}

function gather(value: Json, sizes: Map<string, number>): void {
  if (isCutField(value)) sizes.set(value.$artifact, value.size);
  else if (Array.isArray(value)) for (const item of value) gather(item, sizes);
  else if (isJsonObject(value)) for (const item of Object.values(value)) gather(item, sizes);
}

function putBack(value: Json, found: ReadonlyMap<string, Uint8Array>): Json {
  if (isCutField(value)) {
    const bytes = found.get(value.$artifact);
    if (!bytes) return value;
    return contentOf(value, bytes);
  }
  if (Array.isArray(value)) return value.map((item) => putBack(item, found));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, putBack(item, found)]));
}

function contentOf(reference: Json & ArtifactRef, bytes: Uint8Array): Json {
  const text = Buffer.from(bytes).toString("utf8");
  if (reference.type === TEXT_TYPE) return text;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return reference;
  }
}
