/** The files of a net and the personas that it names, checked and handed to a running system. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { sentFiles } from "../../client/persona-files.ts";
import type { Broker } from "../../contract/broker.ts";
import { errorFromData, Terminal } from "../../contract/errors.ts";
import type { Json } from "../../contract/json.ts";
import { checkNetFile, formatProblem } from "../../net/check.ts";
import type { NetDefinition } from "../../net/definition.ts";
import { parsePersona } from "../../personas/check-persona.ts";

export interface By {
  user: string;
  roles: string[];
}

/** Reads and checks a net file. Throws Terminal `net-invalid` with every problem's place. */
export function readNet(file: string): { text: string; definition: NetDefinition } {
  const text = readFileSync(file, "utf8");
  const { definition, problems } = checkNetFile(text, file);
  if (!definition)
    throw new Terminal({
      code: "net-invalid",
      message: problems.map((problem) => formatProblem(problem)).join("\n"),
      hint: `petrel net check ${file}`,
    });
  return { text, definition };
}

/** Applies the personas that a net names, from a folder, and then the net. */
export async function applyTeam(broker: Broker, netFile: string, personaFolder: string, by: By): Promise<NetDefinition> {
  const { text, definition } = readNet(netFile);
  await applyPersonas(broker, definition, personaFolder, by);
  await asked(broker, null, "apply-net", { text, file: netFile, by: { ...by } });
  return definition;
}

/** Errors: Terminal `persona-missing`. */
export async function applyPersonas(broker: Broker, definition: NetDefinition, personaFolder: string, by: By): Promise<void> {
  const names = new Set(Object.values(definition.transitions).flatMap(({ persona }) => persona ?? []));
  for (const name of names) {
    const file = join(personaFolder, `${name}.json`);
    if (!existsSync(file))
      throw new Terminal({
        code: "persona-missing",
        message: `the net names the persona ${name}, and there is no ${file}`,
        hint: `petrel persona new ${name}`,
      });
    const persona = parsePersona(readFileSync(file, "utf8"), file, { exists: (path) => existsSync(join(dirname(file), path)) });
    const files = Object.fromEntries(persona.knowledge.map((path) => [path, readFileSync(join(dirname(file), path), "utf8")]));
    await asked(broker, null, "apply-persona", {
      persona: persona as unknown as Json,
      files: await sentFiles(broker, files),
      by: { ...by },
    });
  }
}

/** A command's value; its error is thrown. */
export async function asked(broker: Broker, net: string | null, verb: string, body: Json, timeoutMs = 30_000): Promise<Json> {
  const answer = await broker.commands.ask(net, verb, body, timeoutMs);
  if (!answer.ok) throw answer.error ? errorFromData(answer.error) : new Terminal({ code: "no-answer", message: `${verb} failed` });
  return answer.value ?? null;
}

/** Puts a token in; the same key is the same token. */
export async function putToken(
  broker: Broker,
  net: string,
  place: string,
  data: Json,
  token: string,
): Promise<{ id: string; seq: number }> {
  const answer = await broker.door.put(net, place, Buffer.from(JSON.stringify(data)), { token, timeoutMs: 30_000 });
  if (!answer.ok) throw errorFromData(answer.error);
  return { id: answer.id, seq: answer.seq };
}
