/**
 * An executor of the simulation, on the real executor's port and with its habits: an offer is claimed before anything is
 * done, the lease is renewed, a result lies on disk before anybody hears of it and is brought until the log has it.
 */
import { unpack } from "msgpackr";
import type { ClaimAnswer, ClaimVerb, ToolCallRequest, WorkOrder, WorkResult } from "../../src/contract/envelope.ts";
import { PetrelError, Retryable } from "../../src/contract/errors.ts";
import type { Json } from "../../src/contract/json.ts";
import { CLOSE, ToolDesk } from "../../src/executors/tool-desk.ts";
import { memoryExecutorLine } from "../../src/jetstream/memory/executor-line.ts";
import type { MemoryHub } from "../../src/jetstream/memory/hub.ts";
import type { EffectServer } from "./effect-server.ts";
import type { Network } from "./network.ts";
import { SimProcess } from "./process.ts";

const BEAT_MS = 1500;
const POOL = "p";
/** Between two looks whether a session is over. */
const SESSION_LOOK_MS = 100;

interface Disk {
  results: Map<string, WorkResult>;
  claims: Map<string, WorkOrder>;
}
interface Running {
  order: WorkOrder;
  lost: boolean;
}

export class SimExecutor {
  readonly name: string;
  /** Results that it was told are in the log, with the entries that the log had then. */
  readonly settled: { net: string; firing: string; attempt: number; logged: number }[] = [];
  readonly #hub: MemoryHub;
  readonly #network: Network;
  readonly #server: EffectServer;
  readonly #disk: Disk = { results: new Map(), claims: new Map() };
  #process: SimProcess;
  #line: ReturnType<typeof memoryExecutorLine>;
  #running = new Map<string, Running>();
  /** The real one: it holds the sessions of this process. */
  #desk: ToolDesk;
  /** Attempts that a process before this one may have worked on: they are not taken again. */
  #former = new Set<string>();
  #pid = 0;

  constructor(name: string, hub: MemoryHub, network: Network, server: EffectServer) {
    this.name = name;
    this.#hub = hub;
    this.#network = network;
    this.#server = server;
    this.#process = new SimProcess(network.world, name);
    this.#line = memoryExecutorLine(hub);
    this.#desk = new ToolDesk(this.#process);
    this.#start();
  }

  get process(): SimProcess {
    return this.#process;
  }
  get idle(): boolean {
    return this.#running.size === 0 && this.#disk.results.size === 0;
  }

