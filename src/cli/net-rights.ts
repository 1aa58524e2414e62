/** The positions of a net's personas, read from files or from the running system. */
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { definitionAnswer, netRows, readAnswer } from "../client/answers.ts";
import { askNet, askRuntime } from "../client/ask.ts";
import type { Broker } from "../contract/broker.ts";
import { isJsonObject, type JsonObject } from "../contract/json.ts";
import { type CompiledNet, compileNet } from "../net/compiled-net.ts";
import type { NetDefinition } from "../net/definition.ts";
import { personaSchema } from "../personas/persona-schema.ts";
import { type Position, positionsOf } from "../personas/rights-table.ts";
import { fileProblems, readText } from "./read-file.ts";
import type { VerbCall } from "./verb.ts";

export interface NetRights {
  net: string;
  compiled: CompiledNet;
  positions: Position[];
}

/** `net`: a net file, or the name of a running net. Errors: those of the checker; Terminal `unknown-net`. */
export function rightsOf(call: VerbCall, net: string): Promise<NetRights> {
  return net.endsWith(".json") ? Promise.resolve(ofFile(call, net)) : call.withBroker((broker) => ofRunning(broker, net));
}

export function rightsOfAll(call: VerbCall): Promise<NetRights[]> {
  return call.withBroker(async (broker) => {
    const rows = readAnswer(netRows, await askRuntime(broker, "nets"), "nets");
    return Promise.all(rows.filter(({ version }) => version !== "").map(({ net }) => ofRunning(broker, net)));
  });
}

function ofFile(call: VerbCall, file: string): NetRights {
  const { cwd } = call.petrel;
  const checked = call.petrel.checkNet(readText(cwd, file), file);
  if (!checked.ok) throw fileProblems(file, checked.problems);
  const folders = [join(dirname(resolve(cwd, file)), "..", "personas"), join(cwd, "personas")];
  return rights(checked.definition, (name) => {
    const folder = folders.find((one) => existsSync(join(one, `${name}.json`)));
    return folder === undefined ? null : (JSON.parse(readText(cwd, join(folder, `${name}.json`))) as unknown);
  });
}

async function ofRunning(broker: Broker, net: string): Promise<NetRights> {
  const answer = readAnswer(definitionAnswer, await askNet(broker, net, "definition"), "definition");
  const versions = isJsonObject(answer.personas as JsonObject) ? (answer.personas as JsonObject) : {};
  const stored = new Map<string, unknown>();
  for (const [name, version] of Object.entries(versions)) {
    const found = await broker.personaVersions.get(name, String(version));
    if (isJsonObject(found)) stored.set(name, found.persona);
  }
  return rights(answer.definition as JsonObject, (name) => stored.get(name) ?? null);
}

function rights(definition: JsonObject, personaOf: (name: string) => unknown): NetRights {
  const compiled = compileNet(definition as unknown as NetDefinition, "");
  const known = (name: string) => {
    const parsed = personaSchema.safeParse(personaOf(name));
    return parsed.success ? parsed.data : null;
  };
  return { net: String(definition.net), compiled, positions: positionsOf(compiled, known) };
}
