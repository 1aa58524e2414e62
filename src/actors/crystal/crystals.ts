/** All that a net's owner does about rules beside the work: what the log has decided, what a policy wants to find out, what a judge is asked. */
import type { Clock } from "../../contract/clock.ts";
import type { NetEvent } from "../../contract/event.ts";
import type { Logger } from "../../contract/logger.ts";
import type { Term } from "../term/term.ts";
import { CrystalKeeper } from "./crystal-keeper.ts";
import { HistoryShelf } from "./history-shelf.ts";
import { JudgeDesk } from "./judge-desk.ts";
import { CrystalTender } from "./tender.ts";

export class Crystals {
  readonly #keeper: CrystalKeeper;
  readonly #tender: CrystalTender;
  readonly #judge: JudgeDesk;
  readonly #over = new AbortController();
  /** What was read of the net's past. */
  readonly histories: HistoryShelf;

  constructor(term: Term, parts: { clock: Clock; logger: Logger }) {
    this.histories = new HistoryShelf(term.ports.broker);
    this.#keeper = new CrystalKeeper(term, parts);
    this.#tender = new CrystalTender(term, { ...parts, signal: this.#over.signal });
    this.#judge = new JudgeDesk(term, parts);
  }

  /** After each event that is in the log. */
  follow(event: NetEvent): void {
    this.#keeper.follow(event);
    this.#tender.follow(event);
    this.#judge.follow(event);
  }

  /** What an owner before has left undone. */
  look(): void {
    this.#keeper.look();
    this.#judge.look();
  }

  /** Of what is asked of models beside the work. */
  get signal(): AbortSignal {
    return this.#over.signal;
  }

  stop(): void {
    this.#over.abort();
    this.#judge.stop();
  }
}
