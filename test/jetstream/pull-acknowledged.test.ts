/** An offer is worked on while the broker's word on its acknowledgement is awaited; the next one is asked for after it. */
import { headers, type Msg } from "@nats-io/transport-node";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Refused, Retryable } from "../../src/contract/errors.ts";
import { packEnvelope } from "../../src/jetstream/envelope-bytes.ts";
import { JetStreamExecutorLine } from "../../src/jetstream/executor-line.ts";
import type { Link } from "../../src/jetstream/link.ts";
import { wallClock } from "../support/nats-server.ts";
import { waitUntil } from "../support/wait-until.ts";

const offer = { order: new Uint8Array([1]), signature: new Uint8Array([2]) };
let stop: AbortController;
beforeEach(() => {
  stop = new AbortController();
});
afterEach(() => stop?.abort());

/** A broker that has always an offer, and whose word on an acknowledgement the test gives. */
function broker() {
  const asked: string[] = [];
  const waiting: { resolve(): void; reject(error: Error): void }[] = [];
  const message = (reply: string) => ({ data: packEnvelope(offer), reply, headers: headers() }) as unknown as Msg;
  const call = (subject: string, payload: string) => {
    asked.push(payload === "+ACK" ? "acknowledge" : "pull");
    if (payload !== "+ACK") return Promise.resolve(message(`$JS.ACK.work.workers.1.${asked.length}`));
    return new Promise<Msg>((resolve, reject) => waiting.push({ resolve: () => resolve(message(subject)), reject }));
  };
  const link = { clock: wallClock, up: true, call, publish: () => {}, whenUp: () => Promise.resolve() } as unknown as Link;
  return { asked, waiting, line: new JetStreamExecutorLine(link) };
}

test("an offer is given before its acknowledgement is answered, and the next is asked for after that", async () => {
  const { asked, waiting, line } = broker();
  const offers = line.pull("code", stop.signal);
  expect((await offers.next()).value).toEqual(offer);
  expect(asked).toEqual(["pull", "acknowledge"]);
  const next = offers.next();
  await waitUntil("what can happen has happened", () => new Promise((done) => setImmediate(() => done(true))));
  expect(asked).toEqual(["pull", "acknowledge"]);
  waiting[0]?.resolve();
  expect((await next).value).toEqual(offer);
  expect(asked).toEqual(["pull", "acknowledge", "pull", "acknowledge"]);
});

test("an acknowledgement without an answer is asked for again and then left to the claim; one that is refused is told", async () => {
  const { asked, waiting, line } = broker();
  const offers = line.pull("code", stop.signal);
  await offers.next();
  const next = offers.next();
  for (let at = 0; at < 3; at += 1) {
    await waitUntil("it is asked", () => waiting.length > at);
    waiting[at]?.reject(new Retryable({ code: "no-answer", message: "no answer" }));
  }
  expect((await next).value).toEqual(offer);
  expect(asked).toEqual(["pull", "acknowledge", "acknowledge", "acknowledge", "pull", "acknowledge"]);
  const last = offers.next();
  waiting[3]?.reject(new Refused({ code: "broker-permission", message: "not allowed" }));
  await expect(last).rejects.toMatchObject({ code: "broker-permission" });
});
