/**
 * Hands tokens that are in transit to the owners of the nets that they go to (E10), in the order of their numbers.
 *
 * N1 Only what is in our log is handed over (E4). N2 `delivered` follows the receiver's answer, which follows its commit.
 * N3 Without an answer nothing is known: the same tokens go again under the same numbers, for as long as it takes.
 */
import type { Handover, HandoverBatch } from "../../contract/broker.ts";
import { type Clock, delay } from "../../contract/clock.ts";
import { type ErrorData, errorData, Terminal } from "../../contract/errors.ts";
import { CATEGORY_OF, type EventDraft, type NetEvent } from "../../contract/event.ts";
import type { Logger } from "../../contract/logger.ts";
import { IN_TRANSIT } from "../../net/built-in-places.ts";
import { identityFor, inTransitTo } from "../../net/link-state.ts";
import type { NetState } from "../../net/state.ts";

/** A request is one message of the broker: at most 1 MiB. */
const BATCH_BYTES = 512 * 1024;
const BATCH_TOKENS = 200;
const FIRST_WAIT_MS = 50;
const LONGEST_WAIT_MS = 2000;

export interface LinkSenderPorts {
  state: NetState;
  handover: Handover;
  clock: Clock;
  logger: Logger;
  /** In [0, 1). */
  random(): number;
  isOver(): boolean;
  commit(draft: EventDraft): Promise<NetEvent>;
}

export class LinkSender {
  readonly #ports: LinkSenderPorts;
  readonly #abort = new AbortController();
  /** The last number of each net that is in our log. */
  readonly #ready = new Map<string, number>();
  readonly #running = new Set<string>();
  /** Nets whose numbers are being given anew. */
  readonly #held = new Set<string>();
  /** Why tokens for a net wait. */
  readonly problems = new Map<string, ErrorData>();

  constructor(ports: LinkSenderPorts) {
    this.#ports = ports;
  }

  /** Takes up what an earlier term has left: all of it is in the log. */
  recovered(): void {
    for (const [net, { sent }] of this.#ports.state.outbox) this.#ready.set(net, sent);
    this.again();
  }

  /** After a resume, or when a person has tied nets anew. */
  again(): void {
    for (const net of this.#ready.keys()) this.#start(net);
  }

  /** Nothing goes to the net until its `relink` is in the log. */
  hold(net: string): void {
    this.#held.add(net);
  }

  /** Takes note of an acknowledged event. */
  follow(event: NetEvent): void {
    const link = event.attributes?.link as { net?: unknown; number?: unknown; relink?: unknown; count?: unknown } | undefined;
    if (event.type === "resumed") this.again();
    else if (event.type === "intervened" && typeof link?.relink === "string") {
      this.#held.delete(link.relink);
      this.#ready.set(link.relink, Number(link.count));
      this.problems.delete(link.relink);
      this.#start(link.relink);
    } else if (event.type === "sent" && link) {
      this.#ready.set(String(link.net), Number(link.number));
      this.#start(String(link.net));
    }
  }

  stop(): void {
    this.#abort.abort();
  }

  #start(net: string): void {
    if (this.#running.has(net) || this.#abort.signal.aborted || !this.#waits(net)) return;
    this.#running.add(net);
    void this.#run(net).finally(() => {
      this.#running.delete(net);
      // What came while the last answer was taken in.
      this.#start(net);
    });
  }

  #waits(net: string): boolean {
    const { state, isOver } = this.#ports;
    return !isOver() && !state.killed && !this.#held.has(net) && (this.#ready.get(net) ?? 0) > (state.outbox.get(net)?.delivered ?? 0);
  }

  async #run(net: string): Promise<void> {
    const { clock, random } = this.#ports;
    for (let tries = 0; this.#waits(net); ) {
      const problem = await this.#handOver(net);
      if (problem === null) {
        this.problems.delete(net);
        tries = 0;
        continue;
      }
      this.#tell(net, problem);
      const wait = Math.min(FIRST_WAIT_MS * 2 ** tries, LONGEST_WAIT_MS) * (0.5 + random() / 2);
      tries += 1;
      try {
        await delay(clock, wait, this.#abort.signal);
      } catch {
        return;
      }
    }
  }

  /** One batch. Null when all of it has arrived, else why not: also when there is none though something waits, or this would go round for ever. */
  async #handOver(net: string): Promise<ErrorData | null> {
    const { handover } = this.#ports;
    const batch = this.#batch(net);
    if (batch === null) return errorData(lost(net));
    try {
      const answer = await handover.hand(net, batch);
      // Somebody has tied the nets anew meanwhile: the answer speaks of other numbers.
      if (!answer.ok) return answer.error;
      if (this.#ports.isOver() || batch.identity !== identityFor(this.#ports.state, net)) return null;
      await this.#delivered(net, answer.taken, answer.identity);
      return answer.waits ?? null;
    } catch (error) {
      return errorData(error);
    }
  }

  #batch(net: string): HandoverBatch | null {
    const { state } = this.#ports;
    const identity = identityFor(state, net);
    const outbox = state.outbox.get(net);
    if (identity === null || !outbox) return null;
    const tokens: HandoverBatch["tokens"] = [];
    let bytes = 0;
    for (const { id, transit } of inTransitTo(state, net)) {
      if (transit.number > (this.#ready.get(net) ?? 0) || tokens.length >= BATCH_TOKENS) break;
      const token = state.places.get(IN_TRANSIT)?.get(id)?.token;
      if (!token) break;
      bytes += Buffer.byteLength(JSON.stringify(token));
      if (bytes > BATCH_BYTES && tokens.length > 0) break;
      tokens.push({ place: transit.place, token, author: transit.author });
    }
    return tokens.length === 0 ? null : { from: state.net, identity, peer: outbox.peer, first: outbox.delivered + 1, tokens };
  }

  async #delivered(net: string, taken: number, peer: string): Promise<void> {
    const { state, commit } = this.#ports;
    const upTo = Math.min(taken, this.#ready.get(net) ?? 0);
    const arrived = inTransitTo(state, net).filter(({ transit }) => transit.number <= upTo);
    if (arrived.length === 0) return;
    await commit({
      category: CATEGORY_OF.delivered,
      type: "delivered",
      status: "ok",
      summary: `${arrived.length === 1 ? "A token has" : `${arrived.length} tokens have`} arrived in ${net}.`,
      consumed: arrived.map(({ id }) => ({ place: IN_TRANSIT, id })),
      attributes: { link: { net, upTo, peer } },
    });
  }

  /** What only a person can mend is said in the log, once. */
  #tell(net: string, problem: ErrorData): void {
    const { state, logger, commit, isOver } = this.#ports;
    const known = this.problems.get(net);
    this.problems.set(net, problem);
    if (known?.code === problem.code || problem.outlook === "retryable" || problem.outlook === "cancelled" || isOver()) return;
    logger.error({ net: state.net, to: net, error: problem }, "tokens for another net wait, and will wait until somebody mends it");
    void commit({
      category: CATEGORY_OF.noted,
      type: "noted",
      status: "error",
      summary: `Tokens for ${net} wait: ${problem.message}.`,
      attributes: { link: { waitsFor: net }, error: { ...problem } },
    }).catch(() => {});
  }
}

/** A log of before tokens in transit were kept from people's hands may be so. */
function lost(net: string): Terminal {
  return new Terminal({
    code: "transit-lost",
    message: `what is on its way to ${net} does not lie in ${IN_TRANSIT} any more`,
    hint: "petrel tokens NET in-transit says what lies there; petrel verify NET compares it with the log",
  });
}
