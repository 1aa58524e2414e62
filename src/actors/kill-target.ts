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
  return only(name, [part, ...found.slice(1)]);
}

/** Throws Terminal `ambiguous-target`. */
function only(name: string, found: readonly [StoppedPart, ...StoppedPart[]]): KillTarget {
  const [part] = found;
  if (found.length === 1) return { part, name };
  const words = found.map((each) => (each === "executor" ? "an executor" : `a ${each}`));
  throw new Terminal({
    code: "ambiguous-target",
    message: `${name} is the name of ${words.join(" and of ")}`,
    hint: `add --kind ${part}, for example`,
  });
}

/** What is stopped under this name; null when nothing is. Errors: Terminal `ambiguous-target`. */
export function stoppedTarget({ stopped }: ControlState, name: string, kind: StoppedPart | undefined): KillTarget | null {
  const [part, ...more] = PARTS.filter((each) => (kind === undefined || each === kind) && stopped[each].includes(name));
  return part === undefined ? null : only(name, [part, ...more]);
}

async function namesOf({ ports, terms, personas }: MasterFace): Promise<Record<StoppedPart, string[]>> {
  const { broker } = ports;
  const inNets = [...terms.values()].flatMap(({ state }) => Object.keys(state.personas));
  const stored = await personas.stored(() => true);
  const executors = await broker.work.executors();
  // One that is away may be cut off and go on; it is stopped when it is heard again.
  const enrolled = (await broker.keyValue("enrolled").list(">")).map(({ key }) => key);
  return {
    net: await broker.nets(),
    persona: [...new Set([...inNets, ...stored.map(({ persona }) => persona.persona)])],
    executor: [...new Set([...executors.map(({ name }) => name), ...enrolled])],
  };
}
