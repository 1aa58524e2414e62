/** What the broker port promises of the work: offers, claims, results, tool calls and presence (E8). */
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Broker, ExecutorLine } from "../../src/contract/broker.ts";
import type { ToolCallAnswer, ToolCallRequest, WorkResult } from "../../src/contract/envelope.ts";
import { waitUntil } from "../support/wait-until.ts";
import { type BrokerWorld, type Clients, order, presence, result, text } from "./broker-samples.ts";
import { served, unserved } from "./owner-calls.ts";

export function workContract(the: () => Clients, freshNet: () => Promise<string>): void {
  let world: BrokerWorld;
  let a: Broker;
  let b: Broker;
  const opened: ExecutorLine[] = [];
  /** Closed behind each test, also one that fails: a user has eight connections and no more. */
  const executor = async (name: string) => {
    const line = await world.executor(name);
    opened.push(line);
    return line;
  };
  beforeAll(() => {
    ({ world, a, b } = the());
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((line) => line.close()));
  });
  describe("the work (E8)", () => {
    test("each offer goes to one executor, once, also when it is offered twice", async () => {
      const net = await freshNet();
      const pool = `pool-${net}`;
      const lines = [await executor("ex"), await executor("ey")];
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

    test("an order that no message can carry is refused for good, at once, and nothing of it lies in the queue", async () => {
      const net = await freshNet();
      const pool = `pool-${net}`;
      const about = { pool, net, transition: "crowd", id: "f1.1" };
      const refusal = { outlook: "terminal", code: "order-too-large", message: expect.stringContaining("crowd"), hint: expect.any(String) };
      await expect(a.work.offer(order("x".repeat(1024 * 1024)), about)).rejects.toMatchObject(refusal);
      const large = "y".repeat(1024 * 1024 - 2048);
      await a.work.offer(order(large), { ...about, id: "f2.1" });
      const line = await executor("ex");
      const stop = new AbortController();
      for await (const each of line.pull(pool, stop.signal)) {
        expect(text(each.order)).toBe(large);
        stop.abort();
      }
    });

    test("a withdrawn net has no offers left, others keep theirs, and an order may be offered anew", async () => {
      const [net, other] = [await freshNet(), await freshNet()];
      const pool = `pool-${net}`;
      const about = { pool, net, transition: "t", id: "f1.1" };
      await a.work.offer(order("gone"), about);
      await a.work.offer(order("kept"), { ...about, net: other });
      await a.work.withdraw(net);
      await a.work.offer(order("again"), about);
      const line = await executor("ex");
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
      const line = await executor("ex");
      await unserved(() => line.claim(net, "f1", 1, { verb: "claim", executor: "ex" }));
      const serving = await a.work.serveClaims(net, async (firing, attempt, request) => {
        if (firing === "bug") throw new Error("oops");
        if (attempt !== 2) return { ok: false, code: "not-open", message: `${firing} is at attempt 2` };
        return { ok: true, leaseMs: 30_000, timeLeftMs: 1000, secrets: { who: request.executor } };
      });
      const ask = (firing: string, attempt: number) => served(() => line.claim(net, firing, attempt, { verb: "claim", executor: "ex" }));
      expect(await ask("f1", 2)).toEqual({ ok: true, leaseMs: 30_000, timeLeftMs: 1000, secrets: { who: "ex" } });
      expect(await ask("f1", 1)).toEqual({ ok: false, code: "not-open", message: "f1 is at attempt 2" });
      expect(await ask("bug", 1)).toMatchObject({ ok: false, code: "unknown" });
      await serving.stop();
    });

    test("a result lies there until its handler has succeeded", async () => {
      const net = await freshNet();
      const line = await executor("ex");
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
      const line = await executor("ex");
      const request: ToolCallRequest = { net: "n", firing: "f", attempt: 1, call: "c1", tool: "fs.read", input: { path: "a" } };
      const answers: ToolCallAnswer[] = [{ state: "running" }, { state: "running" }, { state: "done", output: { text: "hello" } }];
      const asked: string[] = [];
      const early = a.work.callTool("ex", request, AbortSignal.timeout(60_000));
      const serving = await line.serveTools("ex", async (each) => {
        asked.push(each.call);
        return answers.shift() ?? { state: "no-session" };
      });
      expect(await early).toEqual({ state: "done", output: { text: "hello" } });
      expect(asked).toEqual(["c1", "c1", "c1"]);
      expect(await a.work.callTool("ex", request, AbortSignal.timeout(60_000))).toEqual({ state: "no-session" });
      await serving.stop();
      const abort = new AbortController();
      const never = a.work.callTool("nobody", request, abort.signal);
      abort.abort();
      await expect(never).rejects.toMatchObject({ outlook: "cancelled" });
    });

    test("cancel reaches the executor, and is no error when there is none", async () => {
      const line = await executor("ex");
      const heard: unknown[] = [];
      const serving = await line.onCancel("ex", (about) => heard.push(about));
      // Who has just begun to listen is not known to all servers of a cluster yet.
      await waitUntil("it was heard", async () => {
        await a.work.cancel("ex", { net: "n", firing: "f", attempt: 3 });
        return heard.length > 0;
      });
      expect(heard[0]).toEqual({ net: "n", firing: "f", attempt: 3 });
      await serving.stop();
      await a.work.cancel("nobody", { net: "n", firing: "f", attempt: 3 });
    });

    test("a piece of an artefact is answered by the master that owns the net, and by nobody when none does", async () => {
      const line = await executor("ex");
      const about = { net: "mine", firing: "f", attempt: 1, upload: "u", sha256: "0".repeat(64), size: 3, type: "text/plain", piece: 0 };
      const heard: string[] = [];
      const serving = [
        await a.work.serveArtifacts(async (executor, piece) => {
          heard.push(`a ${executor} ${piece.net} ${text(piece.bytes)}`);
          return piece.net === "mine" ? { state: "more" } : null;
        }),
        await b.work.serveArtifacts(async (executor, piece) => {
          heard.push(`b ${executor} ${piece.net} ${text(piece.bytes)}`);
          if (piece.net === "broken") throw new Error("oops");
          return null;
        }),
      ];
      const send = (net: string) => served(() => line.sendArtifact("ex", { ...about, net, bytes: Buffer.from("abc") }));
      expect(await send("mine")).toEqual({ state: "more" });
      expect(await send("broken")).toMatchObject({ state: "failed", error: { message: "oops" } });
      expect(heard).toEqual(expect.arrayContaining(["a ex mine abc", "b ex broken abc"]));
      for (const each of serving) await each.stop();
      await unserved(() => line.sendArtifact("ex", { ...about, bytes: Buffer.from("abc") }));
    });

    test("what a command prints is heard by the masters, and what they tell of it by all who listen", async () => {
      const line = await executor("ex");
      const heard: unknown[] = [];
      const seen: string[] = [];
      const piece = { command: 1, from: "stdout", at: 0, end: 5, text: "hello" } as const;
      const serving = [
        a.work.onPrinted((executor, about, printed) => {
          heard.push([executor, about, printed]);
          a.liveOutput.print({ ...printed, ...about, executor, transition: "t" });
        }),
        b.liveOutput.listen(null, ({ net, text }) => void seen.push(`all ${net} ${text}`)),
        b.liveOutput.listen("n", ({ net, text }) => void seen.push(`one ${net} ${text}`)),
      ];
      await waitUntil("both nets are heard", () => {
        line.print("ex", { net: "n", firing: "f", attempt: 2 }, piece);
        line.print("ex", { net: "m", firing: "g", attempt: 1 }, piece);
        return new Set(seen).size === 3;
      });
      // The subscription may have come to be between the first two pieces.
      expect(heard).toContainEqual(["ex", { net: "n", firing: "f", attempt: 2 }, piece]);
      expect([...new Set(seen)].sort()).toEqual(["all m hello", "all n hello", "one n hello"]);
      for (const each of serving) await each.stop();
    });

    test("executors are seen by their heartbeats and gone after three missed ones", async () => {
      const line = await executor("ex");
      const heard: string[] = [];
      const serving = await a.work.onExecutor((each) => heard.push("gone" in each ? `${each.name} gone` : each.name));
      await waitUntil("the executor is heard", () => {
        line.heartbeat(presence("ex"));
        return heard.includes("ex");
      });
      expect(line.connected()).toBe(true);
      await waitUntil("another master knows it too", async () => (await b.work.executors()).some((each) => each.name === "ex"));
      const all = {
        ...presence("ex"),
        leases: ["n/t/f-1.1"],
        isolation: "bubblewrap",
        limits: "kernel",
        hands: ["shell.run"],
        lacks: ["ffmpeg"],
      };
      const said = { ...all, leaving: false, full: "no room on its disk" };
      let found: unknown[] = [];
      await waitUntil("all that it says of itself is passed on", async () => {
        line.heartbeat(said);
        const now = await b.work.executors();
        found = now;
        return now[0]?.full !== undefined;
      });
      expect(found).toEqual([expect.objectContaining(said)]);
      await waitUntil("it is gone", () => heard.includes("ex gone"));
      await waitUntil("nobody lists it", async () => (await b.work.executors()).length === 0);
      await serving.stop();
    });
  });
}
