/** What the contract suites of the broker port speak of: a world to run in, and small events, tokens, orders and results. */
import type { Broker, ExecutorLine, LogEntry } from "../../src/contract/broker.ts";
import type { ExecutorPresence, SignedOrder, WorkResult } from "../../src/contract/envelope.ts";
import type { NetEvent } from "../../src/contract/event.ts";
import type { Token } from "../../src/contract/token.ts";

/** One broker, any number of clients. */
export interface BrokerWorld {
  broker(): Promise<Broker>;
  executor(name: string): Promise<ExecutorLine>;
  /** What `nats pub place.<net>.<place>` does. */
  letter(net: string, place: string, payload: string): Promise<void>;
  end(): Promise<void>;
}

export interface Clients {
  world: BrokerWorld;
  a: Broker;
  b: Broker;
}

export const bytes = (text: string) => new TextEncoder().encode(text);
export const text = (data: Uint8Array) => new TextDecoder().decode(data);

export function event(net: string, seq: number, over: Partial<NetEvent> = {}): NetEvent {
  return { seq, ts: "2025-01-01T00:00:00.000Z", category: "token", type: "arrived", status: "ok", summary: `event ${seq}`, net, ...over };
}
export const epochEvent = (net: string, seq: number, epoch: number) =>
  event(net, seq, { category: "control", type: "epoch", attributes: { epoch, owner: "t" } });
export function token(id: string): Token {
  return { id, data: { title: id, n: 1 }, from: { outside: "t" }, by: "t", at: "2025-01-01T00:00:00.000Z", correlation: id, v: 1 };
}
export const place = (net: string, name: string, open = false) => ({ net, place: name, title: `The ${name}`, capacity: null, open });
export const order = (label: string): SignedOrder => ({ order: bytes(label), signature: bytes("signed") });
export const result = (net: string, firing: string, executor = "ex"): WorkResult => ({
  v: 1,
  net,
  transition: "t",
  firing,
  attempt: 1,
  executor,
  outcome: { ok: true, value: { done: firing } },
  startedAt: "2025-01-01T00:00:00.000Z",
  durationMs: 5,
});
export const presence = (name: string): ExecutorPresence => ({
  name,
  pools: ["code"],
  labels: ["git"],
  version: "0",
  pid: 1,
  host: "h",
  busy: 0,
  slots: 2,
  at: "2025-01-01T00:00:00.000Z",
});

export async function readAll(broker: Broker, net: string, after = 0): Promise<{ entries: LogEntry[]; last: number }> {
  const entries: LogEntry[] = [];
  const last = await broker.log(net).read(after, (entry) => entries.push(entry));
  return { entries, last };
}
