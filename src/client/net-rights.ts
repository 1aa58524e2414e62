/** The positions of a running net's personas: what each may do where it stands. */
import type { Broker } from "../contract/broker.ts";
import { isJsonObject, type JsonObject } from "../contract/json.ts";
import { type CompiledNet, compileNet } from "../net/compiled-net.ts";
import type { NetDefinition } from "../net/definition.ts";
import { type Persona, personaSchema } from "../personas/persona-schema.ts";
import { type Position, positionsOf } from "../personas/rights-table.ts";
import { definitionAnswer, readAnswer } from "./answers.ts";
import { askNet } from "./ask.ts";

export interface NetRights {
  net: string;
  compiled: CompiledNet;
  positions: Position[];
}

/** Errors: Terminal `unknown-net`; those of asking. */
export async function runningRights(broker: Broker, net: string): Promise<NetRights & { personas: Map<string, Persona> }> {
  const answer = readAnswer(definitionAnswer, await askNet(broker, net, "definition"), "definition");
  const versions = isJsonObject(answer.personas as JsonObject) ? (answer.personas as JsonObject) : {};
  const personas = new Map<string, Persona>();
  for (const [name, version] of Object.entries(versions)) {
    const found = await broker.personaVersions.get(name, String(version));
    const parsed = personaSchema.safeParse(isJsonObject(found) ? found.persona : null);
    if (parsed.success) personas.set(name, parsed.data);
  }
  return { ...netRights(answer.definition as JsonObject, (name) => personas.get(name) ?? null), personas };
}

export function netRights(definition: JsonObject, personaOf: (name: string) => Persona | null): NetRights {
  const compiled = compileNet(definition as unknown as NetDefinition, "");
  return { net: String(definition.net), compiled, positions: positionsOf(compiled, personaOf) };
}
