/** The broker port of one simulated process: the in-memory twin behind a bad wire. */
import type {
  Broker,
  CommandAnswer,
  Delivery,
  Door,
  HandoverAnswer,
  HandoverBatch,
  Leases,
  PlaceStreams,
  PutAnswer,
  WorkDesk,
} from "../../src/contract/broker.ts";
import type { ClaimAnswer, ToolCallAnswer, WorkResult } from "../../src/contract/envelope.ts";
import { errorData } from "../../src/contract/errors.ts";
import type { Json } from "../../src/contract/json.ts";
import { type MemoryBroker, memoryBroker } from "../../src/jetstream/memory/broker.ts";
import type { MemoryHub } from "../../src/jetstream/memory/hub.ts";
import type { ClaimCall } from "../../src/jetstream/memory/work.ts";
import type { Network } from "./network.ts";
import type { SimProcess } from "./process.ts";
import { type LogTroubles, SimLog } from "./sim-log.ts";

/** Before a tool call is asked for again under the same id. */
const AGAIN_MS = 200;

export interface SimBroker extends Broker {
  /** Cuts the wire for a while. */
  cut(forMs: number): void;
  mend(): void;
}

interface Parts {
  hub: MemoryHub;
  inner: MemoryBroker;
  process: SimProcess;
  network: Network;
  reachable(): boolean;
}

/** Every function of a port as a request over the wire. */
function overTheWire<T extends object>({ process, network }: Parts, port: T, names: (keyof T)[]): T {
  const wired = { ...port };
  for (const name of names) {
    const act = port[name] as unknown as (...given: unknown[]) => Promise<unknown>;
    wired[name] = ((...given: unknown[]) => network.rpc(process, () => act.apply(port, given))) as unknown as T[keyof T];
  }
  return wired;
}

export function simBroker(hub: MemoryHub, process: SimProcess, network: Network, troubles: LogTroubles): SimBroker {
  const inner = memoryBroker(hub);
  let up = true;
  const reachable = () => up;
  const parts: Parts = { hub, inner, process, network, reachable };
  const set = (state: boolean) => {
    if (up === state) return;
    up = state;
    if (state) inner.faults.reconnect();
    else inner.faults.disconnect();
  };
  process.onKill(() => set(false));
  const rpc = <T>(act: () => Promise<T>) => network.rpc(process, act);
  return {
    cut: (forMs) => {
      set(false);
      network.world.after(forMs, () => process.alive && set(true));
    },
    mend: () => process.alive && set(true),
    log: (net) => new SimLog(hub, net, process, network, troubles, reachable),
    declareNet: (net) => rpc(() => inner.declareNet(net)),
    nets: () => rpc(() => inner.nets()),
    copies: (net) => rpc(() => inner.copies(net)),
    masters: {
      ...overTheWire(parts, { ...inner.masters }, ["announce", "leave", "all"]),
      serve: async (name, handle) => network.serve(process, `master.${name}`, reachable, served(handle)),
      ask: (name, verb, body) => network.ask<CommandAnswer>(process, `master.${name}`, { verb, body }),
    },
    places: (net) => simPlaces(parts, net),
    door: simDoor(parts),
    commands: {
      serve: async (net, handle) => network.serve(process, net === null ? "runtime" : `command.${net}`, reachable, served(handle)),
      ask: (net, verb, body) => network.ask<CommandAnswer>(process, net === null ? "runtime" : `command.${net}`, { verb, body }),
    },
    handover: {
      serve: async (net, handle) =>
        network.serve(process, `handover.${net}`, reachable, (batch: HandoverBatch) =>
          handle(batch).catch((error: unknown): HandoverAnswer => ({ ok: false, error: errorData(error) })),
        ),
      hand: (net, batch) => network.ask<HandoverAnswer>(process, `handover.${net}`, batch),
    },
    work: simWork(parts),
    netVersions: overTheWire(parts, inner.netVersions, ["put", "get", "list"]),
    personaVersions: overTheWire(parts, inner.personaVersions, ["put", "get", "list"]),
    control: {
      ...overTheWire(parts, { ...inner.control }, ["read"]),
      write: (state) => network.rpc(process, () => inner.control.write(state), false),
      watch: (call) => inner.control.watch(network.channel(process, call)),
    },
    leases: simLeases(parts),
    checkpoints: overTheWire(parts, inner.checkpoints, ["save", "latest", "list", "load", "remove"]),
    artifacts: overTheWire(parts, inner.artifacts, ["put", "get"]),
    keyValue: (bucket) => {
      const shared = inner.keyValue(bucket);
      return {
        ...overTheWire(parts, { ...shared }, ["get", "put", "list", "remove"]),
        watch: (call) => shared.watch(network.channel(process, call)),
      };
    },
    live: { publish: (event) => inner.live.publish(event) },
    liveText: inner.liveText,
    liveOutput: inner.liveOutput,
    onConnection: (call) => inner.onConnection((state) => process.alive && process.deliver(() => call(state))),
    close: () => inner.close(),
  };
}

