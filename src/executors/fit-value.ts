/**
 * What is too large for a message of the broker: its largest fields go to the masters as artefacts, and references stand in their place,
 * as the masters do it themselves with what is too large for a token.
 */
import type { Json } from "../contract/json.ts";
import type { SecretFilter } from "../contract/secret-forms.ts";
import type { ArtifactRef } from "../contract/token.ts";
import { cutLargeFields, sizeOf } from "../net/large-fields.ts";

/** Bytes of JSON that a result, or the answer to a tool call, may have in its message of at least 1 MiB. */
export const VALUE_LIMIT = 384 * 1024;

/** `store` lays bytes down. Secrets are taken out first: what is stored is then what the reference says. Errors: those of `store`. */
export async function fitValue(
  value: Json,
  filter: SecretFilter,
  store: (bytes: Uint8Array, type: string) => Promise<ArtifactRef>,
  limit = VALUE_LIMIT,
): Promise<Json> {
  if (sizeOf(value) <= limit) return value;
  const text = JSON.stringify(value);
  const { data, parts } = cutLargeFields(filter.has(text) ? (JSON.parse(filter.strip(text)) as Json) : value, limit);
  for (const { ref, bytes } of parts) await store(bytes, ref.type);
  return data;
}
