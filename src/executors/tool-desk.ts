/**
 * Tool calls of the sessions that this executor holds.
 * T1 A call id is carried out once; asked again it gets the first answer, or `running` while there is none.
 * T2 Calls of one session run one after another, in the order of arrival; what keeps its work is waited for by nobody and waits for none.
 * T3 A call may come before its workspace is ready, since the claim is known to the caller first: it waits.
 * T4 The persona's flags and tools are checked here, whatever the caller believes.
 */
import type { Clock, Timer } from "../contract/clock.ts";
import type { ToolCallAnswer, ToolCallRequest, WorkOrder } from "../contract/envelope.ts";
import { errorData } from "../contract/errors.ts";
import { MCP_LIST } from "../tools/mcp/mcp-tools.ts";
import { ENGINE } from "./engine-call.ts";
import type { ToolHandler } from "./hand.ts";
import { KEEP } from "./keep-call.ts";
import { KeyedLock } from "./keyed-lock.ts";
import { checkTool } from "./policy.ts";
import { attemptKey } from "./result-shelf.ts";

/** The call that ends a session; no tool of a model. */
export const CLOSE = "session.close";
/** Calls of the owner itself. */
const NO_TOOLS: ReadonlySet<string> = new Set([CLOSE, MCP_LIST, ENGINE, KEEP]);
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
  /** Sessions that are being prepared (T3), and who waits for them. */
  readonly #expected = new Map<string, Set<() => void>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A session of this order may come (T3). Ends with `open` or `close`. */
  expect(order: WorkOrder): void {
    this.#expected.set(attemptKey(order), new Set());
  }

  open(order: WorkOrder, handler: ToolHandler): void {
    const key = attemptKey(order);
    this.#sessions.set(key, { order, handler, open: true, calls: new Map() });
    this.#arrived(key);
  }

  /** New calls are refused from now on; with `forget` the old answers are gone too, as the claim is. */
  close(order: WorkOrder, forget: boolean): void {
    const key = attemptKey(order);
    this.#arrived(key);
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
    if (!this.#sessions.has(key) && this.#expected.has(key) && !(await this.#comes(key))) return { state: "running" };
    const session = this.#sessions.get(key);
    if (!session) return { state: "no-session" };
    let call = session.calls.get(request.call);
    if (!call) {
      if (!session.open) return { state: "no-session" };
      const carried = () => carryOut(session, request);
      call = request.tool === KEEP ? carried() : this.#turns.hold(key, carried);
      session.calls.set(request.call, call);
    }
    return await this.#inTime(call);
  }

  #arrived(key: string): void {
    const waiting = this.#expected.get(key);
    this.#expected.delete(key);
    for (const tell of waiting ?? []) tell();
  }

  /** True when the session was opened or given up within the caller's patience. */
  #comes(key: string): Promise<boolean> {
    return new Promise((resolve) => {
      const waiting = this.#expected.get(key);
      const tell = () => {
        timer.cancel();
        resolve(true);
      };
      const timer = this.#clock.after(PATIENCE_MS, () => {
        waiting?.delete(tell);
        resolve(false);
      });
      waiting?.add(tell);
    });
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
    if (!NO_TOOLS.has(request.tool)) checkTool(session.order, request.tool);
    return { state: "done", output: await session.handler(request.tool, request.input) };
  } catch (error) {
    return { state: "failed", error: errorData(error) };
  }
}
