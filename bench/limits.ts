/**
 * What the broker alone can do on this machine, in this run: raw, acknowledged publishes a second of 264-byte messages from one
 * process to one file stream with `persist_mode: async`, pipelined; answered, the same with what a program does with an answer: it is
 * parsed, and a promise is settled for each publish; and sync, the median milliseconds of one acknowledged publish to an fsynced
 * stream, one at a time.
 */
import type { NatsConnection } from "@nats-io/transport-node";
import { ids, nowMs, quantile } from "./bed.ts";

const BYTES = 264;
const IN_FLIGHT = 500;

export interface Limits {
  raw: number;
  answered: number;
  sync: number;
}

export async function limits(nc: NatsConnection): Promise<Limits> {
  return { raw: await rate(nc, publishes), answered: await rate(nc, promisedPublishes), sync: await sync(nc) };
}

/** A second, into an async stream of its own. */
async function rate(nc: NatsConnection, publish: typeof publishes): Promise<number> {
  const name = `RAW${ids.next().slice(-6)}`;
  await make(nc, { name, subjects: [name], persist_mode: "async" });
  await publish(nc, name, 20_000);
  const began = nowMs();
  const count = 60_000;
  await publish(nc, name, count);
  const perSecond = (count * 1000) / (nowMs() - began);
  await nc.request(`$JS.API.STREAM.DELETE.${name}`);
  return perSecond;
}

async function sync(nc: NatsConnection): Promise<number> {
  const name = `SYNC${ids.next().slice(-6)}`;
  await make(nc, { name, subjects: [name] });
  const body = "x".repeat(BYTES);
  const times: number[] = [];
  for (let at = 0; at < 500; at++) {
    const began = nowMs();
    await nc.request(name, body);
    if (at >= 100) times.push(nowMs() - began);
  }
  await nc.request(`$JS.API.STREAM.DELETE.${name}`);
  return quantile(times, 0.5);
}

async function make(nc: NatsConnection, config: object): Promise<void> {
  const answer = await nc.request(
    `$JS.API.STREAM.CREATE.${(config as { name: string }).name}`,
    JSON.stringify({ retention: "limits", storage: "file", ...config }),
  );
  const { error } = answer.json<{ error?: { description: string } }>();
  if (error) throw new Error(error.description);
}

/** One reply inbox for all, which is the fastest that the client can do. */
function publishes(nc: NatsConnection, subject: string, count: number): Promise<void> {
  const body = new TextEncoder().encode("x".repeat(BYTES));
  const inbox = `_INBOX.raw${ids.next()}`;
  return new Promise((resolve, reject) => {
    let sent = 0;
    let answered = 0;
    const send = () => {
      while (sent < count && sent - answered < IN_FLIGHT) nc.publish(subject, body, { reply: `${inbox}.${sent++}` });
    };
    const subscription = nc.subscribe(`${inbox}.*`, {
      callback: (error, msg) => {
        if (error || msg.string().includes('"error"')) return reject(error ?? new Error(msg.string()));
        answered += 1;
        if (answered < count) return send();
        subscription.unsubscribe();
        resolve();
      },
    });
    send();
  });
}

interface Promised {
  resolve(sequence: number): void;
  reject(error: Error): void;
}

/** As many in flight, each awaited by whoever made it, as the bare prototype of the firing protocol does. */
async function promisedPublishes(nc: NatsConnection, subject: string, count: number): Promise<void> {
  const body = new TextEncoder().encode("x".repeat(BYTES));
  const inbox = `_INBOX.raw${ids.next()}`;
  const waiting = new Map<string, Promised>();
  const subscription = nc.subscribe(`${inbox}.*`, {
    callback: (error, msg) => {
      const id = msg.subject.slice(inbox.length + 1);
      const promised = waiting.get(id);
      waiting.delete(id);
      const answer = error ? null : msg.json<{ seq: number; error?: { description: string } }>();
      if (answer && !answer.error) promised?.resolve(answer.seq);
      else promised?.reject(error ?? new Error(answer?.error?.description));
    },
  });
  let sent = 0;
  const publishOne = (id: string) =>
    new Promise<number>((resolve, reject) => {
      waiting.set(id, { resolve, reject });
      nc.publish(subject, body, { reply: `${inbox}.${id}` });
    });
  const publisher = async () => {
    while (sent < count) await publishOne(String(sent++));
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, publisher));
  subscription.unsubscribe();
}
