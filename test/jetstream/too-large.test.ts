/** What no message can carry fails at once and says so; it is not tried for ever. */

import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Broker, ExecutorLine } from "../../src/contract/broker.ts";
import { silentLogger } from "../../src/contract/logger.ts";
import { startCourier } from "../../src/executors/result-courier.ts";
import { openShelves } from "../../src/executors/result-shelf.ts";
import { realClock } from "../executors/real-clock.ts";
import { type Cluster, startCluster } from "../support/cluster.ts";
import { waitUntil } from "../support/wait-until.ts";

const HUGE = "x".repeat(1_200_000);
const about = { v: 1, net: "n", transition: "t", attempt: 1, executor: "ex", startedAt: "", durationMs: 1 } as const;
let system: Cluster;
let master: Broker;
let line: ExecutorLine;
beforeAll(async () => {
  system = await startCluster({ durability: "os" });
  master = await system.connect();
  await master.declareNet("n");
  line = await system.connectExecutor("ex", ["code"]);
}, 180_000);
afterAll(() => system?.end());

const tooLarge = { outlook: "terminal", code: "message-too-large", hint: expect.stringContaining("artefact") };

test("a request and a result are refused by what they are, and what comes after them goes through", async () => {
  await master.commands.serve("n", async () => ({ ok: true, value: "here" }));
  await expect(master.commands.ask("n", "say", HUGE)).rejects.toMatchObject(tooLarge);
  await expect(line.deliver({ ...about, firing: "f", outcome: { ok: true, value: HUGE } })).rejects.toMatchObject(tooLarge);
  expect(await master.commands.ask("n", "say", "little")).toEqual({ ok: true, value: "here" });
});

test("an answer that does not fit is answered with the reason: of a command, and of a tool", async () => {
  const serving = await master.commands.serve("big", async () => ({ ok: true, value: HUGE }));
  expect(await master.commands.ask("big", "say", null)).toMatchObject({ ok: false, error: { code: "message-too-large" } });
  await serving.stop();
  const tools = await line.serveTools("ex", async () => ({ state: "done", output: HUGE }));
  const call = { net: "n", firing: "f", attempt: 1, call: "c", tool: "fs.read", input: null };
  expect(await master.work.callTool("ex", call, new AbortController().signal)).toMatchObject({
    state: "failed",
    error: { code: "message-too-large" },
  });
  await tools.stop();
});

test("a courier brings the failure in place of a result that no message carries, once, and clears its shelf", async () => {
  const taken: { firing: string; outcome: unknown }[] = [];
  await master.work.serveClaims("n", async () => ({ ok: true, leaseMs: 1000, timeLeftMs: 1000, secrets: {} }));
  const results = master.work.takeResults("n", async ({ firing, outcome }) => void taken.push({ firing, outcome }));
  const shelves = openShelves(join(system.dir, "shelves"));
  const stopping = new AbortController();
  const courier = startCourier({ line, name: "ex", shelves, clock: realClock, logger: silentLogger, signal: stopping.signal });
  const result = { ...about, firing: "large", outcome: { ok: true as const, value: HUGE } };
  shelves.results.put(result);
  courier.send(result);
  await waitUntil("it is settled", () => !shelves.results.has(result));
  await courier.idle();
  expect(taken).toMatchObject([{ firing: "large", outcome: { ok: false, error: { outlook: "terminal", code: "result-too-large" } } }]);
  stopping.abort();
  await (await results).stop();
});

test("the artefact service gives an executor what its work names, in pieces, and nothing else", async () => {
  const content = Buffer.alloc(700_000, "a piece of it ");
  const { $artifact } = await master.artifacts.put(content, "application/x-git-bundle");
  const asked: string[] = [];
  const lending = await master.work.lendArtifacts(async (executor, ask) => {
    asked.push(`${executor} ${ask.from}`);
    return { state: "piece", bytes: content.subarray(ask.from, ask.from + 256 * 1024), size: content.length };
  });
  const piece = await line.askArtifact("ex", { net: "n", firing: "f", attempt: 1, artifact: $artifact, from: 262_144 });
  expect(piece).toMatchObject({ state: "piece", size: 700_000 });
  expect(asked).toEqual(["ex 262144"]);
  // In another's name nothing is asked: the broker lets it not be said.
  await expect(line.askArtifact("ex-two", { net: "n", firing: "f", attempt: 1, artifact: $artifact, from: 0 })).rejects.toMatchObject({
    code: expect.stringMatching(/broker-permission|no-owner/),
  });
  expect(asked).toHaveLength(1);
  await lending.stop();
});
