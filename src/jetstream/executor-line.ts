/** The executor's side: it pulls, claims, delivers, and answers requests addressed to it. Its credentials reach nothing else. */
import type { Msg } from "@nats-io/transport-node";
import type { CalledOff, ExecutorLine } from "../contract/broker.ts";
import type {
  ArtifactAnswer,
  ArtifactAsk,
  ArtifactGiven,
  ArtifactPiece,
  ClaimAnswer,
  ClaimRequest,
  ExecutorPresence,
  SignedOrder,
  ToolCallAnswer,
  ToolCallRequest,
  WorkResult,
} from "../contract/envelope.ts";
import { errorData, Retryable } from "../contract/errors.ts";
import type { Printed, PrintingAttempt } from "../contract/printed.ts";
import type { Serving } from "../contract/serving.ts";
import { streams, subjects, WORKERS } from "../contract/subjects.ts";
import { askOwner, serve } from "./answering.ts";
import { packEnvelope, unpackEnvelope, unpackOrder } from "./envelope-bytes.ts";
import { ApiFailure, NO_ROOM, publishAcked } from "./jetstream-api.ts";
import type { Link } from "./link.ts";
import { RestingOffers } from "./resting-offers.ts";
import { abortable, isRetryable, pause, persist } from "./retry.ts";

const PULL_MS = 5000;
const PULL_AGAIN_MS = 250;
const CLAIM_TIMEOUT_MS = 10_000;
/** The owner answers when the piece is in the store. */
const ARTIFACT_TIMEOUT_MS = 20_000;
export class JetStreamExecutorLine implements ExecutorLine {
  readonly #link: Link;

  /** Where offers of a queue are asked for. */
  readonly #next: (queue: string) => string;

  constructor(link: Link, next = (queue: string) => `$JS.API.CONSUMER.MSG.NEXT.${queue}.${WORKERS}`) {
    this.#link = link;
    this.#next = next;
  }

  async *pull(pool: string, signal: AbortSignal, suits: (order: SignedOrder) => boolean = () => true): AsyncGenerator<SignedOrder> {
    const resting = new RestingOffers();
    while (!signal.aborted) {
      const pulled = await this.#pullOne(pool, signal, { suits, resting });
      if (pulled === "empty") continue;
      if (pulled === "away") await pause(this.#link.clock, PULL_AGAIN_MS, signal);
      else {
        // The broker's word on it is waited for while the work has begun: the claim decides, not the queue.
        const acknowledged = this.#acknowledge(pulled.reply);
        acknowledged.catch(() => {});
        yield pulled.order;
        await acknowledged;
      }
    }
  }

  async #pullOne(
    pool: string,
    signal: AbortSignal,
    { suits, resting }: { suits: (order: SignedOrder) => boolean; resting: RestingOffers },
  ): Promise<{ order: SignedOrder; reply: string } | "empty" | "away"> {
    const request = JSON.stringify({ batch: 1, expires: PULL_MS * 1_000_000 });
    const subject = this.#next(streams.work(pool));
    try {
      const msg = await abortable(this.#link.call(subject, request, { timeoutMs: PULL_MS + 2000, ownInbox: true }), signal);
      // 404 and 408: no offer in this time. 409: the consumer was changed or the server is stopping.
      if (msg.reply === undefined || msg.reply === "") return msg.headers?.code === 409 ? "away" : "empty";
      const order = unpackOrder(msg.data);
      if (order && !suits(order)) {
        const delay = Math.round(resting.restOf(msg.reply, this.#link.clock.now()) * 1_000_000);
        this.#link.publish(msg.reply, `-NAK ${JSON.stringify({ delay })}`);
        return "empty";
      }
      if (order) return { order, reply: msg.reply };
      await this.#acknowledge(msg.reply);
      return "empty";
    } catch (error) {
      if (signal.aborted) return "empty";
      if (!isRetryable(error)) throw error;
      return "away";
    }
  }

  /** An acknowledgement whose answer is lost may make the offer come again: the claim decides then. */
  async #acknowledge(reply: string): Promise<void> {
    await persist(this.#link, 3, () => this.#link.call(reply, "+ACK", { timeoutMs: 2000 })).catch((error: unknown) => {
      if (!isRetryable(error)) throw error;
    });
  }

  async claim(net: string, firing: string, attempt: number, request: ClaimRequest): Promise<ClaimAnswer> {
    const subject = subjects.claim(request.executor, net, firing, attempt);
    const answer = await askOwner(this.#link, subject, packEnvelope(request), `net ${net}`, { timeoutMs: CLAIM_TIMEOUT_MS });
    return unpackEnvelope<ClaimAnswer>(answer.data);
  }

  async deliver(result: WorkResult): Promise<void> {
    const subject = subjects.done(result.executor, result.net, result.firing, result.attempt);
    try {
      await persist(this.#link, 3, () => publishAcked(this.#link, subject, packEnvelope(result)));
    } catch (cause) {
      throw cause instanceof ApiFailure && NO_ROOM.has(cause.apiCode) ? noRoomFor(result, cause) : cause;
    }
  }

  async serveTools(executor: string, handle: (request: ToolCallRequest) => Promise<ToolCallAnswer>): Promise<Serving> {
    const failed = (error: unknown) => packEnvelope({ state: "failed", error: errorData(error) } satisfies ToolCallAnswer);
    const answer = async (msg: Msg) => {
      try {
        return packEnvelope(await handle(unpackEnvelope<ToolCallRequest>(msg.data)));
      } catch (error) {
        return failed(error);
      }
    };
    return serve(this.#link, subjects.hands(executor, "call"), answer, { instead: failed });
  }

  async onCancel(executor: string, call: (about: CalledOff) => void): Promise<Serving> {
    return serve(this.#link, subjects.hands(executor, "cancel"), async (msg) => {
      call(unpackEnvelope(msg.data));
      return packEnvelope({ ok: true });
    });
  }

  heartbeat(presence: ExecutorPresence): void {
    this.#link.publish(subjects.heartbeat(presence.name), JSON.stringify(presence));
  }

  async sendArtifact(executor: string, piece: ArtifactPiece): Promise<ArtifactAnswer> {
    const subject = subjects.artifact("put", executor);
    const answer = await askOwner(this.#link, subject, packEnvelope(piece), `net ${piece.net}`, { timeoutMs: ARTIFACT_TIMEOUT_MS });
    return unpackEnvelope<ArtifactAnswer>(answer.data);
  }

  async askArtifact(executor: string, ask: ArtifactAsk): Promise<ArtifactGiven> {
    const subject = subjects.artifact("get", executor);
    const answer = await askOwner(this.#link, subject, packEnvelope(ask), `net ${ask.net}`, { timeoutMs: ARTIFACT_TIMEOUT_MS });
    return unpackEnvelope<ArtifactGiven>(answer.data);
  }

  print(executor: string, { net, firing, attempt }: PrintingAttempt, piece: Printed): void {
    this.#link.publish(subjects.output(executor, net, firing, attempt), packEnvelope(piece));
  }

  connected(): boolean {
    return this.#link.up;
  }

  refusal(): string | null {
    return this.#link.refusal;
  }

  close(): Promise<void> {
    return this.#link.close();
  }
}

function noRoomFor({ net }: WorkResult, cause: ApiFailure): Retryable {
  return new Retryable({
    code: "results-full",
    message: `the broker has no room for one more result of the net ${net}: ${cause.message}`,
    hint: "it is kept here and brought again; petrel doctor shows whether the net has an owner that takes them, and the free space",
    cause,
  });
}
