/** Letters leave the letter box once the log has them (E6): soon after the commit, many at a time. */
import type { Door } from "../../contract/broker.ts";
import type { Logger } from "../../contract/logger.ts";
import type { NetState } from "../../net/state.ts";
import type { CommitLoop } from "./commit-loop.ts";

export interface LetterPurgePorts {
  state: NetState;
  loop: CommitLoop;
  door: Door;
  logger: Logger;
}

export class LetterPurge {
  readonly #ports: LetterPurgePorts;
  #running = false;
  #wanted = false;

  constructor(ports: LetterPurgePorts) {
    this.#ports = ports;
  }

  /** Called after a letter's event is in the log. One purge runs at a time; letters that come meanwhile share the next. */
  soon(): void {
    this.#wanted = true;
    if (this.#running) return;
    this.#running = true;
    void this.#run().finally(() => {
      this.#running = false;
    });
  }

  async #run(): Promise<void> {
    const { state, loop, door, logger } = this.#ports;
    while (this.#wanted && !loop.isOver) {
      this.#wanted = false;
      // The mark may speak of letters that are decided and not yet in the log: it holds once nothing is pending.
      while (loop.backlog > 0) await loop.drained();
      const { created = "", seq = 0 } = state.letter ?? {};
      if (loop.isOver || seq === 0) return;
      await door.purgeLetters(state.net, { created, seq }).catch((error: unknown) => {
        logger.warn({ err: error }, "letters that are in the log could not be removed now; the next purge takes them along");
      });
    }
  }
}
