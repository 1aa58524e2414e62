/**
 * When the place streams are compared beside the work: after an own outage, after a takeover, and when some are out of reach.
 *
 * W1 One comparison at a time: a second one would make the streams anew that the first has just made. What is asked for
 * meanwhile is done once afterwards, so that it covers everything up to its moment. W2 A place that nobody writes to is looked
 * after too: its stream may be on a server that is away. W3 A comparison that failed is due until one succeeds.
 */
import type { PlaceStreams } from "../../contract/broker.ts";
import type { Logger } from "../../contract/logger.ts";

export interface PlaceWatchPorts {
  streams: Pick<PlaceStreams, "silent">;
  logger: Logger;
  isOver(): boolean;
  isStale(): boolean;
  /** Declares the streams and compares them with the marking. */
  compare(): Promise<unknown>;
}

export class PlaceWatch {
  readonly #ports: PlaceWatchPorts;
  #comparing = false;
  #again = false;
  #due = false;
  #looking = false;

  constructor(ports: PlaceWatchPorts) {
    this.#ports = ports;
  }

  /** W1. */
  soon(): void {
    this.#again = true;
    if (!this.#comparing) void this.#compare();
  }

  /** W2. To be called now and then. */
  async look(): Promise<void> {
    if (this.#comparing || this.#looking) return;
    if (this.#due || this.#ports.isStale()) return this.soon();
    this.#looking = true;
    try {
      const silent = await this.#ports.streams.silent();
      if (silent.length === 0 || this.#ports.isOver()) return;
      this.#ports.logger.warn({ streams: silent }, "place streams do not answer; they are made anew if that lasts");
      this.soon();
    } catch {
      // The broker itself is away: when it is back they are compared anyhow.
    } finally {
      this.#looking = false;
    }
  }

  async #compare(): Promise<void> {
    this.#comparing = true;
    while (this.#again && !this.#ports.isOver()) {
      this.#again = false;
      try {
        await this.#ports.compare();
        this.#due = false;
      } catch (error) {
        this.#due = true;
        if (!this.#ports.isOver()) this.#ports.logger.warn({ err: error }, "place streams could not be compared now; it is tried again");
      }
    }
    this.#comparing = false;
  }
}
