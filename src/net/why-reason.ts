/** A reason why something does not fire: a code for programs, words for people, and the figures that it stands on. */
import type { Json } from "../contract/json.ts";

export const WHY_CODES = [
  ...[
    "killed",
    "paused",
    "budget",
    "slots",
    "capacity",
    "link",
    "no-token",
    "reserved",
    "being-worked-out",
    "where",
    "guard",
    "reader-first",
  ],
  ...["rule", "already-read", "partial-group", "batch", "take", "inhibit", "delay", "schedule", "priority", "gate", "backoff", "claimed"],
  ...[
    "no-executor",
    "label-missing",
    "hand-missing",
    "disk-full",
    "executor-held-off",
    "waiting-for-executor",
    "waiting-for-model",
    "under-way",
    "nobody-takes",
    "sink",
    "gone",
    "other",
  ],
] as const;
export interface Reason {
  code: (typeof WHY_CODES)[number];
  text: string;
  transition?: string;
  place?: string;
  token?: string;
  firing?: string;
  /** ISO time from which it may go on. */
  until?: string;
  have?: number;
  want?: number;
  /** What the paths of a condition gave; null for one that leads nowhere. */
  values?: { [path: string]: Json };
  /** Labels that nobody of the pool has who is there. */
  missing?: string[];
  /** What to do about it. */
  command?: string;
}
