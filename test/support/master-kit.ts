/** A master on the in-memory broker with a clock that the test turns, for tests of the engine's promises. */

import { Master } from "../../src/actors/master.ts";
import type { MasterPorts } from "../../src/actors/master-ports.ts";
import type { Clock, Timer } from "../../src/contract/clock.ts";
import { silentLogger } from "../../src/contract/logger.ts";
import { type MemoryBroker, memoryBroker } from "../../src/jetstream/memory/broker.ts";
import { MemoryHub } from "../../src/jetstream/memory/hub.ts";
import { encodeOrder } from "./unsigned-order.ts";

/** Real timers, with an offset that a test can push forward: timers that the jump passes fire at once. */
export class JumpClock implements Clock {
  #offset = 0;
  #timers = new Set<{ due: number; call: () => void; handle: NodeJS.Timeout }>();

  now(): number {
    return Date.now() + this.#offset;
  }
  after(delayMs: number, call: () => void): Timer {
    const timer = { due: this.now() + delayMs, call, handle: setTimeout(() => this.#fire(timer), Math.min(delayMs, 2 ** 30)) };
    this.#timers.add(timer);
    return { cancel: () => this.#drop(timer) };
  }
  /** Time passes in one go. */
  jump(ms: number): void {
    this.#offset += ms;
    for (const timer of [...this.#timers]) if (timer.due <= this.now()) this.#fire(timer);
  }
  #fire(timer: { call: () => void; handle: NodeJS.Timeout; due: number }): void {
    if (!this.#timers.has(timer)) return;
    this.#drop(timer);
    timer.call();
  }
  #drop(timer: { handle: NodeJS.Timeout; due: number; call: () => void }): void {
    clearTimeout(timer.handle);
    this.#timers.delete(timer);
  }
}

export interface MasterKit {
  hub: MemoryHub;
  broker: MemoryBroker;
  clock: JumpClock;
  master: Master;
  ask(net: string | null, verb: string, body?: object): Promise<unknown>;
  put(net: string, place: string, data: unknown, token?: string): Promise<string>;
  /** As if the process were killed: nothing is written any more, and a new master takes over. */
  crash(overrides?: Partial<MasterPorts>): Promise<void>;
  stop(): Promise<void>;
}

export async function masterKit(overrides: Partial<MasterPorts> = {}): Promise<MasterKit> {
  const clock = new JumpClock();
  const hub = new MemoryHub(clock);
  let count = 0;
  const ports = (broker: MemoryBroker, more: Partial<MasterPorts>): MasterPorts => ({
    broker,
    clock,
    ids: { next: () => `id${++count}` },
    random: () => 0.5,
    name: "master-1",
    version: "0.0.0",
    durability: "memory",
    logger: silentLogger,
    leaseMs: 30_000,
    netLeaseMs: 5_000,
    sign: encodeOrder,
    work: () => Promise.reject(new Error("this kit has no models")),
    ...overrides,
    ...more,
  });
  const kit: MasterKit = {
    hub,
    clock,
    broker: memoryBroker(hub),
    master: undefined as unknown as Master,
    async ask(net, verb, body = {}) {
      const answer = await kit.broker.commands.ask(net, verb, { by: { user: "ada", roles: ["maintainer"] }, ...body } as never);
      if (!answer.ok) throw Object.assign(new Error(answer.error?.message), { code: answer.error?.code, hint: answer.error?.hint });
      return answer.value;
    },
    async put(net, place, data, token) {
      const answer = await kit.broker.door.put(net, place, Buffer.from(JSON.stringify(data)), token === undefined ? {} : { token });
      if (!answer.ok) throw Object.assign(new Error(answer.error.message), { code: answer.error.code });
      return answer.id;
    },
    async crash(more = {}) {
      const old = kit.broker;
      old.faults.disconnect?.();
      for (const term of kit.master.terms.values()) void term.abandon();
      await kit.master.stop().catch(() => {});
      kit.broker = memoryBroker(hub);
      kit.master = await Master.start(ports(kit.broker, more));
    },
    async stop() {
      await kit.master.stop();
      await kit.broker.close();
    },
  };
  kit.master = await Master.start(ports(kit.broker, {}));
  return kit;
}
