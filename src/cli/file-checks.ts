/** The checkers of net and persona files as the verbs use them, and the schemas that ship. */
import type { JsonObject } from "../contract/json.ts";
import { configJsonSchema } from "../models/config.ts";
import { checkNetFile } from "../net/check.ts";
import { netJsonSchema } from "../net/file-schema.ts";
import { versionOf } from "../net/version.ts";
import { checkPersonaFile } from "../personas/check-persona.ts";
import { personaJsonSchema } from "../personas/persona-schema.ts";
import type { Checked, CheckedPersona } from "./doors.ts";

export function checkNetDoor(text: string, file: string): Checked {
  const { definition, problems } = checkNetFile(text, file);
  if (!definition || problems.some(({ severity }) => severity === "error")) return { ok: false, problems };
  return { ok: true, definition: definition as unknown as JsonObject, hash: versionOf(definition), warnings: problems };
}

export function checkPersonaDoor(text: string, file: string, exists: (path: string) => boolean): CheckedPersona {
  const { persona, problems } = checkPersonaFile(text, file, { exists });
  if (!persona || problems.some(({ severity }) => severity === "error")) return { ok: false, problems };
  return { ok: true, persona: persona as unknown as JsonObject, name: persona.persona, knowledge: persona.knowledge, warnings: problems };
}

export function schemaFiles(): Record<string, JsonObject> {
  return { "net.schema.json": netJsonSchema(), "persona.schema.json": personaJsonSchema(), "config.schema.json": configJsonSchema() };
}
