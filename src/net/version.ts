/** The version of a definition: the hash of what it says. `$schema` is for editors and says nothing of the net. */
import { hashJson } from "../contract/hash.ts";
import type { NetDefinition } from "./definition.ts";

export function versionOf(definition: NetDefinition): string {
  const { $schema: _, ...net } = definition;
  return hashJson(net);
}
