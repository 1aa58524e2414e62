/**
 * Artefacts as capabilities: one is read by whoever can read a token that names it, or has put it in this very firing.
 * A reference is as good as the artefact, so nobody writes one that it could not read: it would name it to itself.
 */
import type { Artifacts } from "../../contract/broker.ts";
import { Refused, Terminal } from "../../contract/errors.ts";
import { sha256 } from "../../contract/hash.ts";
import { isJsonObject, type Json } from "../../contract/json.ts";
import type { ArtifactRef } from "../../contract/token.ts";
import type { ArtifactHands } from "../../tools/hands.ts";

/** `visible`: the data of all tokens that the firing can read. `own`: what it has put itself, by id. */
export function artifactHands(artifacts: Artifacts, visible: () => Iterable<Json>, own: Map<string, ArtifactRef>): ArtifactHands {
  return {
    async get(id) {
      const ref = own.get(id) ?? namedIn(visible(), id);
      if (!ref) throw notNamed(id);
      const content = await artifacts.get(id);
      if (!content) throw new Terminal({ code: "artifact-gone", message: `the artefact ${id} is not in the store any more` });
      return { ref: { ...ref, sha256: sha256(content), size: content.byteLength }, content };
    },
    async put(content, type) {
      const ref = await artifacts.put(content, type);
      own.set(ref.$artifact, ref);
      return ref;
    },
  };
}

/** Throws Refused `artifact-not-named` where `data` refers to an artefact that is neither visible nor the firing's own. */
export function refuseForeignReferences(data: Json, visible: () => Iterable<Json>, own: ReadonlyMap<string, ArtifactRef>): void {
  for (const id of referencesIn(data)) if (!own.has(id) && !namedIn(visible(), id)) throw notNamed(id);
}

function* referencesIn(value: Json): Iterable<string> {
  if (typeof value !== "object" || value === null) return;
  if (isJsonObject(value) && typeof value.$artifact === "string") yield value.$artifact;
  for (const part of Object.values(value)) yield* referencesIn(part);
}

function notNamed(id: string): Refused {
  return new Refused({
    code: "artifact-not-named",
    message: `no token that this persona can read names the artefact ${id.slice(0, 100)}`,
    hint: "An artefact is read, and passed on, through a token that names it.",
  });
}

function namedIn(values: Iterable<Json>, id: string): ArtifactRef | null {
  for (const value of values) {
    const found = search(value, id);
    if (found) return found;
  }
  return null;
}

function search(value: Json, id: string): ArtifactRef | null {
  if (typeof value !== "object" || value === null) return null;
  if (isJsonObject(value) && value.$artifact === id) {
    return { $artifact: id, sha256: String(value.sha256 ?? ""), size: Number(value.size ?? 0), type: String(value.type ?? "") };
  }
  return namedIn(Object.values(value), id);
}
