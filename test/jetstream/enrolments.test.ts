/** An executor counts for what it was enrolled for, whatever it says of itself (N1, N2). */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Broker, ExecutorLine } from "../../src/contract/broker.ts";
import type { ClaimRequest, ExecutorPresence } from "../../src/contract/envelope.ts";
import { type Cluster, startCluster } from "../support/cluster.ts";
import { waitUntil } from "../support/wait-until.ts";

let system: Cluster;
let master: Broker;
let line: ExecutorLine;
let free: ExecutorLine;
beforeAll(async () => {
  system = await startCluster({ durability: "os" });
  master = await system.connect();
  line = await system.connectExecutor("bound", ["code"]);
  free = await system.connectExecutor("free", ["code"]);
  await master.keyValue("enrolled").put("bound", { pools: ["code"], labels: ["git"], hands: ["shell.run"] });
}, 180_000);
afterAll(() => system?.end());

const presence = (name: string): ExecutorPresence => ({
  ...{ name, pools: ["code", "secret"], labels: ["git", "gpu"], hands: ["shell.run", "code.deliver"] },
  ...{ version: "1", pid: 1, host: "h", busy: 0, slots: 1, at: "2026-01-01T00:00:00.000Z" },
});

test("what it announces beyond its enrolment is not heard, by masters and by those who look; who works beside its masters is believed", async () => {
  const heard = new Map<string, ExecutorPresence>();
  const hearing = await master.work.onExecutor((one) => void ("gone" in one ? null : heard.set(one.name, one)));
  // As executors do: again and again, since a heartbeat that comes before the ear is nobody's.
  await waitUntil("both are heard", () => {
    line.heartbeat(presence("bound"));
    free.heartbeat(presence("free"));
    return heard.size === 2;
  });
  expect(heard.get("bound")).toMatchObject({ pools: ["code"], labels: ["git"], hands: ["shell.run"] });
  expect(heard.get("free")).toMatchObject({ pools: ["code", "secret"], labels: ["git", "gpu"] });
  const another = await system.connect("another");
  let seen: ExecutorPresence[] = [];
  await waitUntil("another sees both", async () => {
    for (const [of, name] of [
      [line, "bound"],
      [free, "free"],
    ] as const)
      of.heartbeat(presence(name));
    seen = await another.work.executors();
    return seen.length >= 2;
  });
  expect(seen.find(({ name }) => name === "bound")).toMatchObject({ pools: ["code"], labels: ["git"], hands: ["shell.run"] });
  await hearing.stop();
});

test("an owner is told what the claimer was enrolled for, and not what it says of that; a change is known at once", async () => {
  const claims: ClaimRequest[] = [];
  await master.work.serveClaims("n", async (_firing, _attempt, request) => {
    claims.push(request);
    return { ok: false, code: "unknown", message: "" };
  });
  const forged = { verb: "claim", executor: "bound", enrolled: { pools: ["code"], labels: ["git", "gpu"] } } as const;
  await line.claim("n", "f", 1, {
    ...forged,
    enrolled: { ...forged.enrolled, pools: [...forged.enrolled.pools], labels: [...forged.enrolled.labels] },
  });
  expect(claims.at(-1)?.enrolled).toEqual({ pools: ["code"], labels: ["git"], hands: ["shell.run"] });
  await free.claim("n", "f", 1, { verb: "claim", executor: "free", enrolled: { pools: [], labels: [] } });
  expect(claims.at(-1)?.enrolled).toBeNull();
  await master.keyValue("enrolled").put("bound", "no enrolment");
  await waitUntil("what cannot be read allows nothing", async () => {
    await line.claim("n", "f", 1, { verb: "claim", executor: "bound" });
    return JSON.stringify(claims.at(-1)?.enrolled) === JSON.stringify({ pools: [], labels: [], hands: [] });
  });
});
