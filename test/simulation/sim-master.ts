/** A master's place in the simulation: the real Master on a simulated process, started again whenever it has died. */
import { Master } from "../../src/actors/master.ts";
import type { PersonaWorker } from "../../src/actors/persona-work.ts";
import type { Term } from "../../src/actors/term/term.ts";
import { Retryable, Terminal } from "../../src/contract/errors.ts";
import type { Logger } from "../../src/contract/logger.ts";
import type { Evaluators } from "../../src/executors/expressions/evaluators.ts";
import type { HttpPort } from "../../src/http/port.ts";
import type { MemoryHub } from "../../src/jetstream/memory/hub.ts";
import { encodeOrder } from "../support/unsigned-order.ts";
import type { EffectServer } from "./effect-server.ts";
import { NET } from "./nets.ts";
import type { Network } from "./network.ts";
import { SimProcess } from "./process.ts";
import { type SimBroker, simBroker } from "./sim-broker.ts";
import { craft } from "./sim-craft.ts";
import type { LogTroubles } from "./sim-log.ts";

export const LEASE_MS = 3000;
export const NET_LEASE_MS = 2000;
const STOP_MS = 7000;

export interface Stage {
  hub: MemoryHub;
  network: Network;
  server: EffectServer;
  troubles: LogTroubles;
  logger: Logger;
}

export class SimMaster {
  readonly name: string;
  readonly #stage: Stage;
  #process: SimProcess;
  #broker: SimBroker;
  #master: Master | null = null;
  #lives = 0;

  constructor(stage: Stage, name: string) {
    this.#stage = stage;
    this.name = name;
    this.#process = new SimProcess(stage.network.world, name);
    this.#broker = simBroker(stage.hub, this.#process, stage.network, stage.troubles);
    this.#begin();
  }

  get process(): SimProcess {
    return this.#process;
  }
  get broker(): SimBroker {
    return this.#broker;
  }
  /** Its term as owner of a net, if it has one and knows of no end. */
  get term(): Term | null {
    return this.termOf(NET);
  }
  termOf(net: string): Term | null {
    const term = this.#process.alive ? this.#master?.terms.get(net) : undefined;
    return term && !term.loop.isOver ? term : null;
  }

  crash(): void {
    this.#process.kill();
  }
  restart(): void {
    if (this.#process.alive) return;
    const { hub, network, troubles } = this.#stage;
    this.#process = new SimProcess(network.world, this.name);
    this.#broker = simBroker(hub, this.#process, network, troubles);
    this.#begin();
  }
  /** As SIGTERM does: terms are closed in order and leave a checkpoint. */
  stop(): void {
    const process = this.#process;
    process.after(STOP_MS, () => process.kill());
    void this.#master?.stop().then(
      () => process.kill(),
      () => process.kill(),
    );
  }

  #begin(): void {
    const process = this.#process;
    const { network, logger } = this.#stage;
    const { chance } = network.world;
    const life = `${this.name}.${++this.#lives}`;
    let ids = 0;
    this.#master = null;
    const starting = Master.start({
      broker: this.#broker,
      clock: process,
      ids: { next: () => `${life}-${++ids}` },
      random: () => chance.next(),
      name: this.name,
      version: "0.0.0",
      durability: "memory",
      logger,
      leaseMs: LEASE_MS,
      netLeaseMs: NET_LEASE_MS,
      sign: encodeOrder,
      work: this.#worker(process),
      expressions: this.#expressions(process),
      http: { client: this.#client(process), secrets: () => Promise.reject(new Error("no secrets here")) as never },
      checkpointEvents: chance.pick([5, 30, 2000]),
    });
    starting.then(
      (master) => {
        this.#master = master;
      },
      // A master that cannot start ends, and is started again.
      () => process.kill(),
    );
  }

  /** A web server: it is asked, and then the answer may be late, an error that may pass, or never heard. */
  #client(process: SimProcess): HttpPort {
    const { network, server } = this.#stage;
    const { chance } = network.world;
    const facts = { method: "POST", host: "server.test" };
    return {
      send: async ({ key }, signal) => {
        await process.sleep(chance.between(1, 50));
        if (signal.aborted) throw signal.reason;
        const [net = "", , firing = ""] = key.split("/");
        const answer = server.call({ key, net, firing, attempt: null, by: this.name });
        await process.sleep(chance.of(0.1) ? chance.between(100, 3000) : chance.between(1, 100));
        if (signal.aborted) throw signal.reason;
        if (chance.of(0.2)) {
          return {
            facts,
            error: new Retryable({ code: "http-status", message: "the server says 503", retryAfterMs: chance.between(0, 900) }),
          };
        }
        const body = new TextEncoder().encode(JSON.stringify(answer));
        return { facts, answer: { status: 200, headers: {}, type: "application/json", body } };
      },
      close: async () => {},
    };
  }

  /** Other processes that work expressions out: each takes its time, may be ended at its limit, and has nothing to say of the net. */
  #expressions(process: SimProcess): Evaluators {
    const { chance } = this.#stage.network.world;
    return {
      evaluate: async ({ input }) => {
        await process.sleep(chance.of(0.2) ? chance.between(300, 1500) : chance.between(1, 60));
        if (chance.of(0.1)) throw new Terminal({ code: "map-too-long", message: "it took longer than it may" });
        const { n } = (input as { sheet: { n: number } }).sheet;
        return { n, twice: n * 2 };
      },
      pids: () => [],
      close: () => {},
    };
  }

  /** A model that is asked once per attempt, under the firing's key. */
  #worker(process: SimProcess): PersonaWorker {
    const { network, server } = this.#stage;
    const { chance } = network.world;
    return async ({ firing }, { signal, term }) => {
      const { net, transition, firing: id, attempt } = firing;
      if (firing.hasWorkspace && term) return craft(firing, term, signal, process);
      const finished = { firing: id, attempt, extra: {} };
      await process.sleep(chance.between(1, 100));
      if (signal.aborted) return { ...finished, outcome: null };
      const answer = server.call({ key: `${net}/${transition}/${id}`, net, firing: id, attempt, by: this.name });
      await process.sleep(chance.between(1, 1500));
      if (signal.aborted) return { ...finished, outcome: null };
      const retry = chance.of(0.1);
      if (retry) return { ...finished, outcome: { ok: false, error: { outlook: "retryable", code: "busy", message: "too many asked" } } };
      const way = wayOf(firing.ask ?? "");
      return { ...finished, outcome: { ok: true, value: { answer, attempt, ...(firing.transition === "sort" ? { way } : {}) } } };
    };
  }
}

/** What the model of the lane `settled` says of an item: its parity, and from the item 40 on the other one. */
function wayOf(ask: string): string {
  const n = Number(ask);
  return (n % 10) % 2 === (n < 40 ? 0 : 1) ? "even" : "odd";
}
