/** (d) of the link: what was asked before this process stood still is answered after it, and silence is silence all the same. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Broker } from "../../src/contract/broker.ts";
import type { Clock } from "../../src/contract/clock.ts";
import type { PetrelError } from "../../src/contract/errors.ts";
import { connectBroker } from "../../src/jetstream/connect.ts";
import { type Cluster, startCluster } from "../support/cluster.ts";
import { testIds, wallClock } from "../support/nats-server.ts";
import { waitUntil } from "../support/wait-until.ts";

let system: Cluster;
let owner: Broker;
let asking: Broker;
/** Milliseconds that have gone by without this process. */
let away = 0;
/** Timers that have called. */
let called = 0;
const clock: Clock = {
  now: () => wallClock.now() + away,
  after: (delayMs, call) =>
    wallClock.after(delayMs, () => {
      called += 1;
      call();
    }),
};

beforeAll(async () => {
  system = await startCluster();
  owner = await system.connect();
  const { url, credentials } = system.server();
  asking = await connectBroker({ url, ...credentials.master, clock, ids: testIds("away"), name: "asking" });
});
afterAll(async () => {
  await asking?.close();
  await system?.end();
});

/** Settles when the next timer of the one who asks has called. */
async function oneSweep(): Promise<void> {
  const before = called;
  await waitUntil("it looks at what is under way", () => called > before);
}

test("an answer that comes after an hour in which nothing ran is taken", async () => {
  let answer = () => {};
  let asked = false;
  const serving = await owner.commands.serve("n", async () => {
    asked = true;
    await new Promise<void>((resolve) => {
      answer = resolve;
    });
    return { ok: true, value: "late" };
  });
  const outcome = asking.commands.ask("n", "definition", {});
  await waitUntil("it is asked", () => asked);
  away += 3_600_000;
  await oneSweep();
  await oneSweep();
  answer();
  expect(await outcome).toEqual({ ok: true, value: "late" });
  await serving.stop();
});

test("while it runs, an answer that is overdue is no answer", async () => {
  const serving = await owner.commands.serve("n", () => new Promise(() => {}));
  let ended: PetrelError | null = null;
  void asking.commands.ask("n", "definition", {}, 15_000).catch((error: PetrelError) => {
    ended = error;
  });
  // As for a process under load: each timer calls late, though by less than half a second. Twenty are twelve seconds at the most.
  for (let sweep = 0; sweep < 20; sweep++) {
    away += 350;
    await oneSweep();
  }
  expect(ended).toBeNull();
  while (ended === null) {
    away += 350;
    await oneSweep();
  }
  expect(ended).toMatchObject({ outlook: "retryable", code: "no-answer" });
  await serving.stop();
});
