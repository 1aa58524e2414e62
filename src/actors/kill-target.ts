/** What a kill names: all, a net, a persona or an executor. */
import type { ControlState, StoppedPart } from "../contract/broker.ts";
import { Terminal } from "../contract/errors.ts";
import { nearestHint } from "../net/check-nearest.ts";
import type { MasterFace } from "./master-face.ts";

export interface KillTarget {
  part: StoppedPart;
  name: string;
}
const PARTS = ["net", "persona", "executor"] as const;

/** Null for all. Errors: Terminal `unknown-target`, `ambiguous-target`. */
export async function killTarget(master: MasterFace, name: string | undefined, kind: StoppedPart | undefined): Promise<KillTarget | null> {
  if (name === undefined || name === "all") return null;
  const known = await namesOf(master);
  const found = PARTS.filter((part) => (kind === undefined || part === kind) && known[part].includes(name));
  const [part] = found;
  if (part === undefined) {
    throw new Terminal({
      code: "unknown-target",
      message: `no ${kind ?? "net, persona or executor"} is called ${name}`,
      hint: nearestHint(name, kind ? known[kind] : PARTS.flatMap((each) => known[each]), "names"),
    });
  }
  if (found.length > 1) {
    throw new Terminal({
      code: "ambiguous-target",
      message: `${name} is the name of a ${found.join(" and of a ")}`,
      hint: `add --kind ${found[0]}, for example`,
    });
  }
  return { part, name };
}

/** What is stopped under this name; null when nothing is. */
export function stoppedTarget({ stopped }: ControlState, name: string, kind: StoppedPart | undefined): KillTarget | null {
  const part = PARTS.find((each) => (kind === undefined || each === kind) && stopped[each].includes(name));
  return part === undefined ? null : { part, name };
}

async function namesOf({ ports, terms, personas }: MasterFace): Promise<Record<StoppedPart, string[]>> {
  const { broker } = ports;
  const inNets = [...terms.values()].flatMap(({ state }) => Object.keys(state.personas));
  const stored = await personas.stored(() => true);
  const executors = await broker.work.executors();
  return {
    net: await broker.nets(),
    persona: [...new Set([...inNets, ...stored.map(({ persona }) => persona.persona)])],
    executor: executors.map(({ name }) => name),
  };
}
