/** Buckets of JSON documents of the in-memory broker. */
import type { Json } from "../../contract/json.ts";
import type { KeyValue, StoredValue } from "../../contract/key-value.ts";
import type { MemoryBucket } from "./bucket.ts";
import type { MemoryHub } from "./hub.ts";
import type { MemoryWire } from "./wire.ts";

export function memoryKeyValue(hub: MemoryHub, wire: MemoryWire, name: string): KeyValue {
  const bucket = (): MemoryBucket => {
    wire.check();
    return hub.bucket(name);
  };
  const find = (key: string): StoredValue | null => {
    const found = bucket().values.get(key);
    return found && found.until > hub.clock.now() ? { key, value: JSON.parse(found.text) as Json, revision: found.revision } : null;
  };
  const matching = (pattern: string) =>
    [...bucket().values.keys()].filter((key) => matches(pattern, key)).flatMap((key) => find(key) ?? []);
  return {
    get: async (key) => find(key),
    put: async (key, value, { expected, ttlMs } = {}) => {
      if (expected !== undefined && (find(key)?.revision ?? 0) !== expected) return null;
      const here = bucket();
      here.last += 1;
      const until = ttlMs === undefined ? Number.POSITIVE_INFINITY : hub.clock.now() + Math.max(1, Math.ceil(ttlMs / 1000)) * 1000;
      here.values.set(key, { text: JSON.stringify(value), revision: here.last, until });
      for (const call of [...here.watchers]) call({ key, value: structuredClone(value), revision: here.last });
      return here.last;
    },
    list: async (pattern) => matching(pattern),
    remove: async (key, revision) => {
      if (find(key)?.revision === revision) bucket().values.delete(key);
    },
    watch: async (call) => {
      const hear = (stored: StoredValue) => wire.up && call(stored);
      const here = bucket();
      for (const stored of matching(">")) call(stored);
      here.watchers.add(hear);
      return { stop: async () => void here.watchers.delete(hear) };
    },
  };
}

function matches(pattern: string, key: string): boolean {
  const [wanted, words] = [pattern.split("."), key.split(".")];
  if (wanted.at(-1) === ">")
    return words.length >= wanted.length && wanted.slice(0, -1).every((word, at) => word === "*" || word === words[at]);
  return words.length === wanted.length && wanted.every((word, at) => word === "*" || word === words[at]);
}
