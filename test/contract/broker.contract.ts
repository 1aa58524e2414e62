/**
 * What the broker port promises, whoever implements it (design section 4). Run by the JetStream adapter on a real server and
 * by the in-memory twin.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Broker, Delivery, ExecutorLine, HandoverBatch, LogEntry } from "../../src/contract/broker.ts";
import type { ExecutorPresence, SignedOrder, ToolCallAnswer, ToolCallRequest, WorkResult } from "../../src/contract/envelope.ts";
import { Terminal } from "../../src/contract/errors.ts";
import type { NetEvent } from "../../src/contract/event.ts";
import { entryHash } from "../../src/contract/hash.ts";
import type { Token } from "../../src/contract/token.ts";
import { waitUntil } from "../support/nats-server.ts";

/** One broker, any number of clients. */
export interface BrokerWorld {
  broker(): Promise<Broker>;
  executor(name: string): Promise<ExecutorLine>;
  /** What `nats pub place.<net>.<place>` does. */
  letter(net: string, place: string, payload: string): Promise<void>;
  end(): Promise<void>;
}

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (data: Uint8Array) => new TextDecoder().decode(data);

export function event(net: string, seq: number, over: Partial<NetEvent> = {}): NetEvent {
  return { seq, ts: "2025-01-01T00:00:00.000Z", category: "token", type: "arrived", status: "ok", summary: `event ${seq}`, net, ...over };
}
export const epochEvent = (net: string, seq: number, epoch: number) =>
  event(net, seq, { category: "control", type: "epoch", attributes: { epoch, owner: "t" } });
export function token(id: string): Token {
  return { id, data: { title: id, n: 1 }, from: { outside: "t" }, by: "t", at: "2025-01-01T00:00:00.000Z", correlation: id, v: 1 };
}
const place = (net: string, name: string, open = false) => ({ net, place: name, title: `The ${name}`, capacity: null, open });
const order = (label: string): SignedOrder => ({ order: bytes(label), signature: bytes("signed") });
const result = (net: string, firing: string, executor = "ex"): WorkResult => ({
  v: 1,
  net,
  transition: "t",
  firing,
  attempt: 1,
  executor,
  outcome: { ok: true, value: { done: firing } },
  startedAt: "2025-01-01T00:00:00.000Z",
  durationMs: 5,
});
const presence = (name: string): ExecutorPresence => ({
  name,
  pools: ["code"],
  labels: ["git"],
  version: "0",
  pid: 1,
  host: "h",
  busy: 0,
  slots: 2,
  at: "2025-01-01T00:00:00.000Z",
});

