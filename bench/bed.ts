/** What every case stands on: a managed nats-server of its own at durability fsync, a master, and a clock. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { monotonicFactory } from "ulid";
import { Master } from "../src/actors/master.ts";
import type { MasterPorts } from "../src/actors/master-ports.ts";
import type { Term } from "../src/actors/term/term.ts";
import type { Broker } from "../src/contract/broker.ts";
import type { Clock } from "../src/contract/clock.ts";
import { fractionsOf } from "../src/contract/fractions.ts";
import type { Json } from "../src/contract/json.ts";
import { silentLogger } from "../src/contract/logger.ts";
import { connectBroker } from "../src/jetstream/connect.ts";
import { findServerBinary } from "../src/jetstream/server/binary.ts";
import { loginOptions } from "../src/jetstream/server/login.ts";
import { startManagedServer } from "../src/jetstream/server/managed.ts";

const BY = { user: "bench", roles: ["maintainer"] };
// As the composition root makes them.
const random = fractionsOf(randomBytes);
const ulid = monotonicFactory(random);
export const ids = { next: () => ulid().toLowerCase() };
export const clock: Clock = {
  now: () => Date.now(),
  after: (delayMs, call) => {
    // As the composition root does it: a timer of nothing would wait a millisecond.
    if (delayMs <= 0) {
      const handle = setImmediate(call);
      return { cancel: () => clearImmediate(handle) };
    }
    const handle = setTimeout(call, delayMs);
    return { cancel: () => clearTimeout(handle) };
  },
};

export interface Bed {
  master: Master;
  /** The master's own connection. */
  broker: Broker;
  /** Of somebody outside, with a connection of its own. */
  outside: Broker;
  /** The broker itself, for measuring it alone. */
  nc: NatsConnection;
  server: { url: string; user: string; password: string };
  apply(definition: Json): Promise<Term>;
  ask(net: string | null, verb: string, body?: Record<string, Json>): Promise<Json>;
}

export async function onBed<T>(work: (bed: Bed) => Promise<T>, options: Partial<MasterPorts> = {}): Promise<T> {
  const dir = mkdtempSync(join(tmpdir(), "petrel-bench-"));
  const binary = await findServerBinary({ environment: process.env, cwd: process.cwd() });
  const server = await startManagedServer({ binary: binary.path, dir, durability: "fsync", clock });
  const login = (who: "master" | "admin") => ({ url: server.url, ...server.credentials[who], name: `bench-${who}`, clock, ids });
  const broker = await connectBroker(login("master"));
  const outside = await connectBroker(login("admin"));
  const { user, password } = server.credentials.admin;
  const nc = await connect({ servers: server.url, ...loginOptions(server.credentials.admin) });
  const master = await Master.start({ ...masterPorts(broker), ...options });
  const ask = async (net: string | null, verb: string, body: Record<string, Json> = {}) => {
    const answer = await outside.commands.ask(net, verb, { by: BY, ...body }, 120_000);
    if (!answer.ok) throw new Error(`${verb}: ${answer.error?.message}`);
    return answer.value ?? null;
  };
  const apply = async (definition: Json) => {
    await ask(null, "apply-net", { definition });
    return await master.termOf(String((definition as { net: string }).net));
  };
  try {
    return await work({ master, broker, outside, nc, server: { url: server.url, user, password }, apply, ask });
  } finally {
    await nc.close();
    await master.stop();
    await outside.close();
    await broker.close();
    await server.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

export function masterPorts(broker: Broker): MasterPorts {
  return {
    ...{ broker, clock, ids, name: "bench", version: "0", durability: "fsync", logger: silentLogger, random },
    leaseMs: 30_000,
    netLeaseMs: 5000,
    sign: () => {
      throw new Error("there is no executor");
    },
    work: () => Promise.reject(new Error("there is no model")),
  };
}

export async function until(predicate: () => boolean): Promise<void> {
  while (!predicate()) await new Promise((again) => setTimeout(again, 1));
}

export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

export async function windowed(count: number, width: number, one: (at: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < count) await one(next++);
  };
  await Promise.all(Array.from({ length: Math.min(width, count) }, lane));
}

export function quantile(values: number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}
