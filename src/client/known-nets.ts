/** Which nets there are: told apart are one that nobody serves, one whose log is lost or damaged, and one that never was. */
import type { Broker } from "../contract/broker.ts";
import { type PetrelError, Terminal } from "../contract/errors.ts";
import { logBackHint, streams } from "../contract/subjects.ts";
import { nearestHint } from "../net/check-nearest.ts";
import { readAnswer, statusAnswer } from "./answers.ts";

/** A net that is there and that no master can open. */
export interface ClosedNet {
  net: string;
  problem: string;
  hint?: string;
}

/** Nothing where no master answers: nobody has tried to open them. */
export async function closedNets(broker: Broker): Promise<ClosedNet[]> {
  return ((await statusOf(broker)) ?? []).flatMap((row) => closedOf(row) ?? []);
}

/** Those that cannot be opened, and how many nobody has opened yet; 1 where no master answers. */
export async function openedNets(broker: Broker): Promise<{ closed: ClosedNet[]; waiting: number }> {
  const rows = await statusOf(broker);
  if (rows === null) return { closed: [], waiting: 1 };
  const waiting = rows.filter(({ owner, stalled }) => owner === null && stalled === undefined).length;
  return { closed: rows.flatMap((row) => closedOf(row) ?? []), waiting };
}

export function closedError({ net, problem, hint }: ClosedNet): Terminal {
  const message = `the net ${net} cannot be opened: ${problem}`;
  return new Terminal({ code: "net-closed", message, hint: hint ?? "petrel doctor" });
}

/** Whether a net has a log at all: reading the log of a misspelt name would wait for nothing. Throws Terminal `unknown-net`, `net-closed`. */
export async function noSuchNet(broker: Broker, net: string): Promise<void> {
  const nets = await broker.nets();
  if (nets.includes(net)) return;
  const closed = (await closedNets(broker)).find((each) => each.net === net);
  if (closed) throw closedError(closed);
  throw await unheardOf(broker, net, nets);
}

/** What to say of a net whose owner does not answer with `error`: Terminal `net-closed` or `unknown-net`, or that error itself. */
export async function unserved(broker: Broker, net: string, error: PetrelError): Promise<PetrelError> {
  const rows = await statusOf(broker);
  if (rows === null) return error;
  const row = rows.find((each) => each.net === net);
  if (!row) {
    const names = rows.map((each) => each.net);
    return await unheardOf(broker, net, names).catch(() => error);
  }
  const closed = closedOf(row);
  return closed ? closedError(closed) : error;
}

/** A net of which nobody has a log: one that was there has definitions, also where no master has tried to open it. */
async function unheardOf(broker: Broker, net: string, names: string[]): Promise<Terminal> {
  if ((await broker.netVersions.list(net)).length === 0) return unknownNet(net, names);
  const problem = `definitions of it exist, but there is no stream ${streams.log(net)}`;
  return closedError({ net, problem, hint: logBackHint(net) });
}

function unknownNet(net: string, names: string[]): Terminal {
  const hint =
    names.length === 0 ? "apply one: petrel net apply nets/safe-teams.json" : `${nearestHint(net, names, "nets")} (petrel net ls)`;
  return new Terminal({ code: "unknown-net", message: `no net is called ${net}`, hint });
}

type StatusRow = ReturnType<typeof statusAnswer.parse>["nets"][number];

function closedOf({ net, owner, stalled, hint }: StatusRow): ClosedNet | null {
  if (owner !== null || stalled === undefined) return null;
  return { net, problem: stalled, ...(hint === undefined ? {} : { hint }) };
}

/** Null where no master answers, or one of another version. */
async function statusOf(broker: Broker): Promise<StatusRow[] | null> {
  try {
    const answer = await broker.commands.ask(null, "status", {});
    return answer.ok ? readAnswer(statusAnswer, answer.value ?? null, "status").nets : null;
  } catch {
    return null;
  }
}
