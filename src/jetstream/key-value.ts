/** Buckets of JSON documents: the key-value port on a stream. */

import type { Json } from "../contract/json.ts";
import type { KeyValue, StoredValue } from "../contract/key-value.ts";
import type { Serving } from "../contract/serving.ts";
import { Bucket } from "./bucket.ts";
import type { Keeping } from "./keeping.ts";
import type { Link } from "./link.ts";
import { persist } from "./retry.ts";
import type { StoredMessage } from "./stored-message.ts";
import { tail } from "./tail.ts";

export function jetStreamKeyValue(link: Link, name: string, keeping: Keeping, description: string): KeyValue {
  const bucket = new Bucket(link, name, { ...keeping, description, entryTtl: true });
  const prefix = bucket.subject("").length;
  const stored = ({ subject, data, seq }: StoredMessage): StoredValue[] => {
    const value = parsed(data);
    return value === undefined ? [] : [{ key: subject.slice(prefix), value, revision: seq }];
  };
  return {
    async get(key) {
      const message = await bucket.get(key);
      return message === null ? null : (stored(message)[0] ?? null);
    },
    // In a cluster, a write of somebody else that is under way is no answer yet.
    put: (key, value, how = {}) => persist(link, 5, () => bucket.put(key, JSON.stringify(value), how)),
    list: async (pattern) => (await bucket.list(pattern)).flatMap(stored),
    remove: (_, revision) => bucket.remove(revision),
    async watch(call): Promise<Serving> {
      const closing = new AbortController();
      const reading = (async () => {
        for await (const message of tail(link, bucket.stream, 0, bucket.subject(">"), closing.signal)) {
          if (message.header("KV-Operation") === "") stored(message).forEach(call);
        }
      })();
      return {
        stop: async () => {
          closing.abort();
          await reading;
        },
      };
    },
  };
}

/** Undefined for what somebody wrote there that is no JSON: it counts as absent. */
function parsed(data: Uint8Array): Json | undefined {
  try {
    return JSON.parse(new TextDecoder().decode(data)) as Json;
  } catch {
    return undefined;
  }
}
