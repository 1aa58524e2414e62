/** What a bucket of the in-memory broker holds. */
import type { StoredValue } from "../../contract/key-value.ts";

export interface MemoryBucket {
  last: number;
  values: Map<string, { text: string; revision: number; until: number }>;
  watchers: Set<(stored: StoredValue) => void>;
}
