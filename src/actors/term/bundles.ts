/**
 * Commits travel between executors as git bundles. In tokens a bundle is a reference into the artefact store; in an order
 * it is its base64 text, since an executor reads no store.
 */
import type { Artifacts } from "../../contract/broker.ts";
import { Terminal } from "../../contract/errors.ts";
import { isJsonObject, type Json, type JsonObject } from "../../contract/json.ts";

const BUNDLE_TYPE = "application/x-git-bundle";
/** Bytes of a bundle that an order carries itself, and of all that it carries. */
const INLINE_BYTES = 36 * 1024;
const TOGETHER_BYTES = 288 * 1024;

/** Every `bundle` that holds text goes into the store. */
export async function storeBundles(value: Json, artifacts: Artifacts): Promise<Json> {
  return mapBundles(value, async (bundle) =>
    typeof bundle === "string" && bundle !== "" ? { ...(await artifacts.put(Buffer.from(bundle, "base64"), BUNDLE_TYPE)) } : bundle,
  );
}

/**
 * Every `bundle` that is a reference becomes text, the small ones first and as long as they are small enough for an order together; the
 * others stay references, which the executor asks for. Throws Terminal `artifact-missing`.
 */
export async function loadBundles(value: Json, artifacts: Artifacts): Promise<Json> {
  const sizes = new Map<string, number>();
  await mapBundles(value, async (bundle) => {
    if (isReference(bundle)) sizes.set(bundle.$artifact, typeof bundle.size === "number" ? bundle.size : INLINE_BYTES);
    return bundle;
  });
  const loaded = new Map<string, string>();
  let left = TOGETHER_BYTES;
  for (const [id, size] of [...sizes].sort(([, a], [, b]) => a - b)) {
    if (size > INLINE_BYTES || size > left) break;
    const content = await artifacts.get(id);
    if (!content)
      throw new Terminal({ code: "artifact-missing", message: `the artefact ${id} is gone`, hint: "restore the bucket petrel-artifacts" });
    // What a token from outside says of a size may be wrong.
    left -= content.length;
    if (left >= 0) loaded.set(id, Buffer.from(content).toString("base64"));
  }
  return mapBundles(value, async (bundle) => (isReference(bundle) ? (loaded.get(bundle.$artifact) ?? bundle) : bundle));
}

function isReference(bundle: Json): bundle is JsonObject & { $artifact: string } {
  return isJsonObject(bundle) && typeof bundle.$artifact === "string";
}

async function mapBundles(value: Json, change: (bundle: Json) => Promise<Json>): Promise<Json> {
  if (Array.isArray(value)) return Promise.all(value.map((item) => mapBundles(item, change)));
  if (!isJsonObject(value)) return value;
  const entries = await Promise.all(
    Object.entries(value).map(
      async ([key, item]): Promise<[string, Json]> => [key, key === "bundle" ? await change(item) : await mapBundles(item, change)],
    ),
  );
  return Object.fromEntries(entries);
}
