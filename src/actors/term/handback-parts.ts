/**
 * A bundle that is too large for one request comes in parts: each is an artefact of its own until the whole is one, and parts that
 * nobody puts together are swept away with all that no token names.
 */
import * as z from "zod";
import { Refused, Terminal } from "../../contract/errors.ts";
import { isJsonObject, type Json, type JsonObject } from "../../contract/json.ts";
import { TAKEN_OVER } from "../../net/built-in-places.ts";
import type { Term } from "./term.ts";

/** Bytes of a part, and of a bundle. */
export const PART_BYTES = 384 * 1024;
export const BUNDLE_BYTES = 64 * 1024 * 1024;
const PART_TYPE = "application/octet-stream";

const partBody = z.object({ id: z.string(), part: z.base64() });
const partsOf = z.object({ parts: z.array(z.string().regex(/^[0-9a-f]{64}$/)).max(Math.ceil(BUNDLE_BYTES / PART_BYTES)) });

/** `handback-part`: answers {part}, by which `handback` names it in `work.bundle.parts`. Throws Refused `not-taken-over`, Terminal `part-too-large`. */
export async function takePart(term: Term, body: unknown): Promise<Json> {
  const { id, part } = partBody.parse(body);
  if (!term.state.places.get(TAKEN_OVER)?.has(id))
    throw new Refused({
      code: "not-taken-over",
      message: `${id} is not taken over`,
      hint: `petrel trace ${id} --net ${term.state.net}`,
    });
  const bytes = Buffer.from(part, "base64");
  if (bytes.length > PART_BYTES) throw new Terminal({ code: "part-too-large", message: `a part has at most ${PART_BYTES} bytes` });
  return { part: (await term.ports.broker.artifacts.put(bytes, PART_TYPE)).$artifact };
}

/** The work with its bundle whole again, as base64 text. Throws Terminal `part-missing`. */
export async function putTogether(term: Term, work: JsonObject): Promise<JsonObject> {
  const { bundle = null } = work;
  if (!isJsonObject(bundle) || !("parts" in bundle)) return work;
  const contents: Uint8Array[] = [];
  for (const part of partsOf.parse(bundle).parts) {
    const content = await term.ports.broker.artifacts.get(part);
    if (!content)
      throw new Terminal({ code: "part-missing", message: `a part of the bundle did not come: ${part}`, hint: "hand it back again" });
    contents.push(content);
  }
  return { ...work, bundle: Buffer.concat(contents).toString("base64") };
}
