/**
 * Checkpoints while the net works: the state is frozen between two decisions, waits until its last event is in the log, and is
 * then packed in slices and stored.
 *
 * K1 Nothing is stored that is not in the log: what is frozen may be ahead of it. K2 A checkpoint stands behind the entry before
 * the one that holds its last event, since that entry may hold more; a fold passes over what it knows. K3 One at a time, and they
 * take at most a twentieth of the time.
 */
import type { Broker } from "../../contract/broker.ts";
import type { Clock } from "../../contract/clock.ts";
import type { NetEvent } from "../../contract/event.ts";
import type { Logger } from "../../contract/logger.ts";
import { type FrozenState, freeze } from "../../net/frozen-state.ts";
import type { NetState } from "../../net/state.ts";
import { packCheckpoint } from "./checkpoint.ts";
import type { CommitLoop } from "./commit-loop.ts";

const LEAST_EVENTS = 2000;
const SHARE = 20;

export interface CheckpointerPorts {
  state: NetState;
  loop: CommitLoop;
  broker: Broker;
  clock: Clock;
  logger: Logger;
  /** Events between two, at least. */
  leastEvents?: number;
}

export class Checkpointer {
  readonly #ports: CheckpointerPorts;
  #frozen: { seq: number; state: FrozenState } | null = null;
  #busy = false;
  /** Event of the last one. */
  #at: number;
  /** Ms since the epoch: no earlier than this. */
  #next = 0;

  constructor(ports: CheckpointerPorts) {
    this.#ports = ports;
    this.#at = ports.state.seq;
  }

  /** Looks at each event that is in the log. */
  committed(event: NetEvent): void {
    const { state, clock, logger, loop } = this.#ports;
    if (this.#frozen?.seq === event.seq) {
      const { state: frozen } = this.#frozen;
      this.#frozen = null;
      void this.#save(frozen, loop.before).catch((error: unknown) => logger.warn({ err: error }, "no checkpoint was written"));
    }
    if (this.#busy || state.seq - this.#at < (this.#ports.leastEvents ?? LEAST_EVENTS) || clock.now() < this.#next) return;
    this.#busy = true;
    this.#at = state.seq;
    // K1, K2: of events that come, never of one whose entry is being told already.
    this.#frozen = { seq: state.seq, state: freeze(state) };
    if (state.seq === event.seq) this.committed(event);
  }

  /** The end of a term, when nothing is on its way any more. */
  async last(): Promise<void> {
    const { state } = this.#ports;
    await this.#save(freeze(state), { sequence: state.sequence, chain: state.chain });
  }

  async #save(frozen: FrozenState, at: { sequence: number; chain: string }): Promise<void> {
    const { state, broker, clock, loop } = this.#ports;
    const began = clock.now();
    try {
      const bytes = await packCheckpoint(frozen, at, clock);
      if (loop.isOver) return;
      await broker.checkpoints.save(state.net, at.sequence, bytes);
      const { letter } = frozen.rest;
      if (letter && letter.seq > 0) await broker.door.purgeLetters(state.net, { created: letter.created, seq: letter.seq });
    } finally {
      this.#busy = false;
      this.#next = clock.now() + (clock.now() - began) * SHARE;
    }
  }
}
