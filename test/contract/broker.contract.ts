/**
 * What the broker port promises, whoever implements it (design section 4). Run by the JetStream adapter on a real server and
 * by the in-memory twin.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Broker, Delivery, HandoverBatch, LogEntry } from "../../src/contract/broker.ts";
import { Terminal } from "../../src/contract/errors.ts";
import { entryHash } from "../../src/contract/hash.ts";
import { waitUntil } from "../support/wait-until.ts";
import { type BrokerWorld, bytes, epochEvent, event, place, readAll, text, token } from "./broker-samples.ts";
import { served, unserved } from "./owner-calls.ts";
import { storesContract } from "./stores.contract.ts";
import { workContract } from "./work.contract.ts";

export function brokerContract(name: string, make: () => Promise<BrokerWorld>): void {
  describe(`the broker port: ${name}`, () => {
    let world: BrokerWorld;
    let a: Broker;
    let b: Broker;
    let nets = 0;
    const freshNet = async () => {
      const net = `net-${++nets}`;
      await a.declareNet(net);
      return net;
    };
    beforeAll(async () => {
      world = await make();
      a = await world.broker();
      b = await world.broker();
    });
    afterAll(() => world?.end());

    describe("the log (E2)", () => {
      test("appends count up, and everybody reads the same entries in order", async () => {
        const net = await freshNet();
        for (let at = 0; at < 30; at++) {
          const outcome = await a.log(net).append(at, { id: `e${at}`, epoch: 1, events: [event(net, at + 1)] });
          expect(outcome).toEqual({ kind: "committed", sequence: at + 1 });
        }
        const { entries, last } = await readAll(b, net);
        expect(last).toBe(30);
        expect(entries.map((entry) => [entry.sequence, entry.id, entry.epoch])).toEqual(entries.map((_, at) => [at + 1, `e${at}`, 1]));
        expect(entries[4]?.events).toEqual([event(net, 5)]);
        expect((await readAll(b, net, 28)).entries.map((entry) => entry.id)).toEqual(["e28", "e29"]);
        expect((await readAll(b, net, 30)).entries).toEqual([]);
        expect(await a.nets()).toContain(net);
      });

      test("of two writers at one slot exactly one wins, the other is told of a conflict", async () => {
        const net = await freshNet();
        let tail = 0;
        for (let round = 0; round < 20; round++) {
          const outcomes = await Promise.all(
            [a, b].map((broker, who) =>
              broker.log(net).append(tail, { id: `r${round}w${who}`, epoch: 1, events: [event(net, round + 1)] }),
            ),
          );
          expect(outcomes.map((outcome) => outcome.kind).sort()).toEqual(["committed", "conflict"]);
          tail++;
        }
        const { entries, last } = await readAll(a, net);
        expect([entries.length, last]).toEqual([20, 20]);
      });

      test("the same entry sent twice is one entry, and committed both times", async () => {
        const net = await freshNet();
        const entry = { id: "once", epoch: 1, events: [event(net, 1)] };
        expect(await a.log(net).append(0, entry)).toEqual({ kind: "committed", sequence: 1 });
        expect(await b.log(net).append(0, entry)).toEqual({ kind: "committed", sequence: 1 });
        expect((await readAll(a, net)).last).toBe(1);
      });

      test("an entry of an older epoch is void to readers, but has its place in the count", async () => {
        const net = await freshNet();
        const log = a.log(net);
        await log.append(0, { id: "t1", epoch: 1, events: [epochEvent(net, 1, 1)] });
        await log.append(1, { id: "t2", epoch: 2, events: [epochEvent(net, 2, 2)] });
        await log.append(2, { id: "stale", epoch: 1, events: [event(net, 3)] });
        await log.append(3, { id: "good", epoch: 2, events: [event(net, 3)] });
        const all = await readAll(b, net);
        expect(all.last).toBe(4);
        expect(all.entries.map((entry) => entry.id)).toEqual(["t1", "t2", "good"]);
        expect((await readAll(b, net, 2)).entries.map((entry) => entry.id)).toEqual(["good"]);
      });

      test("an entry carries the hash of the one before it, and its own is the same for writer and reader", async () => {
        const net = await freshNet();
        const events = [event(net, 1, { summary: "é ✓ \u2028" })];
        const first = await a.log(net).append(0, { id: "one", epoch: 1, events, prev: "start" });
        expect(first).toMatchObject({ kind: "committed", hash: entryHash({ prev: "start", epoch: 1, id: "one" }, JSON.stringify(events)) });
        const prev = first.kind === "committed" ? (first.hash ?? "") : "";
        // Sent again, as after a lost answer: the same bytes, the same hash.
        expect(await b.log(net).append(0, { id: "one", epoch: 1, events, prev: "start" })).toEqual(first);
        await a.log(net).append(1, { id: "two", epoch: 1, events: [event(net, 2)], prev });
        await a.log(net).append(2, { id: "three", epoch: 1, events: [event(net, 3)] });
        const read: LogEntry[] = [];
        await b.log(net).read(0, (entry) => read.push(entry));
        expect(read.map((entry) => entry.prev)).toEqual(["start", prev, null]);
        expect(read[0]?.hash).toBe(prev);
        expect(read[2]?.hash).toBe(entryHash({ prev: null, epoch: 1, id: "three" }, JSON.stringify([event(net, 3)])));
      });

      test("an append beyond the tail is a conflict, never a success", async () => {
        const net = await freshNet();
        expect((await a.log(net).append(7, { id: "x", epoch: 1, events: [event(net, 1)] })).kind).toBe("conflict");
        expect((await readAll(a, net)).last).toBe(0);
      });

      test("an entry that is too large, and a second append in flight, are errors of the caller", async () => {
        const net = await freshNet();
        const big = event(net, 1, { summary: "x".repeat(600 * 1024) });
        await expect(a.log(net).append(0, { id: "big", epoch: 1, events: [big] })).rejects.toMatchObject({ code: "entry-too-large" });
        const first = a.log(net).append(0, { id: "one", epoch: 1, events: [event(net, 1)] });
        await expect(a.log(net).append(0, { id: "two", epoch: 1, events: [event(net, 1)] })).rejects.toMatchObject({
          code: "append-in-flight",
        });
        expect((await first).kind).toBe("committed");
      });

      test("reading from beyond the tail says that entries were lost", async () => {
        const net = await freshNet();
        await expect(readAll(a, net, 5)).rejects.toMatchObject({ code: "log-shorter" });
        await expect(readAll(a, "no-such-net")).rejects.toMatchObject({ code: "log-missing" });
      });

      test("followers get what was there and what comes, in order, without voided entries", async () => {
        const net = await freshNet();
        const stop = new AbortController();
        const seen: string[] = [];
        await a.log(net).append(0, { id: "f0", epoch: 2, events: [epochEvent(net, 1, 2)] });
        const following = (async () => {
          for await (const entry of b.log(net).follow(0, stop.signal)) seen.push(entry.id);
        })();
        for (let at = 1; at < 20; at++) {
          await a.log(net).append(at, { id: `f${at}`, epoch: at === 5 ? 1 : 2, events: [event(net, at + 1)] });
        }
        await waitUntil("the follower has all", () => seen.length === 19);
        stop.abort();
        await following;
        expect(seen).toEqual(Array.from({ length: 20 }, (_, at) => `f${at}`).filter((id) => id !== "f5"));
      });
    });

    test.each(["own", "shared"] as const)(
      "places show exactly the tokens at rest, whatever is repeated (E5): layout %s",
      async (layout) => {
        const net = await freshNet();
        const places = a.places(net);
        await places.declare([place(net, "inbox", true), place(net, "work")], layout);
        await places.declare([place(net, "inbox"), place(net, "work")], layout);
        const many = Array.from({ length: 300 }, (_, at) => ({ place: "inbox", token: token(`tk${at}`) }));
        await places.update({ add: many, remove: [] });
        await places.update({ add: many.slice(0, 10), remove: [] });
        expect((await places.ids("inbox")).size).toBe(300);
        const moved = many.slice(0, 250).map(({ token: each }) => each);
        await places.update({
          add: moved.map((each) => ({ place: "work", token: each })),
          remove: moved.map(({ id }) => ({ place: "inbox", id })),
        });
        await places.update({
          add: [],
          remove: [
            { place: "inbox", id: "tk0" },
            { place: "inbox", id: "never-there" },
          ],
        });
        expect((await b.places(net).ids("inbox")).size).toBe(50);
        expect(await b.places(net).ids("work")).toEqual(new Set(moved.map(({ id }) => id)));
        await places.update({ add: [{ place: "work", token: token("brief") }], remove: [{ place: "work", id: "brief" }] });
        expect((await places.ids("work")).has("brief")).toBe(false);
      },
    );

    test("places of another layout begin empty, and readers find them; undeclared ones are missing", async () => {
      const net = await freshNet();
      const places = a.places(net);
      await expect(places.ids("inbox")).rejects.toMatchObject({ code: "place-stream-missing" });
      const declared = [place(net, "inbox", true), place(net, "work")];
      for (const layout of ["own", "shared", "own", "shared"] as const) {
        await places.declare(declared, layout);
        expect([...(await places.ids("inbox")), ...(await b.places(net).ids("work"))]).toEqual([]);
        await places.update({ add: [{ place: "inbox", token: token(`of-${layout}`) }], remove: [] });
        expect(await b.places(net).ids("inbox")).toEqual(new Set([`of-${layout}`]));
      }
    });

    describe("the handover between nets (E10)", () => {
      const batch = (from: string): HandoverBatch => ({
        from,
        identity: "log-1.0",
        peer: null,
        first: 7,
        tokens: [{ place: "inbox", token: token("tk7"), author: "user:ada" }],
      });

      test("a batch reaches the owner whole, and its answer comes back", async () => {
        const net = await freshNet();
        const seen: HandoverBatch[] = [];
        const serving = await a.handover.serve(net, async (each) => {
          seen.push(each);
          return { ok: true, identity: "log-2", taken: 7 };
        });
        expect(await served(() => b.handover.hand(net, batch("other")))).toEqual({ ok: true, identity: "log-2", taken: 7 });
        expect(await served(() => a.handover.hand(net, batch("third")))).toEqual({ ok: true, identity: "log-2", taken: 7 });
        expect(seen).toEqual([batch("other"), batch("third")]);
        await serving.stop();
        expect(await unserved(() => b.handover.hand(net, batch("other")))).toMatchObject({ outlook: "retryable", code: "no-owner" });
      });

      test("a refusal and a fault of the owner come back as errors, not as silence", async () => {
        const net = await freshNet();
        let round = 0;
        const serving = await a.handover.serve(net, async () => {
          round += 1;
          if (round === 1) return { ok: false, error: { outlook: "terminal", code: "link-gap", message: "a gap" } };
          throw new Terminal({ code: "target-recreated", message: "another log", hint: "relink" });
        });
        expect(await served(() => b.handover.hand(net, batch("x")))).toEqual({
          ok: false,
          error: { outlook: "terminal", code: "link-gap", message: "a gap" },
        });
        expect(await served(() => b.handover.hand(net, batch("x")))).toEqual({
          ok: false,
          error: { outlook: "terminal", code: "target-recreated", message: "another log", hint: "relink" },
        });
        await serving.stop();
      });
    });

    describe("the door (E6)", () => {
      test("a put reaches the owner with its idempotency key, and the owner's answer comes back", async () => {
        const net = await freshNet();
        const seen: Delivery[] = [];
        const serving = await a.door.servePut(net, async (delivery) => {
          seen.push(delivery);
          if (delivery.place === "bad") throw new Terminal({ code: "no-such-place", message: "there is no place bad", hint: "use inbox" });
          return { ok: true, id: "tk1", seq: 4, place: delivery.place };
        });
        expect(await served(() => b.door.put(net, "inbox", bytes('{"a":1}'), { token: "key-1" }))).toEqual({
          ok: true,
          id: "tk1",
          seq: 4,
          place: "inbox",
        });
        expect(await served(() => b.door.put(net, "bad", bytes("no json")))).toEqual({
          ok: false,
          error: { outlook: "terminal", code: "no-such-place", message: "there is no place bad", hint: "use inbox" },
        });
        expect(seen.map((each) => [each.place, each.put, text(each.payload)])).toEqual([
          ["inbox", "key-1", '{"a":1}'],
          ["bad", undefined, "no json"],
        ]);
        await serving.stop();
        expect(await unserved(() => b.door.put(net, "inbox", bytes("1")))).toMatchObject({
          outlook: "retryable",
          code: "no-owner",
          hint: expect.stringContaining("petrel up"),
        });
      });

      test("letters wait for the owner, come in order, each once after its mark, and leave when purged", async () => {
        const net = await freshNet();
        const nothing = () => undefined;
        await (await a.door.openLetterBox(net, ["inbox", "other"], () => null, nothing)).stop();
        for (let at = 0; at < 5; at++) await world.letter(net, at === 3 ? "other" : "inbox", `letter ${at}`);
        const first: Delivery[] = [];
        const open = await a.door.openLetterBox(
          net,
          ["inbox", "other"],
          () => null,
          (each) => first.push(each),
        );
        await waitUntil("five letters came", () => first.length === 5);
        await world.letter(net, "inbox", "letter 5");
        await waitUntil("the sixth came", () => first.length === 6);
        await open.stop();
        expect(first.map((each) => text(each.payload))).toEqual([0, 1, 2, 3, 4, 5].map((at) => `letter ${at}`));
        expect(first[3]?.place).toBe("other");
        const mark = first[3]?.letter ?? null;
        const second: Delivery[] = [];
        const again = await b.door.openLetterBox(
          net,
          ["inbox", "other"],
          () => mark,
          (each) => second.push(each),
        );
        await waitUntil("what is after the mark came", () => second.length === 2);
        await again.stop();
        expect(second.map((each) => each.letter)).toEqual([first[4]?.letter, first[5]?.letter]);
        const done = first[4]?.letter ?? { created: "", seq: 0 };
        // What is known of a box that was thrown away says nothing of the letters in this one.
        await b.door.purgeLetters(net, { created: "2001-01-01T00:00:00Z", seq: 100 });
        await b.door.purgeLetters(net, done);
        const third: Delivery[] = [];
        const last = await b.door.openLetterBox(
          net,
          ["inbox"],
          () => null,
          (each) => third.push(each),
        );
        await waitUntil("the one left came", () => third.length === 1);
        await last.stop();
        expect(third[0]?.letter).toEqual(first[5]?.letter);
      });

      test("a letter to a place that is not open is heard, without a mark", async () => {
        const net = await freshNet();
        const seen: Delivery[] = [];
        const open = await a.door.openLetterBox(
          net,
          ["inbox"],
          () => null,
          (each) => seen.push(each),
        );
        await waitUntil("a stray letter is heard", async () => {
          await world.letter(net, "closed", "psst");
          return seen.length > 0;
        });
        await open.stop();
        expect(seen[0]).toMatchObject({ place: "closed" });
        expect(seen[0]?.letter).toBeUndefined();
      });
    });

    test("commands reach the owner of a net or the runtime, and a failing handler answers with its error", async () => {
      const net = await freshNet();
      const ofNet = await a.commands.serve(net, async (verb, body) => ({ ok: true, value: { verb, body } }));
      const ofRuntime = await a.commands.serve(null, async () => {
        throw new Terminal({ code: "boom", message: "it broke" });
      });
      expect(await served(() => b.commands.ask(net, "approve", { gate: "g" }))).toEqual({
        ok: true,
        value: { verb: "approve", body: { gate: "g" } },
      });
      expect(await served(() => b.commands.ask(null, "nets", null))).toMatchObject({ ok: false, error: { code: "boom" } });
      await ofNet.stop();
      await ofRuntime.stop();
      expect(await unserved(() => b.commands.ask(net, "approve", {}))).toMatchObject({ code: "no-owner" });
    });

    workContract(() => ({ world, a, b }), freshNet);
    storesContract(() => ({ world, a, b }), freshNet);
  });
}
