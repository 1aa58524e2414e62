/**
 * Artefacts that nothing names any more. What counts as a name is the id itself, anywhere: in an event of any net that is kept, in a
 * checkpoint's tokens, in a persona's version, or inside another artefact that is JSON and is kept. Too much stays rather than too little.
 */
import type { Broker } from "../contract/broker.ts";
import { freeze } from "../net/frozen-state.ts";
import { stateText } from "../net/state-text.ts";
import { pastOf } from "./past.ts";

/** One that came just now may be named by an event to come: an executor brings results as long as it takes. */
const GRACE_MS = 24 * 3_600_000;
const ID = /[0-9a-f]{64}/g;

export interface Unnamed {
  id: string;
  size: number;
  /** When it was stored, ms since the epoch. */
  at: number;
}

/** Where the log of a net begins, or is about to begin: the entry, and the event that the checkpoint there stands behind. */
export interface Beginning {
  sequence: number;
  seq: number;
}

export async function unnamedArtifacts(broker: Broker, nets: Map<string, Beginning>, now: number): Promise<Unnamed[]> {
  // Listed first: what comes while the logs are read is not looked at.
  const all = new Map((await broker.artifacts.list()).map((one) => [one.id, one]));
  const named: string[] = [];
  const name = (text: string) => {
    for (const [id] of text.matchAll(ID)) {
      const known = all.get(id);
      if (!known) continue;
      all.delete(id);
      if (known.type === "application/json") named.push(id);
    }
  };
  for (const [net, beginning] of nets) await namesIn(broker, net, beginning, name);
  await namesInPersonas(broker, name);
  for (let id = named.pop(); id !== undefined; id = named.pop()) {
    const content = await broker.artifacts.get(id);
    if (content) name(new TextDecoder().decode(content));
  }
  return [...all.values()].filter(({ at }) => at < now - GRACE_MS).map(({ id, size, at }) => ({ id, size, at }));
}

/** Removes them, but for those that were stored again meanwhile. Gives what went. */
export async function sweepArtifacts(broker: Broker, unnamed: Unnamed[]): Promise<Unnamed[]> {
  const now = new Map((await broker.artifacts.list()).map(({ id, at }) => [id, at]));
  const gone = unnamed.filter(({ id, at }) => now.get(id) === at);
  for (const { id } of gone) await broker.artifacts.remove(id);
  return gone;
}

/** The knowledge of every version, old ones too: a log may come back to them. */
async function namesInPersonas({ personaVersions }: Broker, name: (text: string) => void): Promise<void> {
  for (const persona of await personaVersions.names())
    for (const { hash } of await personaVersions.list(persona)) name(JSON.stringify(await personaVersions.get(persona, hash)));
}

async function namesIn(broker: Broker, net: string, { sequence, seq }: Beginning, name: (text: string) => void): Promise<void> {
  await broker.log(net).read(
    sequence - 1,
    ({ events }) => {
      for (const event of events) name(JSON.stringify(event));
    },
    { epoch: 0 },
  );
  if (sequence <= 1) return;
  // What the cleared part had made and what was still there, stands in the state at the beginning.
  const { state } = await pastOf(broker, net, { kind: "event", seq });
  for (const piece of stateText(freeze(state))) name(piece);
}
