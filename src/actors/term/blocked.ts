/**
 * Work that no executor which is there could do.
 * B1 What needs labels or a hand that nobody has is not offered, and is offered as soon as somebody comes who does. While nobody of the
 *    pool is there at all, what needs no labels is offered.
 * B2 It is said on the event line, once for each attempt and each lack.
 * B3 At the beginning of a term nobody has been heard yet: until heartbeats had their time, everything is offered, and executors
 *    that lack a label leave the offer to others.
 * B4 An executor whose disk is full is told on the event line of the nets that have work for it, a minute apart at least, and that it has
 *    room again; what only it could do waits like what nobody could (B1).
 */
import type { Clock } from "../../contract/clock.ts";
import type { ExecutorPresence } from "../../contract/envelope.ts";
import type { EventDraft } from "../../contract/event.ts";
import { type Missing, missingFor, missingText, type Needs, suits } from "../../net/executor-match.ts";
import type { NetState, OpenFiring } from "../../net/state.ts";

/** Two heartbeats and a bit. */
const HEARD_MS = 4500;
const DISK_SAID_MS = 60_000;

export interface BlockedPorts {
  state: NetState;
  clock: Clock;
  /** Null for what needs no executor. */
  needsOf(firing: OpenFiring): Needs | null;
  commit(draft: EventDraft): Promise<unknown>;
  offer(firing: OpenFiring): void;
}

export class Blocked {
  readonly #ports: BlockedPorts;
  readonly #since: number;
  readonly #present = new Map<string, ExecutorPresence>();
  readonly #held = new Map<string, OpenFiring>();
  readonly #said = new Map<string, string>();
  /** Executor -> when it was last told that its disk is full; and whether that still stands. */
  readonly #disks = new Map<string, { at: number; isFull: boolean }>();

  constructor(ports: BlockedPorts) {
    this.#ports = ports;
    this.#since = ports.clock.now();
  }

  presence(presence: ExecutorPresence | { name: string; gone: true }): void {
    if ("gone" in presence) {
      this.#present.delete(presence.name);
      return;
    }
    this.#present.set(presence.name, presence);
    this.#tellDisk(presence);
    for (const [id, firing] of this.#held) {
      const open = this.#ports.state.firings.get(id) === firing && !firing.claim;
      if (open && this.#missing(firing)) continue;
      this.#held.delete(id);
      if (open) this.#ports.offer(firing); // B1
    }
  }

  /** B4 */
  #tellDisk({ full, ...presence }: ExecutorPresence): void {
    const { state, clock, needsOf, commit } = this.#ports;
    const { name } = presence;
    const told = this.#disks.get(name);
    if ((full !== undefined) === (told?.isFull ?? false)) return;
    if (full !== undefined && clock.now() - (told?.at ?? Number.NEGATIVE_INFINITY) < DISK_SAID_MS) return;
    const isConcerned = (firing: OpenFiring) => {
      const needs = needsOf(firing);
      return firing.claim?.executor === name || (needs !== null && suits(needs, presence));
    };
    if (full !== undefined && ![...state.firings.values()].some(isConcerned)) return;
    this.#disks.set(name, { at: full === undefined ? (told?.at ?? clock.now()) : clock.now(), isFull: full !== undefined });
    const summary =
      full === undefined
        ? `Executor ${name} has room on its disk again.`
        : `Executor ${name} takes no new work: ${full}. It goes on by itself when there is room.`;
    void commit({
      ...{ category: "executor", type: "noted", status: full === undefined ? "info" : "waiting", summary },
      attributes: { executor: name, disk: full === undefined ? "room" : "full" },
    }).catch(() => {});
  }

  /** True when the offer must wait for an executor that has what it needs. */
  holds(firing: OpenFiring): boolean {
    const missing = this.#missing(firing);
    if (!missing || (missing.nearest === null && (this.#ports.needsOf(firing)?.labels.length ?? 0) === 0)) return false;
    this.#held.set(firing.firing, firing);
    this.#say(firing, missing);
    return true;
  }

  /** Says what has become blocked. Called now and then. */
  check(): void {
    const { state } = this.#ports;
    for (const id of this.#said.keys()) if (!state.firings.has(id)) this.#said.delete(id);
    if (state.killed || state.paused) return;
    for (const firing of state.firings.values()) {
      if (firing.gate || firing.claim || firing.notBefore !== null) continue;
      const missing = this.#missing(firing);
      if (missing) this.#say(firing, missing);
    }
  }

  /** B3 */
  #missing(firing: OpenFiring): Missing | null {
    if (this.#ports.clock.now() - this.#since < HEARD_MS) return null;
    const needs = this.#ports.needsOf(firing);
    return needs && missingFor(needs, [...this.#present.values()]);
  }

  /** B2 */
  #say(firing: OpenFiring, missing: Missing): void {
    const lack = `${firing.attempt} ${missing.labels.join(",")} ${missing.hand} ${missing.nearest === null} ${missing.full !== undefined}`;
    if (this.#said.get(firing.firing) === lack) return;
    this.#said.set(firing.firing, lack);
    void this.#ports
      .commit({
        category: "executor",
        type: "noted",
        status: "waiting",
        summary: `${firing.transition} is blocked: ${missingText(missing)}.`,
        transition: firing.transition,
        firing: firing.firing,
        attempt: firing.attempt,
        correlation: firing.correlation,
        attributes: { blocked: { pool: missing.pool, labels: missing.labels, ...(missing.hand === null ? {} : { hand: missing.hand }) } },
      })
      .catch(() => {});
  }
}
