/**
 * What attempts remember. How much of something a net's firings may still do, whoever does it, is counted here as well: one owner, one clock.
 * What an attempt remembers for the attempts after it, wherever they run: that a person was told, that a build was begun. It lies beside the
 * log, since it is for the executor alone; it is stored before the executor hears that it is.
 */

import * as z from "zod";
import type { Room, RoomAnswer } from "../../contract/envelope.ts";
import { Terminal } from "../../contract/errors.ts";
import type { Json } from "../../contract/json.ts";
import type { KeyValue } from "../../contract/key-value.ts";

const LIFE_MS = 7 * 24 * 3_600_000;
const MOST_BYTES = 4096;
const MOST_TAKEN = 10_000;

export interface FiringMemory {
  recall(net: string, firing: string, name: string): Promise<Json>;
  /** Errors: Terminal `memory-unsound`, and of the store. */
  remember(net: string, firing: string, name: string, value: Json): Promise<void>;
  /** Takes room for a firing, once however often it asks. One asks after the other. */
  takeRoom(net: string, firing: string, name: string, room: Room, now: number): Promise<RoomAnswer>;
}
const takenSchema = z.array(z.tuple([z.number(), z.string()]));
/** Beside the firings of a net; no firing is called so. */
const ROOM = "room";

export function firingMemory(bucket: () => KeyValue): FiringMemory {
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const next = last.then(work, work);
    last = next.catch(() => {});
    return next;
  };
  return {
    takeRoom: (net, firing, name, room, now) =>
      inTurn(async () => {
        const key = keyOf(net, ROOM, name);
        const known = takenSchema.safeParse((await bucket().get(key))?.value ?? []).data ?? [];
        const { taken, answer } = roomIn(known, firing, room, now);
        if (taken) await bucket().put(key, taken, { ttlMs: LIFE_MS });
        return answer;
      }),
    recall: async (net, firing, name) => (await bucket().get(keyOf(net, firing, name)))?.value ?? null,
    remember: async (net, firing, name, value) => {
      if (Buffer.byteLength(JSON.stringify(value)) > MOST_BYTES)
        throw new Terminal({ code: "memory-unsound", message: `an attempt remembers at most ${MOST_BYTES} bytes under one name` });
      await bucket().put(keyOf(net, firing, name), value, { ttlMs: LIFE_MS });
    },
  };
}

/** `taken`: what is to be kept instead; null where nothing changes. Times are those of one clock, in milliseconds. */
export function roomIn(known: [number, string][], firing: string, { most, spanMs }: Room, now: number) {
  const inSpan = known.filter(([at]) => at > now - spanMs && at <= now);
  const free = (count: number): RoomAnswer => ({ free: true, taken: count, waitMs: 0 });
  if (inSpan.some(([, by]) => by === firing)) return { taken: null, answer: free(inSpan.length) };
  if (inSpan.length >= most) {
    const oldest = inSpan.at(-most)?.[0] ?? now;
    return { taken: null, answer: { free: false, taken: inSpan.length, waitMs: oldest + spanMs - now } satisfies RoomAnswer };
  }
  // Another span may be asked for next time.
  const kept = known.filter(([at]) => at > now - LIFE_MS && at <= now).slice(-MOST_TAKEN);
  return { taken: [...kept, [now, firing] as [number, string]], answer: free(inSpan.length + 1) };
}

function keyOf(net: string, firing: string, name: string): string {
  if (!/^[a-z][a-z0-9-]{0,39}$/.test(name))
    throw new Terminal({ code: "memory-unsound", message: `"${name}" is no word to remember something by` });
  return `${net}.${firing}.${name}`;
}
