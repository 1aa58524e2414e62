/**
 * What the owner of a net has read of its past: one reader for all of its steps, which goes on from where it stands (H1). One look at a time.
 *
 * It is nothing that has to last (H2): the next owner's first look reads the log from its beginning, in small parts.
 */
import type { Broker } from "../../contract/broker.ts";
import type { CompiledNet } from "../../net/compiled-net.ts";
import { HistoryReader, type StepHistory } from "./history.ts";

/** Of each step; more than a study looks at. */
const MOST_EXAMPLES = 5000;
/** A reader holds the net's tokens a second time: with more of them than this it is let go, and each look reads from the beginning. */
const MOST_TOKENS = 20_000;
/** And with answers, inputs and calls that are longer than this all together (characters of JSON). */
const MOST_LENGTH = 64 * 1024 * 1024;

export class HistoryShelf {
  readonly #broker: Broker;
  readonly #mostLength: number;
  #reader: HistoryReader | null = null;
  #before: Promise<unknown> = Promise.resolve();

  constructor(broker: Broker, { mostLength = MOST_LENGTH }: { mostLength?: number } = {}) {
    this.#broker = broker;
    this.#mostLength = mostLength;
  }

  /** Up to the event that there is now; `only`: of this transition. Errors: those of reading the log. */
  of(net: CompiledNet, only?: string): Promise<StepHistory[]> {
    const mine = this.#before.then(() => this.#look(net, only));
    this.#before = mine.catch(() => {});
    return mine;
  }

  async #look(net: CompiledNet, only: string | undefined): Promise<StepHistory[]> {
    const known = this.#reader?.follows(net) ? this.#reader : null;
    // What fails half-way has seen events that it does not know of.
    this.#reader = null;
    const reader = (known && (await readOn(known))) ?? new HistoryReader(this.#broker, net, { most: MOST_EXAMPLES });
    if (reader !== known) await reader.read();
    const steps = await reader.steps(only);
    if (reader.tokens <= MOST_TOKENS && reader.length <= this.#mostLength) this.#reader = reader;
    return steps;
  }
}

/** Null: it cannot go on, as where the log was cleared up to behind it. */
async function readOn(reader: HistoryReader): Promise<HistoryReader | null> {
  try {
    await reader.read();
    return reader;
  } catch {
    return null;
  }
}
