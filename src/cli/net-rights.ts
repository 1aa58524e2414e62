/** The positions of a net's personas, read from files or from the running system. */
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { netRows, readAnswer } from "../client/answers.ts";
import { askRuntime } from "../client/ask.ts";
import { type NetRights, netRights, runningRights } from "../client/net-rights.ts";
import { personaSchema } from "../personas/persona-schema.ts";
import { fileProblems, readText } from "./read-file.ts";
import type { VerbCall } from "./verb.ts";

/** `net`: a net file, or the name of a running net. Errors: those of the checker; Terminal `unknown-net`. */
export function rightsOf(call: VerbCall, net: string): Promise<NetRights> {
  return net.endsWith(".json") ? ofFile(call, net) : call.withBroker((broker) => runningRights(broker, net));
}

export function rightsOfAll(call: VerbCall): Promise<NetRights[]> {
  return call.withBroker(async (broker) => {
    const rows = readAnswer(netRows, await askRuntime(broker, "nets"), "nets");
    return Promise.all(rows.filter(({ version }) => version !== "").map(({ net }) => runningRights(broker, net)));
  });
}

async function ofFile(call: VerbCall, file: string): Promise<NetRights> {
  const { cwd } = call.petrel;
  const checked = await call.petrel.checkNet(readText(cwd, file), file);
  if (!checked.ok) throw fileProblems(file, checked.problems);
  const folders = [join(dirname(resolve(cwd, file)), "..", "personas"), join(cwd, "personas")];
  return netRights(checked.definition, (name) => {
    const folder = folders.find((one) => existsSync(join(one, `${name}.json`)));
    const found: unknown = folder === undefined ? null : JSON.parse(readText(cwd, join(folder, `${name}.json`)));
    return personaSchema.safeParse(found).data ?? null;
  });
}
