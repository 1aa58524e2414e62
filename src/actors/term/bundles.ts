/**
 * Commits travel between executors as git bundles. In tokens a bundle is a reference into the artefact store; in an order
 * it is its base64 text, since an executor reads no store.
 */
import type { Artifacts } from "../../contract/broker.ts";
import { Terminal } from "../../contract/errors.ts";
import { isJsonObject, type Json } from "../../contract/json.ts";

const BUNDLE_TYPE = "application/x-git-bundle";

/** Every `bundle` that holds text goes into the store. */
export async function storeBundles(value: Json, artifacts: Artifacts): Promise<Json> {
  return mapBundles(value, async (bundle) =>
    typeof bundle === "string" && bundle !== "" ? { ...(await artifacts.put(Buffer.from(bundle, "base64"), BUNDLE_TYPE)) } : bundle,
  );
}

/** Every `bundle` that is a reference becomes text. Throws Terminal `artifact-missing`. */
export async function loadBundles(value: Json, artifacts: Artifacts): Promise<Json> {
  return mapBundles(value, async (bundle) => {
    if (!isJsonObject(bundle) || typeof bundle.$artifact !== "string") return bundle;
    const content = await artifacts.get(bundle.$artifact);
    if (!content)
      throw new Terminal({
        code: "artifact-missing",
        message: `the artefact ${bundle.$artifact} is gone`,
        hint: "restore the bucket petrel-artifacts",
      });
    return Buffer.from(content).toString("base64");
  });
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
