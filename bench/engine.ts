/**
 * Five `pass` transitions in a row on the real engine and a real nats-server that syncs every acknowledged entry. Prints JSON.
 * Rates are also given as ratios to a raw publish rate of the same run, since absolute numbers say more about the machine.
 */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { monotonicFactory } from "ulid";
import { Master } from "../src/actors/master.ts";
import type { Broker } from "../src/contract/broker.ts";
import type { Clock } from "../src/contract/clock.ts";
import type { Json } from "../src/contract/json.ts";
import { silentLogger } from "../src/contract/logger.ts";
import { connectBroker } from "../src/jetstream/connect.ts";
import { findServerBinary } from "../src/jetstream/server/binary.ts";
import { startManagedServer } from "../src/jetstream/server/managed.ts";

const NET = "w5";
const STEPS = 5;
const BY = { user: "bench", roles: ["maintainer"] };
const { values } = parseArgs({ options: { tokens: { type: "string", default: "4000" }, singles: { type: "string", default: "300" } } });
const tokens = Number(values.tokens);
const singles = Number(values.singles);

const ulid = monotonicFactory();
const ids = { next: () => ulid().toLowerCase() };
const clock: Clock = {
  now: () => Date.now(),
  after: (delayMs, call) => {
    const handle = setTimeout(call, delayMs);
    return { cancel: () => clearTimeout(handle) };
  },
};
const payload = { title: "add slugify", text: "x".repeat(150) };

/** place-0 -> step-1 -> place-1 ... -> place-5 */
function w5(): Json {
  const numbers = Array.from({ length: STEPS }, (_, at) => at + 1);
  return {
    net: NET,
    places: Object.fromEntries([
      ["place-0", { open: true }],
      ...numbers.map((n): [string, Json] => [`place-${n}`, n === STEPS ? { sink: true } : {}]),
    ]),
    transitions: Object.fromEntries(
      numbers.map((n): [string, Json] => [
        `step-${n}`,
        { kind: "pass", in: [{ place: `place-${n - 1}`, as: "job" }], out: [{ to: `place-${n}` }] },
      ]),
    ),
  };
}

async function windowed(count: number, width: number, one: (at: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < count) await one(next++);
  };
  await Promise.all(Array.from({ length: Math.min(width, count) }, lane));
}

async function perSecond(count: number, work: () => Promise<unknown>): Promise<number> {
  const began = process.hrtime.bigint();
  await work();
  return (count * 1e9) / Number(process.hrtime.bigint() - began);
}

/** Acknowledged publishes of token-sized messages to a stream of the kind that places are, 500 in flight, one reply inbox for all. */
async function rawPublishRate(nc: NatsConnection, count: number): Promise<number> {
  await nc.request(
    "$JS.API.STREAM.CREATE.RAW",
    JSON.stringify({ name: "RAW", subjects: ["raw"], retention: "limits", storage: "file", persist_mode: "async" }),
  );
  const inbox = `_INBOX.raw${ids.next()}`;
  const waiting = new Map<string, () => void>();
  nc.subscribe(`${inbox}.*`, { callback: (_, msg) => waiting.get(msg.subject)?.() });
  const body = JSON.stringify({ id: ids.next(), data: payload, from: { outside: "bench" }, by: "bench", at: "", correlation: "", v: 1 });
  return perSecond(count, () =>
    windowed(count, 500, (at) => {
      const reply = `${inbox}.${at}`;
      return new Promise<void>((done) => {
        waiting.set(reply, () => {
          waiting.delete(reply);
          done();
        });
        nc.publish("raw", body, { reply });
      });
    }),
  );
}

async function ask(broker: Broker, net: string | null, verb: string, body: Record<string, Json>): Promise<void> {
  const answer = await broker.commands.ask(net, verb, { by: BY, ...body }, 60_000);
  if (!answer.ok) throw new Error(`${verb}: ${answer.error?.message}`);
}

async function put(broker: Broker): Promise<void> {
  const answer = await broker.door.put(NET, "place-0", Buffer.from(JSON.stringify(payload)));
  if (!answer.ok) throw new Error(answer.error.message);
}

async function until(predicate: () => boolean): Promise<void> {
  while (!predicate()) await new Promise((again) => setTimeout(again, 1));
}

