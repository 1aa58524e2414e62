/** A master on the in-memory broker with a clock that the test turns, for tests of the engine's promises. */

import { Master } from "../../src/actors/master.ts";
import type { MasterPorts } from "../../src/actors/master-ports.ts";
import type { Clock, Timer } from "../../src/contract/clock.ts";
import { silentLogger } from "../../src/contract/logger.ts";
import { type MemoryBroker, memoryBroker } from "../../src/jetstream/memory/broker.ts";
import { MemoryHub } from "../../src/jetstream/memory/hub.ts";
import { emptyState, type NetState } from "../../src/net/state.ts";
import { type HandExecutor, handExecutor } from "./hand-executor.ts";
import { encodeOrder } from "./unsigned-order.ts";

/** Real timers, with an offset that a test can push forward: timers that the jump passes fire at once. */
export class JumpClock implements Clock {
  #offset = 0;
  #held: number | null = null;
  #timers = new Set<{ due: number; call: () => void; handle: NodeJS.Timeout }>();

  now(): number {
    return (this.#held ?? Date.now()) + this.#offset;
  }
  /** From now on time passes in jumps alone, however long the machine takes; timers call all the same. */
  hold(): void {
    this.#held = Date.now();
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
  /** Time passes as it does for a process that runs: in small steps, timers on the way. */
  pass(ms: number, step = 2000): void {
    for (let left = ms; left > 0; left -= step) this.jump(Math.min(step, left));
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
  put(net: string, place: string, data: unknown, token?: string, by?: string): Promise<string>;
  /** The state of a net in this kit's master; empty while it has no term. */
  stateOf(net: string): NetState;
  /** A further master on the same hub, with its own wire; stopped with the kit. */
  rival(overrides?: Partial<MasterPorts>): Promise<{ master: Master; broker: MemoryBroker }>;
  /** An executor that a test plays by hand. */
  executor(name: string, pool?: string, labels?: string[]): HandExecutor;
  /** As if the process were killed, and nobody takes over yet. */
  die(): Promise<void>;
  /** As if the process were killed: nothing is written any more, and a new master takes over. */
  crash(overrides?: Partial<MasterPorts>): Promise<void>;
  stop(): Promise<void>;
}

export async function masterKit(overrides: Partial<MasterPorts> = {}): Promise<MasterKit> {
  const clock = new JumpClock();
  const hub = new MemoryHub(clock);
  const rivals: { master: Master; broker: MemoryBroker }[] = [];
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
    // Far away: tests turn the clock by hours, and an owner that slept so long would rightly stop.
    netLeaseMs: 365 * 24 * 3_600_000,
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
    async put(net, place, data, token, by) {
      const options = { ...(token === undefined ? {} : { token }), ...(by === undefined ? {} : { by }) };
      const answer = await kit.broker.door.put(net, place, Buffer.from(JSON.stringify(data)), options);
      if (!answer.ok) throw Object.assign(new Error(answer.error.message), { code: answer.error.code });
      return answer.id;
    },
    stateOf: (net) => kit.master.terms.get(net)?.state ?? emptyState(net),
    async rival(more = {}) {
      const broker = memoryBroker(hub);
      const master = await Master.start(ports(broker, { name: "master-2", ...more }));
      rivals.push({ master, broker });
      return { master, broker };
    },
    executor: (name, pool = "p", labels = []) => handExecutor(hub, name, pool, clock, labels),
    async die() {
      kit.broker.faults.disconnect();
      for (const term of kit.master.terms.values()) void term.abandon();
      await kit.master.stop().catch(() => {});
    },
    async crash(more = {}) {
      await kit.die();
      kit.broker = memoryBroker(hub);
      kit.master = await Master.start(ports(kit.broker, more));
    },
    async stop() {
      for (const { master, broker } of rivals.splice(0)) {
        await master.stop();
        await broker.close();
      }
      await kit.master.stop();
      await kit.broker.close();
    },
  };
  kit.master = await Master.start(ports(kit.broker, {}));
  return kit;
}