async function readAll(broker: Broker, net: string, after = 0): Promise<{ entries: LogEntry[]; last: number }> {
  const entries: LogEntry[] = [];
  const last = await broker.log(net).read(after, (entry) => entries.push(entry));
  return { entries, last };
}

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
    afterAll(() => world.end());

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
        expect(await b.handover.hand(net, batch("other"))).toEqual({ ok: true, identity: "log-2", taken: 7 });
        expect(await a.handover.hand(net, batch("third"))).toEqual({ ok: true, identity: "log-2", taken: 7 });
        expect(seen).toEqual([batch("other"), batch("third")]);
        await serving.stop();
        await expect(b.handover.hand(net, batch("other"))).rejects.toMatchObject({ outlook: "retryable", code: "no-owner" });
      });

      test("a refusal and a fault of the owner come back as errors, not as silence", async () => {
        const net = await freshNet();
        let round = 0;
        const serving = await a.handover.serve(net, async () => {
          round += 1;
          if (round === 1) return { ok: false, error: { outlook: "terminal", code: "link-gap", message: "a gap" } };
          throw new Terminal({ code: "target-recreated", message: "another log", hint: "relink" });
        });
        expect(await b.handover.hand(net, batch("x"))).toEqual({
          ok: false,
          error: { outlook: "terminal", code: "link-gap", message: "a gap" },
        });
        expect(await b.handover.hand(net, batch("x"))).toEqual({
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
        expect(await b.door.put(net, "inbox", bytes('{"a":1}'), { token: "key-1" })).toEqual({
          ok: true,
          id: "tk1",
          seq: 4,
          place: "inbox",
        });
        expect(await b.door.put(net, "bad", bytes("no json"))).toEqual({
          ok: false,
          error: { outlook: "terminal", code: "no-such-place", message: "there is no place bad", hint: "use inbox" },
        });
        expect(seen.map((each) => [each.place, each.put, text(each.payload)])).toEqual([
          ["inbox", "key-1", '{"a":1}'],
          ["bad", undefined, "no json"],
        ]);
        await serving.stop();
        await expect(b.door.put(net, "inbox", bytes("1"))).rejects.toMatchObject({
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
        await b.door.purgeLetters(net, first[4]?.letter?.seq ?? 0);
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
      expect(await b.commands.ask(net, "approve", { gate: "g" })).toEqual({ ok: true, value: { verb: "approve", body: { gate: "g" } } });
      expect(await b.commands.ask(null, "nets", null)).toMatchObject({ ok: false, error: { code: "boom" } });
      await ofNet.stop();
      await ofRuntime.stop();
      await expect(b.commands.ask(net, "approve", {})).rejects.toMatchObject({ code: "no-owner" });
    });

    describe("the work (E8)", () => {
      test("each offer goes to one executor, once, also when it is offered twice", async () => {
        const net = await freshNet();
        const pool = `pool-${net}`;
        const lines = [await world.executor("ex"), await world.executor("ey")];
        const stop = new AbortController();
        const pulled: string[] = [];
        const pulling = lines.map(async (line) => {
          for await (const each of line.pull(pool, stop.signal)) pulled.push(text(each.order));
        });
        for (let at = 0; at < 20; at++) {
          const about = { pool, net, transition: "t", id: `f${at}.1` };
          await a.work.offer(order(`o${at}`), about);
          await a.work.offer(order(`o${at}`), about);
        }
        await waitUntil("all offers were pulled", () => pulled.length >= 20);
        stop.abort();
        await Promise.all(pulling);
        expect(pulled.sort()).toEqual(Array.from({ length: 20 }, (_, at) => `o${at}`).sort());
      });

      test("a withdrawn net has no offers left, others keep theirs, and an order may be offered anew", async () => {
        const [net, other] = [await freshNet(), await freshNet()];
        const pool = `pool-${net}`;
        const about = { pool, net, transition: "t", id: "f1.1" };
        await a.work.offer(order("gone"), about);
        await a.work.offer(order("kept"), { ...about, net: other });
        await a.work.withdraw(net);
        await a.work.offer(order("again"), about);
        const line = await world.executor("ex");
        const pulled: string[] = [];
        const stop = new AbortController();
        for await (const each of line.pull(pool, stop.signal)) {
          pulled.push(text(each.order));
          if (pulled.length === 2) stop.abort();
        }
        expect(pulled).toEqual(["kept", "again"]);
      });

      test("claims are answered by the owner; without one the executor is told to ask again", async () => {
        const net = await freshNet();
        const line = await world.executor("ex");
        await expect(line.claim(net, "f1", 1, { verb: "claim", executor: "ex" })).rejects.toMatchObject({ code: "no-owner" });
        const serving = await a.work.serveClaims(net, async (firing, attempt, request) => {
          if (firing === "bug") throw new Error("oops");
          if (attempt !== 2) return { ok: false, code: "not-open", message: `${firing} is at attempt 2` };
          return { ok: true, leaseMs: 30_000, timeLeftMs: 1000, secrets: { who: request.executor } };
        });
        const ask = (firing: string, attempt: number) => line.claim(net, firing, attempt, { verb: "claim", executor: "ex" });
        expect(await ask("f1", 2)).toEqual({ ok: true, leaseMs: 30_000, timeLeftMs: 1000, secrets: { who: "ex" } });
        expect(await ask("f1", 1)).toEqual({ ok: false, code: "not-open", message: "f1 is at attempt 2" });
        expect(await ask("bug", 1)).toMatchObject({ ok: false, code: "unknown" });
        await serving.stop();
      });

      test("a result lies there until its handler has succeeded", async () => {
        const net = await freshNet();
        const line = await world.executor("ex");
        await line.deliver(result(net, "f0"));
        const drained: WorkResult[] = [];
        await a.work.drainResults(net, async (each) => void drained.push(each));
        expect(drained).toEqual([result(net, "f0")]);
        const taken: string[] = [];
        let refusals = 2;
        const serving = await a.work.takeResults(net, async (each) => {
          if (each.firing === "f2" && refusals-- > 0) throw new Error("not yet");
          taken.push(each.firing);
        });
        for (const firing of ["f1", "f2", "f3"]) await line.deliver(result(net, firing));
        await waitUntil("all results were taken", () => taken.length === 3);
        expect([...taken].sort()).toEqual(["f1", "f2", "f3"]);
        await waitUntil("nothing lies there any more", async () => {
          let left = 0;
          await b.work.drainResults(net, async () => void left++);
          return left === 0;
        });
        await serving.stop();
      });

      test("a tool call is asked again while it runs and while nobody answers, until it is done or called off", async () => {
        const line = await world.executor("ex");
        const request: ToolCallRequest = { net: "n", firing: "f", attempt: 1, call: "c1", tool: "fs.read", input: { path: "a" } };
        const answers: ToolCallAnswer[] = [{ state: "running" }, { state: "running" }, { state: "done", output: { text: "hello" } }];
        const asked: string[] = [];
        const early = a.work.callTool("ex", request, AbortSignal.timeout(10_000));
        const serving = await line.serveTools("ex", async (each) => {
          asked.push(each.call);
          return answers.shift() ?? { state: "no-session" };
        });
        expect(await early).toEqual({ state: "done", output: { text: "hello" } });
        expect(asked).toEqual(["c1", "c1", "c1"]);
        expect(await a.work.callTool("ex", request, AbortSignal.timeout(10_000))).toEqual({ state: "no-session" });
        await serving.stop();
        const abort = new AbortController();
        const never = a.work.callTool("nobody", request, abort.signal);
        abort.abort();
        await expect(never).rejects.toMatchObject({ outlook: "cancelled" });
      });

      test("cancel reaches the executor, and is no error when there is none", async () => {
        const line = await world.executor("ex");
        const heard: unknown[] = [];
        const serving = await line.onCancel("ex", (about) => heard.push(about));
        await a.work.cancel("ex", { net: "n", firing: "f", attempt: 3 });
        await waitUntil("it was heard", () => heard.length > 0);
        expect(heard[0]).toEqual({ net: "n", firing: "f", attempt: 3 });
        await serving.stop();
        await a.work.cancel("nobody", { net: "n", firing: "f", attempt: 3 });
      });

      test("executors are seen by their heartbeats and gone after three missed ones", async () => {
        const line = await world.executor("ex");
        const heard: string[] = [];
        const serving = await a.work.onExecutor((each) => heard.push("gone" in each ? `${each.name} gone` : each.name));
        await waitUntil("the executor is heard", () => {
          line.heartbeat(presence("ex"));
          return heard.includes("ex");
        });
        expect(line.connected()).toBe(true);
        await waitUntil("another master knows it too", async () => (await b.work.executors()).some((each) => each.name === "ex"));
        await waitUntil("it is gone", () => heard.includes("ex gone"), 15_000);
        await waitUntil("nobody lists it", async () => (await b.work.executors()).length === 0, 15_000);
        await serving.stop();
      });
    });

    test("versions are written once and found by name and hash", async () => {
      expect(await a.netVersions.get("shop", "none")).toBeNull();
      await a.netVersions.put("shop", "aa11", { net: "shop", v: 1 });
      await a.netVersions.put("shop", "aa11", { net: "shop", v: 1 });
      await a.netVersions.put("shop", "bb22", { net: "shop", v: 2 });
      await a.netVersions.put("shop-two", "cc33", { net: "shop-two" });
      expect(await b.netVersions.get("shop", "bb22")).toEqual({ net: "shop", v: 2 });
      expect((await b.netVersions.list("shop")).map((each) => each.hash)).toEqual(["aa11", "bb22"]);
      expect((await b.netVersions.list("shop"))[0]?.at).toMatch(/^\d{4}-\d\d-\d\dT/);
      expect(await b.personaVersions.list("shop")).toEqual([]);
      expect(await b.netVersions.names()).toEqual(expect.arrayContaining(["shop", "shop-two"]));
      expect(await b.personaVersions.names()).not.toContain("shop");
    });

    test("control begins running at generation 0, only ever rises, and tells its watchers (E9)", async () => {
      const start = await a.control.read();
      const seen: string[] = [];
      const watching = await b.control.watch((each) => seen.push(`${each.generation} ${each.state}`));
      const generations = await Promise.all([a.control.write("killed"), b.control.write("running"), a.control.write("killed")]);
      expect(generations.map((each) => each.generation - start.generation).sort()).toEqual([1, 2, 3]);
      const now = await b.control.read();
      expect(now.generation).toBe(start.generation + 3);
      await waitUntil("the watcher knows the newest", () => seen.includes(`${now.generation} ${now.state}`));
      await watching.stop();
    });

    test("a lease has one owner until it is released or runs out", async () => {
      expect(await a.leases.acquire("l1", "one", 60_000)).toBe(true);
      expect(await b.leases.acquire("l1", "two", 60_000)).toBe(false);
      expect(await b.leases.renew("l1", "two", 60_000)).toBe(false);
      expect(await a.leases.renew("l1", "one", 60_000)).toBe(true);
      expect(await a.leases.acquire("l1", "one", 60_000)).toBe(true);
      await b.leases.release("l1", "two");
      expect(await b.leases.acquire("l1", "two", 60_000)).toBe(false);
      await a.leases.release("l1", "one");
      expect(await b.leases.acquire("l1", "two", 1000)).toBe(true);
      expect(await b.leases.renew("l1", "two", 1000)).toBe(true);
      await waitUntil("the renewed lease ran out", () => a.leases.acquire("l1", "one", 60_000));
      expect(await b.leases.renew("l1", "two", 1000)).toBe(false);
      const both = await Promise.all([a.leases.acquire("l2", "one", 5000), b.leases.acquire("l2", "two", 5000)]);
      expect(both.filter(Boolean)).toHaveLength(1);
    });

    test("checkpoints are listed, thinned out the older they are, and stay when they are kept", async () => {
      for (let at = 1; at <= 40; at++) await a.checkpoints.save("thin", at * 100, bytes(`state ${at}`), at === 3);
      const list = await b.checkpoints.list("thin");
      const sequences = list.map(({ sequence }) => sequence);
      expect(sequences.slice(0, 2)).toEqual([4000, 3900]);
      expect(sequences.length).toBeLessThanOrEqual(9);
      expect(sequences.length).toBeGreaterThanOrEqual(5);
      expect(list.filter(({ kept }) => kept)).toEqual([{ sequence: 300, bytes: 7, kept: true }]);
      expect(text((await b.checkpoints.load("thin", 300)) ?? bytes(""))).toBe("state 3");
      await b.checkpoints.remove("thin", 300);
      expect(await a.checkpoints.load("thin", 300)).toBeNull();
      expect((await a.checkpoints.list("thin")).some(({ kept }) => kept)).toBe(false);
    });

    test("a log is read up to a sequence, and what is purged from its beginning is named by its bounds", async () => {
      const net = await freshNet();
      expect(await a.log(net).bounds()).toEqual({ first: 1, last: 0 });
      for (let at = 0; at < 6; at++) await a.log(net).append(at, { id: `e${at}`, epoch: 1, events: [event(net, at + 1)] });
      const read = async (after: number, upTo?: number) => {
        const found: number[] = [];
        const last = await b.log(net).read(after, ({ sequence }) => found.push(sequence), upTo === undefined ? {} : { upTo });
        return { found, last };
      };
      expect(await read(1, 4)).toEqual({ found: [2, 3, 4], last: 4 });
      await a.log(net).purge(3);
      expect(await b.log(net).bounds()).toEqual({ first: 4, last: 6 });
      await expect(read(2)).rejects.toMatchObject({ code: "log-purged" });
      expect((await read(3)).found).toEqual([4, 5, 6]);
      expect(await a.log(net).append(6, { id: "e6", epoch: 1, events: [event(net, 7)] })).toEqual({ kind: "committed", sequence: 7 });
    });

    test("the epoch that a reader knows voids entries also where the message before says otherwise", async () => {
      const net = await freshNet();
      await a.log(net).append(0, { id: "t2", epoch: 2, events: [epochEvent(net, 1, 2)] });
      await a.log(net).append(1, { id: "stale", epoch: 1, events: [event(net, 2)] });
      await a.log(net).append(2, { id: "staler", epoch: 1, events: [event(net, 2)] });
      const found: string[] = [];
      await b.log(net).read(2, ({ id }) => found.push(id), { epoch: 2 });
      expect(found).toEqual([]);
    });

    test("artefacts are listed with their time, and gone when removed", async () => {
      const ref = await a.artifacts.put(bytes("to be removed"), "text/plain");
      const listed = (await b.artifacts.list()).find(({ id }) => id === ref.$artifact);
      expect(listed).toMatchObject({ size: 13, at: expect.any(Number), type: "text/plain" });
      await b.artifacts.remove(ref.$artifact);
      expect(await a.artifacts.get(ref.$artifact)).toBeNull();
      expect((await b.artifacts.list()).some(({ id }) => id === ref.$artifact)).toBe(false);
      expect((await a.artifacts.put(bytes("to be removed"), "text/plain")).$artifact).toBe(ref.$artifact);
      expect(await b.artifacts.get(ref.$artifact)).toHaveLength(13);
    });

    test("the newest checkpoint is the one that counts", async () => {
      expect(await a.checkpoints.latest("c")).toBeNull();
      for (const sequence of [5, 90, 1000]) await a.checkpoints.save("c", sequence, bytes(`state ${sequence}`));
      await a.checkpoints.save("c-other", 7, bytes("other"));
      const latest = await b.checkpoints.latest("c");
      expect([latest?.sequence, text(latest?.state ?? bytes(""))]).toEqual([1000, "state 1000"]);
    });

    test("artefacts are found by the hash of their content", async () => {
      const big = new Uint8Array(700_000).map((_, at) => at % 251);
      const ref = await a.artifacts.put(big, "application/octet-stream");
      expect(ref).toMatchObject({ size: 700_000, type: "application/octet-stream", $artifact: ref.sha256 });
      expect(await a.artifacts.put(big, "application/octet-stream")).toEqual(ref);
      expect(Buffer.compare((await b.artifacts.get(ref.$artifact)) ?? bytes(""), big)).toBe(0);
      const empty = await a.artifacts.put(bytes(""), "text/plain");
      expect(await b.artifacts.get(empty.$artifact)).toHaveLength(0);
      expect(await b.artifacts.get("0".repeat(64))).toBeNull();
    });
  });
}
