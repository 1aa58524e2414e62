/** The knowledge files of a persona on their way to a master: in the request itself, or in parts where they would not fit into one. */
import type { Broker } from "../contract/broker.ts";
import { Terminal } from "../contract/errors.ts";
import { sha256 } from "../contract/hash.ts";
import { isJsonObject, type JsonObject } from "../contract/json.ts";
import { askRuntime } from "./ask.ts";

/** Well below the largest message of the broker, a MiB. */
const FITS = 512 * 1024;
const PART = 384 * 1024;

/** What stands under `files` of `apply-persona`. Errors: those of the master. */
export async function sentFiles(broker: Broker, files: Readonly<Record<string, string>>): Promise<JsonObject> {
  if (Buffer.byteLength(JSON.stringify(files)) <= FITS) return files;
  const sent: JsonObject = {};
  for (const [file, text] of Object.entries(files)) sent[file] = { artifact: await sentInParts(broker, Buffer.from(text)) };
  return sent;
}

async function sentInParts(broker: Broker, content: Buffer): Promise<string> {
  const hash = sha256(content);
  const parts = Math.max(1, Math.ceil(content.byteLength / PART));
  for (let part = 0; part < parts; part += 1) {
    const piece = content.subarray(part * PART, (part + 1) * PART).toString("base64");
    const answer = await askRuntime(broker, "knowledge-part", { sha256: hash, part, parts, content: piece });
    if (isJsonObject(answer) && typeof answer.artifact === "string") return answer.artifact;
  }
  throw new Terminal({ code: "knowledge-damaged", message: "a knowledge file did not come whole", hint: "apply it again" });
}