async function main(): Promise<Record<string, Json>> {
  const dir = mkdtempSync(join(tmpdir(), "petrel-bench-"));
  const binary = await findServerBinary({ environment: process.env, cwd: process.cwd() });
  const server = await startManagedServer({ binary: binary.path, dir, durability: "fsync", clock });
  const login = (who: "master" | "admin") => ({ url: server.url, ...server.credentials[who], name: `bench-${who}`, clock, ids });
  const broker = await connectBroker(login("master"));
  const outside = await connectBroker(login("admin"));
  const { user, password: pass } = server.credentials.admin;
  const nc = await connect({ servers: server.url, user, pass });
  const random = () => randomBytes(4).readUInt32BE(0) / 2 ** 32;
  const ports = { broker, clock, ids, random, name: "bench", version: "0", durability: "fsync", logger: silentLogger };
  const master = await Master.start({
    ...ports,
    leaseMs: 30_000,
    netLeaseMs: 5000,
    sign: () => {
      throw new Error("there is no executor");
    },
    work: () => Promise.reject(new Error("there is no model")),
  });
  try {
    const rawPublish = await rawPublishRate(nc, 30_000);
    await ask(outside, null, "apply-net", { definition: w5() });
    const term = await master.termOf(NET);
    const atEnd = () => term.state.places.get(`place-${STEPS}`)?.size ?? 0;
    // All tokens lie at the start before the first step may fire, so that what is measured is firings.
    await ask(outside, NET, "pause", {});
    const puts = await perSecond(tokens, () => windowed(tokens, 500, () => put(outside)));
    const firings = await perSecond(tokens * STEPS, async () => {
      await ask(outside, NET, "resume", {});
      await until(() => atEnd() === tokens && term.loop.backlog === 0);
    });
    const began = process.hrtime.bigint();
    await until(() => term.projection.backlog === 0);
    const placesBehindMs = Number(process.hrtime.bigint() - began) / 1e6;
    const times = await singleTokens(nc, outside);
    const mismatch = await term.comparePlaces();
    return report({ rawPublish, puts, firings, placesBehindMs, times, mismatch: mismatch as unknown as Json });
  } finally {
    await nc.close();
    await master.stop();
    await outside.close();
    await broker.close();
    await server.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

/** From the put to the live copy of the last step's event, which follows its acknowledgement. Milliseconds, ascending. */
async function singleTokens(nc: NatsConnection, outside: Broker): Promise<number[]> {
  const times: number[] = [];
  const events = nc.subscribe(`event.${NET}.fired.step-${STEPS}`);
  const arrivals = events[Symbol.asyncIterator]();
  await nc.flush();
  for (let n = 0; n < singles; n++) {
    const began = process.hrtime.bigint();
    await Promise.all([put(outside), arrivals.next()]);
    times.push(Number(process.hrtime.bigint() - began) / 1e6);
  }
  events.unsubscribe();
  return times.sort((a, b) => a - b);
}

function report(found: { rawPublish: number; puts: number; firings: number; placesBehindMs: number; times: number[]; mismatch: Json }) {
  const { rawPublish, puts, firings, placesBehindMs, times, mismatch } = found;
  const quantile = (q: number) => times[Math.min(times.length - 1, Math.floor(times.length * q))] ?? 0;
  const oneRaw = 1000 / rawPublish;
  return {
    workload: `${tokens} tokens through ${STEPS} pass transitions, fsync; then ${singles} single tokens`,
    machine: { cpus: cpus().length, memoryGiB: Math.round(totalmem() / 2 ** 30), node: process.version },
    perSecond: { rawPublish: Math.round(rawPublish), put: Math.round(puts), firings: Math.round(firings) },
    ratioToRawPublish: { put: rounded(puts / rawPublish), firings: rounded(firings / rawPublish) },
    singleTokenMs: { p50: rounded(quantile(0.5)), p99: rounded(quantile(0.99)) },
    singleTokenInRawPublishes: { p50: Math.round(quantile(0.5) / oneRaw), p99: Math.round(quantile(0.99) / oneRaw) },
    placesBehindMs: Math.round(placesBehindMs),
    places: mismatch,
  };
}
function rounded(value: number): number {
  return Number(value.toPrecision(3));
}

process.stdout.write(`${JSON.stringify(await main(), null, 2)}\n`);
