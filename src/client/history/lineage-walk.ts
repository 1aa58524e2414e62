/**
 * The steps that led to a token and those that came of it, out of a log of any length: back from the event that made it, a window
 * of entries at a time, and then forward to the end. Only what belongs to the lineage is kept, ids and numbers of events.
 *
 * N1 What a step used was made before it: when all that is wanted has been found, nothing further back belongs to it. N2 All
 * events of a firing stand behind the making of what it used. N3 A late result may be ignored long after its firing is over.
 */
import type { Broker, LogEntry } from "../../contract/broker.ts";
import type { NetEvent } from "../../contract/event.ts";
import type { FoundToken } from "./find-token.ts";
import { LineageIndex } from "./lineage-index.ts";

/** Entries read at once on the way back. */
const WINDOW = 256;

/** What of an event the index wants. */
type Light = Pick<NetEvent, "seq" | "firing" | "consumed" | "read"> & { made: string[] };

export async function walkLineage(broker: Broker, found: FoundToken): Promise<LineageIndex> {
  const back = await walkBack(broker, found);
  const ahead = await walkAhead(broker, found, back.firings);
  const events = new Map([...back.events, ...ahead].map((event) => [event.seq, event]));
  const index = new LineageIndex();
  for (const event of [...events.values()].sort((a, b) => a.seq - b.seq)) index.take(event);
  return index;
}

async function walkBack(broker: Broker, { net, id, made, epochs }: FoundToken): Promise<{ events: Light[]; firings: Set<string> }> {
  const { first } = await broker.log(net).bounds();
  const events: Light[] = [];
  const firings = new Set<string>();
  const wanted = new Set([id]);
  const asked = new Set([id]);
  /** N3. */
  const ignored: Light[] = [];
  for (let end = made.sequence; end >= first && wanted.size > 0; end -= WINDOW) {
    const window: LogEntry[] = [];
    const after = Math.max(first - 1, end - WINDOW);
    const epoch = epochs.findLast(({ sequence }) => sequence <= after)?.epoch ?? 0;
    await broker.log(net).read(after, (entry) => window.push(entry), { upTo: end, epoch });
    for (const event of window.flatMap((entry) => entry.events).reverse()) {
      // N1.
      if (event.seq > made.seq || wanted.size === 0) continue;
      const makes = (event.produced ?? []).filter(({ token }) => wanted.has(token.id));
      const isOf = event.firing !== undefined && firings.has(event.firing);
      if (event.type === "ignored" && !isOf) ignored.push(light(event));
      if (makes.length === 0 && !isOf) continue;
      if (event.firing !== undefined) firings.add(event.firing);
      for (const { token } of makes) wanted.delete(token.id);
      events.push(light(event));
      for (const { id: used } of [...(event.consumed ?? []), ...(event.read ?? [])]) {
        if (!asked.has(used)) wanted.add(used);
        asked.add(used);
      }
    }
  }
  return { events: [...events, ...ignored.filter(({ firing }) => firing !== undefined && firings.has(firing))], firings };
}

async function walkAhead(broker: Broker, { net, id, made, epochs }: FoundToken, before: Set<string>): Promise<Light[]> {
  const events: Light[] = [];
  const tokens = new Set([id]);
  const firings = new Set<string>();
  const after = made.sequence - 1;
  const epoch = epochs.findLast(({ sequence }) => sequence <= after)?.epoch ?? 0;
  await broker.log(net).read(
    after,
    (entry) => {
      for (const event of entry.events) {
        if (event.seq <= made.seq) continue;
        const { firing } = event;
        const isLate = event.type === "ignored" && firing !== undefined && before.has(firing);
        const uses = [...(event.consumed ?? []), ...(event.read ?? [])].some((one) => tokens.has(one.id));
        if (!isLate && !uses && (firing === undefined || !firings.has(firing))) continue;
        if (firing !== undefined && !isLate) firings.add(firing);
        for (const { token } of event.produced ?? []) tokens.add(token.id);
        events.push(light(event));
      }
    },
    { epoch },
  );
  return events;
}

function light({ seq, firing, consumed = [], read = [], produced = [] }: NetEvent): Light {
  return { seq, ...(firing === undefined ? {} : { firing }), consumed, read, made: produced.map(({ token }) => token.id) };
}
