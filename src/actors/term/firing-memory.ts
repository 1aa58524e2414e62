/**
 * What an attempt remembers for the attempts after it, wherever they run: that a person was told, that a build was begun. It lies beside the
 * log, since it is for the executor alone; it is stored before the executor hears that it is.
 */

import { Terminal } from "../../contract/errors.ts";
import type { Json } from "../../contract/json.ts";
import type { KeyValue } from "../../contract/key-value.ts";

const LIFE_MS = 7 * 24 * 3_600_000;
const MOST_BYTES = 4096;

export interface FiringMemory {
  recall(net: string, firing: string, name: string): Promise<Json>;
  /** Errors: Terminal `memory-unsound`, and of the store. */
  remember(net: string, firing: string, name: string, value: Json): Promise<void>;
}

export function firingMemory(bucket: () => KeyValue): FiringMemory {
  return {
    recall: async (net, firing, name) => (await bucket().get(keyOf(net, firing, name)))?.value ?? null,
    remember: async (net, firing, name, value) => {
      if (Buffer.byteLength(JSON.stringify(value)) > MOST_BYTES)
        throw new Terminal({ code: "memory-unsound", message: `an attempt remembers at most ${MOST_BYTES} bytes under one name` });
      await bucket().put(keyOf(net, firing, name), value, { ttlMs: LIFE_MS });
    },
  };
}

function keyOf(net: string, firing: string, name: string): string {
  if (!/^[a-z][a-z0-9-]{0,39}$/.test(name))
    throw new Terminal({ code: "memory-unsound", message: `"${name}" is no word to remember something by` });
  return `${net}.${firing}.${name}`;
}
