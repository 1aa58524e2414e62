import { afterEach, describe, expect, test } from "vitest";
import { memoryBroker } from "../../src/jetstream/memory/broker.ts";
import { memoryExecutorLine } from "../../src/jetstream/memory/executor-line.ts";
import { MemoryHub } from "../../src/jetstream/memory/hub.ts";
import { wallClock } from "../support/nats-server.ts";
import { brokerContract } from "./broker.contract.ts";
import { event } from "./broker-samples.ts";

brokerContract("in memory", async () => {
  const hub = new MemoryHub(wallClock);
  const open: { close(): Promise<void> }[] = [];
  const kept = <T extends { close(): Promise<void> }>(client: T): T => {
    open.push(client);
    return client;
  };
  return {
    broker: async () => kept(memoryBroker(hub)),
    executor: async () => kept(memoryExecutorLine(hub)),
    letter: async (net, place, payload) => hub.letter(net, place, new TextEncoder().encode(payload)),
    end: async () => {
      for (const client of open) await client.close();
    },
  };
});

describe("the in-memory broker's faults", () => {
  const brokers: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const broker of brokers.splice(0)) await broker.close();
  });
  const fresh = async () => {
    const broker = memoryBroker(new MemoryHub(wallClock));
    brokers.push(broker);
    await broker.declareNet("n");
    return broker;
  };
  const entry = (id: string) => ({ id, epoch: 1, events: [event("n", 1)] });

  test("a lost answer is resolved as committed, once", async () => {
    const broker = await fresh();
    broker.faults.dropAnswers = 2;
    expect(await broker.log("n").append(0, entry("a"))).toEqual({ kind: "committed", sequence: 1 });
    expect(await broker.log("n").read(0, () => undefined)).toBe(1);
  });

  test("a stolen slot is a conflict, a full store a rejection", async () => {
    const broker = await fresh();
    broker.faults.stealSlot = 1;
    expect((await broker.log("n").append(0, entry("a"))).kind).toBe("conflict");
    broker.faults.rejectAppends = { outlook: "retryable", code: "broker-full", message: "no space" };
    expect(await broker.log("n").append(1, entry("b"))).toMatchObject({ kind: "rejected", error: { code: "broker-full" } });
  });

  test("an append waits while the wire is cut, and can be called off", async () => {
    const broker = await fresh();
    const states: string[] = [];
    broker.onConnection((state) => states.push(state));
    broker.faults.disconnect();
    const abort = new AbortController();
    const dropped = broker.log("n").append(0, entry("a"), abort.signal);
    abort.abort();
    await expect(dropped).rejects.toMatchObject({ outlook: "cancelled" });
    const waiting = broker.log("n").append(0, entry("b"));
    await expect(broker.control.read()).rejects.toMatchObject({ code: "wire-down" });
    broker.faults.reconnect();
    expect(await waiting).toEqual({ kind: "committed", sequence: 1 });
    expect(states).toEqual(["down", "up"]);
  });
});
