/** An owner and its wire to one executor, in memory: offers, claims that can be told what to answer, results, tool calls. */
import type { KeyObject } from "node:crypto";
import { ArtifactDesk } from "../../src/actors/artifact-desk.ts";
import { ArtifactLender } from "../../src/actors/artifact-lender.ts";
import { firingMemory } from "../../src/actors/term/firing-memory.ts";
import type { CalledOff, ExecutorLine } from "../../src/contract/broker.ts";
import type {
  ClaimAnswer,
  ClaimRequest,
  ExecutorPresence,
  SignedOrder,
  ToolCallAnswer,
  ToolCallRequest,
  WorkOrder,
  WorkResult,
} from "../../src/contract/envelope.ts";
import { Retryable } from "../../src/contract/errors.ts";
import type { Json } from "../../src/contract/json.ts";
import type { Printed, PrintingAttempt } from "../../src/contract/printed.ts";
import { newOrderKeys, signOrder } from "../../src/executors/order-signature.ts";
import { MemoryHub } from "../../src/jetstream/memory/hub.ts";
import { memoryKeyValue } from "../../src/jetstream/memory/key-value.ts";
import { memoryArtifacts } from "../../src/jetstream/memory/stores.ts";
import { MemoryWire } from "../../src/jetstream/memory/wire.ts";
import { realClock } from "./real-clock.ts";

export const YES: ClaimAnswer = { ok: true, leaseMs: 30_000, timeLeftMs: 600_000, secrets: {} };

export class MemoryOwner {
  readonly keys = newOrderKeys();
  /** What executors bring. */
  readonly artifacts = memoryArtifacts(new MemoryHub(realClock), new MemoryWire());
  readonly desk = new ArtifactDesk({ artifacts: this.artifacts, clock: realClock, holds: () => true });
  readonly lender = new ArtifactLender({ artifacts: this.artifacts, clock: realClock, mayRead: async () => this.lends });
  /** False: what is asked for is not the work's. */
  lends = true;
  readonly claims: { net: string; firing: string; attempt: number; request: ClaimRequest }[] = [];
  /** What attempts remember, by firing and word. */
  readonly remembered = new Map<string, Json>();
  readonly #effects = memoryKeyValue(new MemoryHub(realClock), new MemoryWire(), "effects");
  readonly #counting = firingMemory(() => this.#effects);
  readonly delivered: WorkResult[] = [];
  readonly beats: ExecutorPresence[] = [];
  /** False: every call is refused as if the wire were cut. */
  up = true;
  /** What the owner answers; tests put their own. */
  onClaim: (request: ClaimRequest, about: { firing: string; attempt: number }) => ClaimAnswer | Promise<ClaimAnswer> = () => YES;
  #offers: { pool: string; signed: SignedOrder }[] = [];
  #wake: (() => void)[] = [];
  #tools: ((request: ToolCallRequest) => Promise<ToolCallAnswer>) | null = null;
  #cancel: ((about: CalledOff) => void) | null = null;
  #calls = 0;

  offer(order: WorkOrder, key: string | KeyObject = this.keys.privateKey): void {
    this.offerSigned(order.pool, signOrder(order, key));
  }
  offerSigned(pool: string, signed: SignedOrder): void {
    this.#offers.push({ pool, signed });
    for (const wake of this.#wake.splice(0)) wake();
  }
  cancel(order: CalledOff): void {
    this.#cancel?.(order);
  }
  verbs(firing: string): string[] {
    return this.claims.filter((claim) => claim.firing === firing).map((claim) => claim.request.verb);
  }
  resultOf(order: Pick<WorkOrder, "firing" | "attempt">): WorkResult | undefined {
    return this.delivered.find((result) => result.firing === order.firing && result.attempt === order.attempt);
  }
  /** One tool call, asked for again while it runs. */
  async call(
    order: WorkOrder,
    tool: string,
    input: Json,
    call = `c${++this.#calls}`,
  ): Promise<Exclude<ToolCallAnswer, { state: "running" }>> {
    for (;;) {
      const answer = await this.callOnce(order, tool, input, call);
      if (answer.state !== "running") return answer;
    }
  }
  async callOnce(order: WorkOrder, tool: string, input: Json, call: string): Promise<ToolCallAnswer> {
    if (!this.#tools) return { state: "no-session" };
    return await this.#tools({ net: order.net, firing: order.firing, attempt: order.attempt, call, tool, input });
  }

  /** What commands printed, as it came. */
  readonly printed: (PrintingAttempt & Printed)[] = [];

  line(): ExecutorLine {
    return {
      pull: (pool, signal) => this.#pull(pool, signal),
      claim: async (net, firing, attempt, request) => {
        this.#check();
        this.claims.push({ net, firing, attempt, request });
        const answer = await this.onClaim(request, { firing, attempt });
        if (!answer.ok || request.memory === undefined) return answer;
        const { name, value, room } = request.memory;
        if (room !== undefined) return { ...answer, memory: await this.#counting.takeRoom(net, firing, name, room, realClock.now()) };
        if (value !== undefined) this.remembered.set(`${firing} ${name}`, value);
        return { ...answer, memory: this.remembered.get(`${firing} ${name}`) ?? null };
      },
      print: (_, about, piece) => void this.printed.push({ ...about, ...piece }),
      deliver: async (result) => {
        this.#check();
        this.delivered.push(structuredClone(result));
      },
      serveTools: async (_, handle) => {
        this.#tools = handle;
        return { stop: async () => this.#forget() };
      },
      onCancel: async (_, call) => {
        this.#cancel = call;
        return { stop: async () => this.#forget() };
      },
      sendArtifact: async (executor, piece) => {
        this.#check();
        return (await this.desk.take(executor, structuredClone(piece))) ?? { state: "more" };
      },
      askArtifact: async (executor, ask) => {
        this.#check();
        return (await this.lender.give(executor, ask)) ?? { state: "piece", bytes: new Uint8Array(), size: 0 };
      },
      heartbeat: (presence) => void this.beats.push(presence),
      connected: () => this.up,
      close: async () => {},
    };
  }

  #forget(): void {
    this.#tools = null;
    this.#cancel = null;
  }

  #check(): void {
    if (!this.up) throw new Retryable({ code: "broker-away", message: "the wire is cut" });
  }

  async *#pull(pool: string, signal: AbortSignal): AsyncGenerator<SignedOrder> {
    while (!signal.aborted) {
      const at = this.#offers.findIndex((offer) => offer.pool === pool);
      const [offer] = at < 0 ? [] : this.#offers.splice(at, 1);
      if (offer) yield offer.signed;
      else {
        await new Promise<void>((resolve) => {
          const wake = () => {
            signal.removeEventListener("abort", wake);
            resolve();
          };
          this.#wake.push(wake);
          signal.addEventListener("abort", wake);
        });
      }
    }
  }
}
