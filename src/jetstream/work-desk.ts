/** The masters' side of the work: offers, claims, tool calls (E8). Results and presence have files of their own. */
import { headers } from "@nats-io/transport-node";
import type { CalledOff, WorkDesk } from "../contract/broker.ts";
import type {
  ArtifactAnswer,
  ArtifactAsk,
  ArtifactGiven,
  ArtifactPiece,
  ClaimAnswer,
  ClaimRequest,
  SignedOrder,
  ToolCallAnswer,
  ToolCallRequest,
} from "../contract/envelope.ts";
import { errorData, PetrelError } from "../contract/errors.ts";
import type { IdSource } from "../contract/ids.ts";
import { mustFitMessage } from "../contract/order-size.ts";
import type { Serving } from "../contract/serving.ts";
import { streams, subjects } from "../contract/subjects.ts";
import { lastToken, serve } from "./answering.ts";
import type { Enrolments } from "./enrolments.ts";
import { packEnvelope, unpackEnvelope } from "./envelope-bytes.ts";
import { apiCodes, isApiCode, publishAcked } from "./jetstream-api.ts";
import type { Keeping } from "./keeping.ts";
import type { Link } from "./link.ts";
import { abortedError } from "./link.ts";
import { listenPrinted } from "./live-output.ts";
import { PoolQueues } from "./pool-queues.ts";
import type { Presence } from "./presence.ts";
import { drainResults, takeResults } from "./results.ts";
import { abortable, backoffMs, isRetryable, pause, persist } from "./retry.ts";
import { purgeStream, streamNames } from "./streams.ts";
import { windowed } from "./windowed.ts";

/** Executors answer a tool call that takes longer with "running" after 2 s. */
const TOOL_ANSWER_MS = 6000;

type Done = Exclude<ToolCallAnswer, { state: "running" }>;

export class JetStreamWorkDesk implements WorkDesk {
  readonly #link: Link;
  readonly #ids: IdSource;
  readonly #keeping: Keeping;
  readonly #presence: Presence;
  readonly #enrolments: Enrolments;
  readonly #queues: PoolQueues;
  /** By net: changes at each withdrawal, so that an order may be offered anew although the broker remembers its id. */
  readonly #rounds = new Map<string, string>();
  readonly #session: string;

  constructor(link: Link, options: { ids: IdSource; keeping: Keeping; presence: Presence; enrolments: Enrolments }) {
    this.#link = link;
    this.#ids = options.ids;
    this.#keeping = options.keeping;
    this.#presence = options.presence;
    this.#enrolments = options.enrolments;
    this.#queues = new PoolQueues(link, options.keeping);
    this.#session = options.ids.next();
  }

  async offer(order: SignedOrder, about: { pool: string; net: string; transition: string; id: string }): Promise<void> {
    mustFitMessage(order, about.transition, this.#link.largestMessage);
    const marks = headers();
    // Safe for a work queue, unlike the log: a doubled offer would only be claimed once.
    marks.set("Nats-Msg-Id", `${about.net}.${about.id}.${this.#rounds.get(about.net) ?? this.#session}`);
    const subject = subjects.work(about.pool, about.net, about.transition);
    await persist(this.#link, 4, async () => {
      await this.#queues.declare(about.pool);
      try {
        await publishAcked(this.#link, subject, packEnvelope(order), marks);
      } catch (error) {
        if (error instanceof PetrelError && error.code === "no-responders") this.#queues.forget(about.pool);
        throw error;
      }
    });
  }

  async withdraw(net: string): Promise<void> {
    this.#rounds.set(net, this.#ids.next());
    const queues = (await persist(this.#link, 3, () => streamNames(this.#link, "work.>"))).filter((name) =>
      name.startsWith(streams.work("")),
    );
    await windowed(queues, 20, async (queue) => {
      const filter = subjects.workOf(queue.slice(streams.work("").length), net);
      await persist(this.#link, 3, () => purgeStream(this.#link, queue, { filter })).catch((error: unknown) => {
        if (!isApiCode(error, apiCodes.streamNotFound)) throw error;
      });
    });
  }

  async serveClaims(
    net: string,
    answer: (firing: string, attempt: number, request: ClaimRequest) => Promise<ClaimAnswer>,
  ): Promise<Serving> {
    await this.#enrolments.open();
    return serve(this.#link, subjects.claimAll(net), async (msg) => {
      try {
        const [, executor = "", , firing = "", attempt = ""] = msg.subject.split(".");
        // Who asks is what the broker let it say in the subject, not what stands in the body.
        const sure = { executor, enrolled: this.#enrolments.of(executor) };
        return packEnvelope(await answer(firing, Number(attempt), { ...unpackEnvelope<ClaimRequest>(msg.data), ...sure }));
      } catch (error) {
        return packEnvelope({ ok: false, code: "unknown", message: errorData(error).message } satisfies ClaimAnswer);
      }
    });
  }

  takeResults: WorkDesk["takeResults"] = (net, take) => takeResults(this.#link, this.#keeping, net, take);
  drainResults: WorkDesk["drainResults"] = (net, take) => drainResults(this.#link, net, take);

  async callTool(executor: string, request: ToolCallRequest, signal: AbortSignal): Promise<Done> {
    const subject = subjects.hands(executor, "call");
    for (let failures = 0; ; ) {
      if (signal.aborted) throw abortedError(signal);
      try {
        const call = this.#link.call(subject, packEnvelope(request), { timeoutMs: TOOL_ANSWER_MS });
        const answer = unpackEnvelope<ToolCallAnswer>((await abortable(call, signal)).data);
        if (answer.state !== "running") return answer;
        failures = 0;
      } catch (error) {
        if (!isRetryable(error)) throw error;
        await pause(this.#link.clock, backoffMs(failures++), signal);
        await this.#link.whenUp(signal);
      }
    }
  }

  async cancel(executor: string, about: CalledOff): Promise<void> {
    try {
      await persist(this.#link, 3, () => this.#link.call(subjects.hands(executor, "cancel"), packEnvelope(about), { timeoutMs: 2000 }));
    } catch (error) {
      // An executor that is gone has nothing to end, and one that is cut off ends its work itself after a lease.
      if (!isRetryable(error)) throw error;
    }
  }

  async serveArtifacts(answer: (executor: string, piece: ArtifactPiece) => Promise<ArtifactAnswer | null>): Promise<Serving> {
    return serve(this.#link, subjects.artifact("put", "*"), async (msg) => {
      try {
        const given = await answer(lastToken(msg.subject), unpackEnvelope<ArtifactPiece>(msg.data));
        return given && packEnvelope(given);
      } catch (error) {
        return packEnvelope({ state: "failed", error: errorData(error) } satisfies ArtifactAnswer);
      }
    });
  }

  async lendArtifacts(answer: (executor: string, ask: ArtifactAsk) => Promise<ArtifactGiven | null>): Promise<Serving> {
    return serve(this.#link, subjects.artifact("get", "*"), async (msg) => {
      try {
        const given = await answer(lastToken(msg.subject), unpackEnvelope<ArtifactAsk>(msg.data));
        return given && packEnvelope(given);
      } catch (error) {
        return packEnvelope({ state: "failed", error: errorData(error) } satisfies ArtifactGiven);
      }
    });
  }

  onPrinted: WorkDesk["onPrinted"] = (take) => listenPrinted(this.#link, take);
  executors: WorkDesk["executors"] = () => this.#presence.all();
  tellHeld: WorkDesk["tellHeld"] = (executor, hold) => this.#presence.tellHeld(executor, hold);
  onExecutor: WorkDesk["onExecutor"] = async (call) => this.#presence.listen(call);
}
