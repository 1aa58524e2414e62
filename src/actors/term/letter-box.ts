/**
 * The letter box of a term: declared for the places that are open, read in order, and declared anew after an edit.
 *
 * B1 One declaration after the other, each for the places that are open at its moment: the last one knows the newest definition.
 * B2 A declaration that fails is tried again as long as the term lasts: an edit that is in the log is not undone by a broker away.
 */
import type { Delivery, Door } from "../../contract/broker.ts";
import { type Clock, delay } from "../../contract/clock.ts";
import type { Logger } from "../../contract/logger.ts";
import type { Serving } from "../../contract/serving.ts";
import type { CompiledNet } from "../../net/compiled-net.ts";
import type { NetState } from "../../net/state.ts";

const AGAIN_MS = 500;
const LONGEST_MS = 10_000;

export interface LetterBoxPorts {
  state: NetState;
  door: Door;
  clock: Clock;
  logger: Logger;
  net(): CompiledNet | null;
  /** Letters that are not in the log come again from here on: what was held back of them is forgotten. */
  anew(): void;
  take(delivery: Delivery): void;
}

export class LetterBox {
  readonly #ports: LetterBoxPorts;
  readonly #closing = new AbortController();
  #turn: Promise<unknown> = Promise.resolve();
  #reading: Serving | null = null;
  /** Counts declarations: a later one makes tries for an earlier one needless. */
  #wanted = 0;

  constructor(ports: LetterBoxPorts) {
    this.#ports = ports;
  }

  /** Declares the box for the places that are open now; throws when the broker does not do it. */
  declare(): Promise<void> {
    this.#wanted += 1;
    return this.#inTurn();
  }

  /** The same, after an edit that is in the log already: settles after the first try. */
  async follow(): Promise<void> {
    try {
      await this.declare();
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      this.#ports.logger.warn(
        { err: error, net: this.#ports.state.net },
        "the letter box could not be brought up to date; it is tried again",
      );
      void this.#insist(this.#wanted).catch(() => {});
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#turn.catch(() => {});
    await this.#reading?.stop();
    this.#reading = null;
  }

  /** B2. */
  async #insist(wanted: number): Promise<void> {
    const { clock } = this.#ports;
    for (let wait = AGAIN_MS; ; wait = Math.min(wait * 2, LONGEST_MS)) {
      await delay(clock, wait, this.#closing.signal);
      if (this.#wanted !== wanted) return;
      const done = await this.#inTurn().then(
        () => true,
        () => false,
      );
      if (done) return;
    }
  }

  /** B1. */
  #inTurn(): Promise<void> {
    const done = this.#turn.then(() => this.#declare());
    this.#turn = done.catch(() => {});
    return done;
  }

  async #declare(): Promise<void> {
    const { state, door, net, anew, take } = this.#ports;
    if (this.#closing.signal.aborted) return;
    await this.#reading?.stop();
    this.#reading = null;
    anew();
    const places = Object.entries(net()?.definition.places ?? {})
      .filter(([, { open }]) => open)
      .map(([place]) => place);
    const after = () => (state.letter ? { created: state.letter.created, seq: state.letter.seq } : null);
    this.#reading = await door.openLetterBox(state.net, places, after, take);
  }
}
