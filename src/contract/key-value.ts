/** A bucket of small JSON documents on the broker, that all masters and gateways share. */

import type { Json } from "./json.ts";
import type { Serving } from "./serving.ts";

export interface StoredValue {
  /** Words of `[A-Za-z0-9_-]` with dots between. */
  key: string;
  value: Json;
  /** Rises with every write in the bucket; names this very value. */
  revision: number;
}

export interface KeyValue {
  /** As the leader has it. */
  get(key: string): Promise<StoredValue | null>;
  /**
   * With `expected`, written only while the key's newest revision is that one (0: no value); null when it is not. `ttlMs`: how long the
   * value lives, in whole seconds, at least one. Returns the new revision.
   */
  put(key: string, value: Json, how?: { expected?: number; ttlMs?: number }): Promise<number | null>;
  /** Values of all keys that match; `*` stands for one word, `>` for all that follow. */
  list(pattern: string): Promise<StoredValue[]>;
  /** Removes this revision; a newer value stays. Watchers are not told: what must be heard is written, not removed. */
  remove(key: string, revision: number): Promise<void>;
  /** Calls with every value that is there and every one that is written from now on. */
  watch(call: (stored: StoredValue) => void): Promise<Serving>;
}
