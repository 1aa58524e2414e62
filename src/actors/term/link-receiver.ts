/**
 * Takes in tokens that the links of other nets bring (E10).
 *
 * R1 Only the next number of a pair is taken; older ones count as taken, newer ones are refused. R2 The answer follows the
 * commit. R3 A log that was made anew, ours or the sender's, is an alarm. R4 What cannot lie in its place by its data goes to
 * `rejected` and counts as taken; what waits for room or for a change of the net stays with the sender.
 */
import type { Handover, HandoverAnswer, HandoverBatch } from "../../contract/broker.ts";
import { type Clock, isoTime } from "../../contract/clock.ts";
import { type ErrorData, errorData, Refused, Retryable, Terminal } from "../../contract/errors.ts";
import type { EventDraft } from "../../contract/event.ts";
import { isJsonObject, type Json, type JsonObject } from "../../contract/json.ts";
import type { Serving } from "../../contract/serving.ts";
import { REJECTED } from "../../contract/subjects.ts";
import type { Token } from "../../contract/token.ts";
import { type CompiledNet, placeOf } from "../../net/compiled-net.ts";
import { roomIn } from "../../net/decide.ts";
import type { PlaceDefinition } from "../../net/definition.ts";
import { schemaProblem } from "../../net/place-schema.ts";
import type { NetState } from "../../net/state.ts";
import type { CommitLoop } from "./commit-loop.ts";

export interface LinkReceiverPorts {
  state: NetState;
  loop: CommitLoop;
  handover: Handover;
  clock: Clock;
  net(): CompiledNet | null;
  free(): Promise<void> | null;
  stalled(): ErrorData | null;
  commit(draft: EventDraft): Promise<unknown>;
}

export class LinkReceiver {
  readonly #ports: LinkReceiverPorts;

  constructor(ports: LinkReceiverPorts) {
    this.#ports = ports;
  }

  open(): Promise<Serving> {
    const { handover, state } = this.#ports;
    return handover.serve(state.net, (batch) => this.take(batch));
  }

  async take(batch: HandoverBatch): Promise<HandoverAnswer> {
    const { state, loop, free, stalled } = this.#ports;
    try {
      const full = stalled();
      if (full) return { ok: false, error: full };
      await free();
      this.#mustFit(batch);
      // From here to the end of the loop nothing else gets a turn: two batches never mix.
      let waits: ErrorData | null = null;
      for (const [at, { place, token, author }] of batch.tokens.entries()) {
        const number = batch.first + at;
        if (number <= this.#taken(batch)) continue;
        waits = this.#reasonToWait(batch.from, place);
        if (waits) break;
        this.#takeIn(place, token, { from: batch.from, identity: batch.identity, number, ...(author === null ? {} : { author }) });
      }
      const taken = this.#taken(batch);
      // Also what counts as taken may only just have been decided (R2).
      await loop.caughtUp();
      return { ok: true, identity: state.born ?? "", taken, ...(waits ? { waits } : {}) };
    } catch (error) {
      return { ok: false, error: errorData(error) };
    }
  }

  #taken({ from }: HandoverBatch): number {
    return this.#ports.state.inbox.get(from)?.number ?? 0;
  }

  /** R1, R3. */
  #mustFit({ from, identity, peer, first }: HandoverBatch): void {
    const { state, loop } = this.#ports;
    const known = state.inbox.get(from);
    const hint = `find out what became of the old log; then petrel net relink ${from} ${state.net}, and petrel net relink ${state.net} ${from}`;
    if (loop.isOver) throw new Retryable({ code: "no-owner", message: `the owner of ${state.net} has just changed` });
    if (peer !== null && peer !== state.born) {
      throw new Terminal({
        code: "target-recreated",
        message: `the log of ${state.net} is not the one that ${from} has sent to before`,
        hint,
      });
    }
    if (known && known.from !== identity) {
      throw new Terminal({
        code: "sender-recreated",
        message: `the log of ${from} is not the one that ${state.net} has taken from before`,
        hint,
      });
    }
    if (first > (known?.number ?? 0) + 1) {
      const message = `${from} sends number ${first}, and ${state.net} has taken ${known?.number ?? 0}`;
      throw new Terminal({ code: "link-gap", message, hint });
    }
  }

  /** R4. */
  #reasonToWait(from: string, name: string): ErrorData | null {
    const { state, net } = this.#ports;
    const running = net();
    const place = running ? placeOf(running, name) : undefined;
    if (!running) return errorData(new Retryable({ code: "no-definition", message: `the net ${state.net} has no definition yet` }));
    if (!place) {
      const hint = `add it to the file of ${state.net} and apply it, or change the link in ${from}`;
      return errorData(new Refused({ code: "unknown-place", message: `the net ${state.net} has no place ${name}`, hint }));
    }
    if (!takesFrom(place, from)) {
      const hint = `add "accepts": ["${from}"] to the place in the file of ${state.net}, and apply it`;
      return errorData(
        new Refused({ code: "not-accepted", message: `the place ${name} of ${state.net} takes nothing from ${from}`, hint }),
      );
    }
    if (roomIn(state, running, name) > 0) return null;
    return errorData(new Retryable({ code: "place-full", message: `the place ${name} of ${state.net} is full` }));
  }

  #takeIn(place: string, token: Token, link: JsonObject): void {
    const { net, clock, commit } = this.#ports;
    const at = isoTime(clock.now());
    const definition = net()?.definition;
    const schema = definition?.places[place]?.schema;
    const problem = schema ? schemaProblem(schema, token.data) : null;
    const base = { category: "token" as const, correlation: token.correlation, attributes: { link } };
    if (problem === null) {
      const produced = [{ place, token: { ...token, at } }];
      const summary = `${named(token.data)} arrived in ${place} from ${String(link.from)}.`;
      void commit({ ...base, type: "arrived", status: "ok", summary, produced });
      return;
    }
    const reason = `it does not meet the schema of ${place}: ${problem}`;
    const data: Json = {
      place,
      code: "schema",
      reason,
      hint: `correct the link in ${String(link.from)}`,
      by: token.by,
      payload: token.data,
    };
    const produced = [{ place: REJECTED, token: { ...token, at, data } }];
    void commit({
      ...base,
      type: "refused",
      status: "refused",
      summary: `A token of ${String(link.from)} was refused: ${reason}.`,
      produced,
    });
  }
}

function takesFrom({ open, accepts }: PlaceDefinition, net: string): boolean {
  return open === true || (accepts ?? []).includes(net);
}

function named(data: Json): string {
  const title = isJsonObject(data) ? (data.title ?? data.name ?? data.text) : null;
  return typeof title === "string" ? `“${title.slice(0, 80)}”` : "A token";
}
