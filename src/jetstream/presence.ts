/** Which executors are there: their heartbeats, and a memory bucket for those who have just connected. Liveness only. */

import { isoTime, type Timer } from "../contract/clock.ts";
import type { ExecutorPresence } from "../contract/envelope.ts";
import { isJsonObject, type Json } from "../contract/json.ts";
import type { KeyValue } from "../contract/key-value.ts";
import type { Serving } from "../contract/serving.ts";
import { buckets, subjects } from "../contract/subjects.ts";
import { lastToken } from "./answering.ts";
import { Bucket } from "./bucket.ts";
import type { Enrolments } from "./enrolments.ts";
import type { Keeping } from "./keeping.ts";
import type { Link } from "./link.ts";
import { presenceOf } from "./presence-shape.ts";

/** Milliseconds between two heartbeats of an executor. */
export const HEARTBEAT_MS = 2000;
const MISSED = 3;
const LOOK_MS = 500;

type Call = (presence: ExecutorPresence | { name: string; gone: true; left?: true }) => void;

export class Presence {
  readonly #link: Link;
  readonly #bucket: Bucket;
  readonly #seen = new Map<string, { presence: ExecutorPresence; at: number }>();
  readonly #calls = new Set<Call>();
  #hearing: Serving | null = null;
  #timer: Timer | null = null;
  /** Since when the wire has been up: during an own outage nobody has missed a heartbeat. */
  #upSince: number;

  readonly #enrolments: Enrolments;

  readonly #held: () => KeyValue;

  constructor(link: Link, keeping: Keeping, { enrolments, held }: { enrolments: Enrolments; held: () => KeyValue }) {
    this.#link = link;
    this.#held = held;
    this.#enrolments = enrolments;
    this.#upSince = link.clock.now();
    this.#bucket = new Bucket(link, buckets.executors, {
      ...keeping,
      description: "Executors that were heard of in the last seconds",
      maxAgeMs: HEARTBEAT_MS * (MISSED + 1),
    });
    link.onConnection((state) => {
      if (state === "up") this.#upSince = link.clock.now();
    });
  }

  /** What each was enrolled for is known first. */
  async listen(call: Call): Promise<Serving> {
    await this.#enrolments.open();
    this.#calls.add(call);
    this.#hear();
    for (const { presence } of this.#seen.values()) call(this.#enrolments.bound(presence));
    return {
      stop: async () => {
        this.#calls.delete(call);
        if (this.#calls.size === 0) await this.stop();
      },
    };
  }

  /** Those heard here, and those whom another master heard. */
  async all(): Promise<ExecutorPresence[]> {
    await this.#enrolments.open();
    const found = new Map<string, ExecutorPresence>();
    for (const message of await this.#bucket.list(">")) {
      const presence = presenceOf(message.data);
      if (presence) found.set(presence.name, { ...presence, heard: message.time });
    }
    for (const { presence, at } of this.#seen.values()) found.set(presence.name, { ...presence, heard: isoTime(at) });
    const held = await this.#heldNow();
    const bound = [...found.values()]
      .filter((one) => !hasLeft(one))
      .map(({ heldOff: _, ...presence }) => ({ ...this.#enrolments.bound(presence), ...held.get(presence.name) }));
    return bound.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async tellHeld(executor: string, hold: { lapsed: number; until: string }): Promise<void> {
    const ttlMs = Date.parse(hold.until) - this.#link.clock.now();
    if (ttlMs > 0) await this.#held().put(executor, hold, { ttlMs });
  }

  /** An entry may outlive its time by the second to which lives are rounded. */
  async #heldNow(): Promise<Map<string, { heldOff: string }>> {
    const now = this.#link.clock.now();
    const stored = await this.#held().list(">");
    const found = stored.map(({ key, value }) => [key, { heldOff: heldUntil(value) }] as const);
    return new Map(found.filter(([, { heldOff }]) => Date.parse(heldOff) > now));
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = null;
    await this.#hearing?.stop();
    this.#hearing = null;
  }

  #hear(): void {
    if (this.#hearing) return;
    this.#hearing = this.#link.subscribe(subjects.heartbeatAll(), (msg) => {
      const presence = presenceOf(msg.data);
      // The subject is what the broker's permissions guard, so it says who speaks.
      if (presence?.name !== lastToken(msg.subject)) return;
      if (hasLeft(presence)) this.#gone(presence.name, true);
      else {
        this.#seen.set(presence.name, { presence, at: this.#link.clock.now() });
        for (const call of [...this.#calls]) call(this.#enrolments.bound(presence));
      }
      void this.#bucket.put(presence.name, new TextEncoder().encode(JSON.stringify(presence))).catch(() => undefined);
    });
    this.#look();
  }

  #look(): void {
    this.#timer = this.#link.clock.after(LOOK_MS, () => {
      const limit = this.#link.clock.now() - HEARTBEAT_MS * MISSED - LOOK_MS;
      if (this.#link.up && this.#upSince < limit) {
        for (const [name, { at }] of this.#seen) if (at < limit) this.#gone(name);
      }
      this.#look();
    });
  }

  #gone(name: string, left = false): void {
    this.#seen.delete(name);
    for (const call of [...this.#calls]) call({ name, gone: true, ...(left ? { left: true } : {}) });
  }
}

function heldUntil(value: Json): string {
  const until = isJsonObject(value) ? value.until : null;
  return typeof until === "string" ? until : "";
}

/** It said so itself, and nothing of its is under way. */
function hasLeft({ leaving, busy }: ExecutorPresence): boolean {
  return leaving === true && busy === 0;
}