function served(handle: (verb: string, body: Json) => Promise<CommandAnswer>) {
  return ({ verb, body }: { verb: string; body: Json }) =>
    handle(verb, body).catch((error: unknown): CommandAnswer => ({ ok: false, error: errorData(error) }));
}

/** An update that fails may have been done in part. */
function simPlaces({ inner, process, network }: Parts, net: string): PlaceStreams {
  const places = inner.places(net);
  return {
    declare: (specs) => network.rpc(process, () => places.declare(specs)),
    ids: (place) => network.rpc(process, () => places.ids(place)),
    silent: () => places.silent(),
    update: async (change) => {
      const parts = [...change.add.map((one) => ({ add: [one], remove: [] })), ...change.remove.map((one) => ({ add: [], remove: [one] }))];
      const done = await Promise.allSettled(parts.map((part) => network.rpc(process, () => places.update(part), false)));
      const failed = done.find((each) => each.status === "rejected");
      if (failed) throw failed.reason;
    },
  };
}

function simDoor({ inner, process, network, reachable }: Parts): Door {
  return {
    ...inner.door,
    servePut: async (net, handle) =>
      network.serve(process, `put.${net}`, reachable, (delivery: Delivery) =>
        handle(delivery).catch((error: unknown): PutAnswer => ({ ok: false, error: errorData(error) })),
      ),
    put: (net, place, payload, options) => {
      const delivery: Delivery = { place, payload, by: options?.by ?? "put", ...(options?.token ? { put: options.token } : {}) };
      return network.ask<PutAnswer>(process, `put.${net}`, delivery);
    },
    openLetterBox: async (net, places, after, take) => {
      await network.rpc(process, () => inner.nets());
      return inner.door.openLetterBox(net, places, after, network.channel(process, take, true));
    },
    purgeLetters: (net, upTo) => network.rpc(process, () => inner.door.purgeLetters(net, upTo)),
  };
}

function simWork(parts: Parts): WorkDesk {
  const { hub, inner, process, network, reachable } = parts;
  /** Late, perhaps twice, and perhaps not known to be taken in: then it comes again. */
  const handed = (net: string, take: (result: WorkResult) => Promise<void>) => async (result: WorkResult) => {
    await process.sleep(network.delay());
    if (network.world.chance.of(network.weather.twice)) hub.results(net).add(result.executor, structuredClone(result));
    await take(result);
    await process.sleep(network.delay());
  };
  return {
    ...overTheWire(parts, { ...inner.work }, ["offer", "withdraw", "executors"]),
    serveClaims: async (net, answer) =>
      network.serve(process, `claim.${net}`, reachable, ({ firing, attempt, request }: ClaimCall) =>
        answer(firing, attempt, request).catch(
          (error: unknown): ClaimAnswer => ({ ok: false, code: "unknown", message: errorData(error).message }),
        ),
      ),
    takeResults: (net, take) => inner.work.takeResults(net, handed(net, take)),
    drainResults: async (net, take) => {
      await process.sleep(network.delay());
      await inner.work.drainResults(net, handed(net, take));
    },
    callTool: async (executor, request, signal) => {
      for (;;) {
        if (signal.aborted) throw signal.reason;
        const answer = await network.ask<ToolCallAnswer>(process, `hands.${executor}.call`, request).catch(() => null);
        if (answer && answer.state !== "running") return answer;
        await process.sleep(AGAIN_MS);
      }
    },
    cancel: (executor, about) => network.ask<void>(process, `hands.${executor}.cancel`, about).catch(() => undefined),
    onExecutor: async (call) => {
      const serving = await inner.work.onExecutor(network.channel(process, call));
      process.onKill(() => void serving.stop());
      return serving;
    },
  };
}

/** A lease that lies: two owners at once, each of whom believes that it is alone. */
function simLeases({ inner, process, network }: Parts): Leases {
  const { leases } = inner;
  const lying = () => network.world.chance.of(network.weather.falseLease);
  return {
    acquire: async (net, owner, ttlMs, gone) => (await network.rpc(process, () => leases.acquire(net, owner, ttlMs, gone))) || lying(),
    all: () => network.rpc(process, () => leases.all()),
    renew: (net, owner, ttlMs) => network.rpc(process, () => leases.renew(net, owner, ttlMs)),
    release: (net, owner) => network.rpc(process, () => leases.release(net, owner)),
  };
}
