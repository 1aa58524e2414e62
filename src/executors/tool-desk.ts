/**
 * Tool calls of the sessions that this executor holds.
 * T1 A call id is carried out once; asked again it gets the first answer, or `running` while there is none.
 * T2 Calls of one session run one after another, in the order of arrival.
 * T3 The persona's flags and tools are checked here, whatever the caller believes.
 */
import type { Clock, Timer } from "../contract/clock.ts";
import type { ToolCallAnswer, ToolCallRequest, WorkOrder } from "../contract/envelope.ts";
import { errorData } from "../contract/errors.ts";
import type { ToolHandler } from "./hand.ts";
import { KeyedLock } from "./keyed-lock.ts";
import { checkTool } from "./policy.ts";
import { attemptKey } from "./result-shelf.ts";

/** The call that ends a session; no tool of a model. */
export const CLOSE = "session.close";
/** A longer call is answered with `running`, to be asked for again. */
const PATIENCE_MS = 2000;
/** Answers are kept this long after the session, for a caller whose wire broke. */
const MEMORY_MS = 10 * 60_000;

type Settled = Exclude<ToolCallAnswer, { state: "running" }>;
interface Session {
  order: WorkOrder;
  handler: ToolHandler;
  open: boolean;
  calls: Map<string, Promise<Settled>>;
}

export class ToolDesk {
  readonly #clock: Clock;
  readonly #sessions = new Map<string, Session>();
  readonly #timers = new Set<Timer>();
  readonly #turns = new KeyedLock();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  open(order: WorkOrder, handler: ToolHandler): void {
    this.#sessions.set(attemptKey(order), { order, handler, open: true, calls: new Map() });
  }

  /** New calls are refused from now on; with `forget` the old answers are gone too, as the claim is. */
  close(order: WorkOrder, forget: boolean): void {
    const key = attemptKey(order);
    const session = this.#sessions.get(key);
    if (!session) return;
    session.open = false;
    if (forget) {
      this.#sessions.delete(key);
      return;
    }
    const timer = this.#clock.after(MEMORY_MS, () => {
      this.#timers.delete(timer);
      this.#sessions.delete(key);
    });
    this.#timers.add(timer);
  }

  stop(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#sessions.clear();
  }

  async answer(request: ToolCallRequest): Promise<ToolCallAnswer> {
    const key = attemptKey(request);
    const session = this.#sessions.get(key);
    if (!session) return { state: "no-session" };
    let call = session.calls.get(request.call);
    if (!call) {
      if (!session.open) return { state: "no-session" };
      call = this.#turns.hold(key, () => carryOut(session, request));
      session.calls.set(request.call, call);
    }
    return await this.#inTime(call);
  }

  #inTime(call: Promise<Settled>): Promise<ToolCallAnswer> {
    return new Promise((resolve) => {
      const timer = this.#clock.after(PATIENCE_MS, () => resolve({ state: "running" }));
      void call.then((answer) => {
        timer.cancel();
        resolve(answer);
      });
    });
  }
}

async function carryOut(session: Session, request: ToolCallRequest): Promise<Settled> {
  try {
    if (request.tool !== CLOSE) checkTool(session.order, request.tool);
    return { state: "done", output: await session.handler(request.tool, request.input) };
  } catch (error) {
    return { state: "failed", error: errorData(error) };
  }
}