  crash(): void {
    this.#process.kill();
    this.#line.faults.disconnect();
  }
  restart(): void {
    if (this.#process.alive) return;
    this.#process = new SimProcess(this.#network.world, this.name);
    this.#line = memoryExecutorLine(this.#hub);
    this.#running = new Map();
    this.#desk = new ToolDesk(this.#process);
    this.#start();
  }
  cut(forMs: number): void {
    const line = this.#line;
    line.faults.disconnect();
    this.#process.after(forMs, () => line.faults.reconnect());
  }

  #start(): void {
    const process = this.#process;
    this.#pid += 1;
    this.#beat(this.#pid);
    const stop = new AbortController();
    process.onKill(() => stop.abort());
    this.#network.serve(
      process,
      `hands.${this.name}.cancel`,
      () => this.#line.connected(),
      async ({ firing, attempt }: { firing: string; attempt: number }) => {
        const running = this.#running.get(`${firing}/${attempt}`);
        if (running) running.lost = true;
      },
    );
    const desk = this.#desk;
    this.#network.serve(
      process,
      `hands.${this.name}.call`,
      () => this.#line.connected(),
      (request: ToolCallRequest) => desk.answer(request),
    );
    this.#former = new Set([...this.#former, ...this.#disk.claims.keys()]);
    for (const result of this.#disk.results.values()) void this.#bring(process, result);
    for (const [key, order] of this.#disk.claims) {
      if (!this.#disk.results.has(key)) void this.#ask(process, order, "release").catch(() => {});
    }
    this.#disk.claims.clear();
    void this.#pull(process, stop.signal);
  }

  #beat(pid: number): void {
    const at = new Date(this.#network.world.now()).toISOString();
    const about = { name: this.name, pools: [POOL], labels: [], version: "0", pid, host: "here", busy: this.#running.size, slots: 4 };
    this.#line.heartbeat({ ...about, at });
    this.#process.after(BEAT_MS, () => this.#beat(pid));
  }

  async #pull(process: SimProcess, signal: AbortSignal): Promise<void> {
    const { world, weather } = this.#network;
    for await (const signed of this.#line.pull(POOL, signal)) {
      // The acknowledgement of the offer is lost: it is handed out once more, to whoever asks first.
      if (world.chance.of(weather.twice)) {
        const order = unpack(signed.order) as WorkOrder;
        world.after(this.#network.delay() + 50, () => this.#hub.queue(POOL).add(order.net, signed));
      }
      await process.sleep(this.#network.delay());
      void this.#carryOut(process, unpack(signed.order) as WorkOrder);
    }
  }

  async #carryOut(process: SimProcess, order: WorkOrder): Promise<void> {
    const key = `${order.firing}/${order.attempt}`;
    if (this.#running.has(key) || this.#former.has(key) || this.#disk.results.has(key)) return;
    const running: Running = { order, lost: false };
    this.#running.set(key, running);
    this.#disk.claims.set(key, order);
    if (order.mode === "session") this.#desk.expect(order);
    try {
      const answer = await this.#claim(process, order);
      if (!answer?.ok) return;
      this.#former.add(key);
      this.#renew(process, running, answer.leaseMs, process.now());
      if (order.mode === "session") return await this.#session(process, running);
      const outcome = await this.#work(process, running);
      if (running.lost || outcome === null) return;
      const { net, transition, firing, attempt } = order;
      const result: WorkResult = {
        ...{ v: 1, net, transition, firing, attempt, executor: this.name, outcome },
        ...{ startedAt: "", durationMs: 1 },
      };
      this.#disk.results.set(key, result);
      void this.#bring(process, result);
    } finally {
      this.#desk.close(order, running.lost);
      this.#running.delete(key);
      this.#disk.claims.delete(key);
    }
  }

  /** Tool calls are answered until the session is closed, or the claim is lost. */
  async #session(process: SimProcess, running: Running): Promise<void> {
    const { order } = running;
    const { key, net, firing, attempt } = order;
    const { chance } = this.#network.world;
    let isClosed = false;
    this.#desk.open(order, async (tool, input): Promise<Json> => {
      if (tool === CLOSE) {
        isClosed = true;
        return {};
      }
      await process.sleep(chance.of(0.1) ? chance.between(500, 3000) : chance.between(1, 100));
      if (running.lost) throw new Retryable({ code: "lost", message: "the claim is lost" });
      const { n } = input as { n: number };
      const answer = this.#server.call({ key: `${key}/${n}`, net, firing, attempt, by: this.name });
      await process.sleep(chance.between(0, 50));
      return { answer };
    });
    while (!isClosed && !running.lost) await process.sleep(SESSION_LOOK_MS);
    if (running.lost) await this.#ask(process, order, "release").catch(() => {});
  }

  async #claim(process: SimProcess, order: WorkOrder): Promise<ClaimAnswer | null> {
    for (let tries = 1; tries <= 8; tries++) {
      try {
        return await this.#ask(process, order, "claim");
      } catch {
        await process.sleep(50 * tries);
      }
    }
    return null;
  }

  #renew(process: SimProcess, running: Running, leaseMs: number, heard: number): void {
    process.after(leaseMs / 4, () => {
      if (this.#running.get(`${running.order.firing}/${running.order.attempt}`) !== running || running.lost) return;
      if (process.now() - heard > leaseMs) running.lost = true;
      else {
        const asked = process.now();
        this.#ask(process, running.order, "renew").then(
          (answer) => {
            if (answer.ok) this.#renew(process, running, leaseMs, asked);
            else running.lost = true;
          },
          () => this.#renew(process, running, leaseMs, heard),
        );
      }
    });
  }

  /** The effect, under the order's key, with a moment before and after it in which everything may end. */
  async #work(process: SimProcess, running: Running): Promise<WorkResult["outcome"] | null> {
    const { order } = running;
    const { chance } = this.#network.world;
    await process.sleep(chance.of(0.1) ? chance.between(500, 5000) : chance.between(1, 200));
    if (running.lost) return null;
    if (chance.of(0.15)) {
      const terminal = chance.of(0.3);
      return { ok: false, error: { outlook: terminal ? "terminal" : "retryable", code: "no-luck", message: "it did not work" } };
    }
    if (chance.of(0.5)) {
      const sure = await this.#ask(process, order, "confirm").catch(() => null);
      if (!sure?.ok || running.lost) return null;
    }
    const { key, net, firing, attempt } = order;
    const answer = this.#server.call({ key, net, firing, attempt, by: this.name });
    await process.sleep(chance.between(0, 50));
    return { ok: true, value: { answer, attempt, executor: this.name } };
  }

  /** Until the owner says that it is in the log. */
  async #bring(process: SimProcess, result: WorkResult): Promise<void> {
    const key = `${result.firing}/${result.attempt}`;
    const { chance } = this.#network.world;
    // A disk that takes its time: meanwhile the lease may run out.
    if (chance.of(0.08)) await process.sleep(chance.between(1000, 8000));
    while (this.#disk.results.has(key)) {
      try {
        await process.sleep(this.#network.delay());
        await this.#line.deliver(result);
        await process.sleep(300 + this.#network.delay());
        const settled = await this.#ask(process, result, "settled");
        if (!settled.ok) {
          await process.sleep(500);
          continue;
        }
        const { net, firing, attempt } = result;
        this.settled.push({ net, firing, attempt, logged: this.#hub.log(net).last });
        this.#disk.results.delete(key);
      } catch (error) {
        if (!(error instanceof PetrelError)) throw error;
        await process.sleep(500);
      }
    }
  }

  #ask(process: SimProcess, about: { net: string; firing: string; attempt: number }, verb: ClaimVerb): Promise<ClaimAnswer> {
    if (!this.#line.connected()) {
      return process.sleep(500).then(() => Promise.reject(new Retryable({ code: "wire-down", message: "the broker is out of reach" })));
    }
    const request = { verb, executor: this.name };
    return this.#network.ask<ClaimAnswer>(process, `claim.${about.net}`, { firing: about.firing, attempt: about.attempt, request });
  }
}
