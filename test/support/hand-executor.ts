/** An executor that a test plays by hand: it sees offers, and claims, renews and delivers when it is told to. */

import { unpack } from "msgpackr";
import type { Clock } from "../../src/contract/clock.ts";
import type { ClaimAnswer, ClaimRequest, ClaimVerb, ExecutorPresence, WorkOrder, WorkResult } from "../../src/contract/envelope.ts";
import type { Json } from "../../src/contract/json.ts";
import { type MemoryExecutorLine, memoryExecutorLine } from "../../src/jetstream/memory/executor-line.ts";
import type { MemoryHub } from "../../src/jetstream/memory/hub.ts";

export interface HandExecutor {
  line: MemoryExecutorLine;
  /** All offers that it has pulled. */
  orders: WorkOrder[];
  cancelled: { firing: string; attempt: number }[];
  ask(order: { net: string; firing: string; attempt: number }, verb: ClaimVerb, more?: Partial<ClaimRequest>): Promise<ClaimAnswer>;
  deliver(order: WorkOrder, value: Json, more?: Partial<WorkResult>): Promise<void>;
  beat(pid?: number, busy?: number, more?: Partial<ExecutorPresence>): void;
  /** Says that it takes nothing new, with so much under way. */
  leave(busy: number): void;
  stop(): Promise<void>;
}

export function handExecutor(hub: MemoryHub, name: string, pool: string, clock: Clock, labels: string[] = []): HandExecutor {
  const line = memoryExecutorLine(hub);
  const stopping = new AbortController();
  const orders: WorkOrder[] = [];
  const cancelled: HandExecutor["cancelled"] = [];
  const pulling = (async () => {
    const suits = (bytes: Uint8Array) => ((unpack(bytes) as WorkOrder).labels ?? []).every((label) => labels.includes(label));
    for await (const { order } of line.pull(pool, stopping.signal, (signed) => suits(signed.order)))
      orders.push(unpack(order) as WorkOrder);
  })();
  void line.onCancel(name, (about) => void cancelled.push(about));
  const beat = (pid: number, busy: number, more: Partial<ExecutorPresence> = {}) =>
    line.heartbeat({
      ...{ name, pools: [pool], labels, version: "0", pid, host: "here", busy, slots: 4 },
      ...{ at: new Date(clock.now()).toISOString(), ...more },
    });
  return {
    line,
    orders,
    cancelled,
    ask: (order, verb, more = {}) => line.claim(order.net, order.firing, order.attempt, { verb, executor: name, ...more }),
    deliver: (order, value, more = {}) => {
      const { net, transition, firing, attempt } = order;
      const about: Omit<WorkResult, "outcome"> = { v: 1, net, transition, firing, attempt, executor: name, startedAt: "", durationMs: 1 };
      return line.deliver({ ...about, outcome: { ok: true, value }, ...more });
    },
    beat: (pid = 1, busy = 0, more = {}) => beat(pid, busy, more),
    leave: (busy) => beat(1, busy, { leaving: true }),
    stop: async () => {
      stopping.abort();
      await pulling;
      await line.close();
    },
  };
}
