/** Results of a net have a bound on the broker (D1): who is refused keeps its own, and brings it when there is room. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Broker, ExecutorLine } from "../../src/contract/broker.ts";
import type { WorkResult } from "../../src/contract/envelope.ts";
import { MOST_RESULTS } from "../../src/jetstream/results.ts";
import type { Cluster } from "../support/cluster.ts";
import { startCluster } from "../support/cluster.ts";
import { waitUntil } from "../support/wait-until.ts";
import { rawUser } from "./raw-user.ts";

let system: Cluster;
let master: Broker;
let rogue: ExecutorLine;
let honest: ExecutorLine;
let admin: Awaited<ReturnType<typeof rawUser>>;
const SMALL = 8;
const result = (executor: string, firing: string, value = ""): WorkResult => ({
  ...{ v: 1, net: "n", transition: "t", firing, attempt: 1, executor },
  ...{ outcome: { ok: true, value }, startedAt: "", durationMs: 1 },
});
const api = async (call: string, body: object = {}) =>
  JSON.parse((await admin.request(`$JS.API.${call}`, JSON.stringify(body), { timeout: 60_000 })).string());

beforeAll(async () => {
  system = await startCluster({ durability: "os" });
  master = await system.connect();
  await master.declareNet("n");
  rogue = await system.connectExecutor("rogue");
  honest = await system.connectExecutor("honest");
  admin = await rawUser(system.server().url, system.server().credentials.admin);
}, 180_000);
afterAll(async () => {
  await admin?.close();
  await system?.end();
});

describe("the results of a net", () => {
  it("have a bound, also where the stream is of before there was one", async () => {
    const { config } = await api("STREAM.INFO.DONE_n");
    expect(config).toMatchObject({ max_msgs: MOST_RESULTS, max_msgs_per_subject: 1, discard: "new" });
    expect(
      (await api("STREAM.UPDATE.DONE_n", { ...config, max_msgs: -1, max_msgs_per_subject: -1, discard: "old" })).error,
    ).toBeUndefined();
    await master.declareNet("n");
    expect((await api("STREAM.INFO.DONE_n")).config).toMatchObject({ max_msgs: MOST_RESULTS, max_msgs_per_subject: 1, discard: "new" });
  });

  it("lie there once, however often one is brought", async () => {
    for (let n = 0; n < 5; n++) await honest.deliver(result("honest", "f1", `${n}`));
    expect((await api("STREAM.INFO.DONE_n")).state.messages).toBe(1);
  });

  it("of a rogue fill no disk: the next is refused, and comes in when the owner has read them", async () => {
    const { config } = await api("STREAM.INFO.DONE_n");
    expect((await api("STREAM.UPDATE.DONE_n", { ...config, max_msgs: SMALL })).error).toBeUndefined();
    let accepted = 0;
    const fill = async () => {
      for (; accepted < 100; accepted++) await rogue.deliver(result("rogue", `x${accepted}`, "x".repeat(1000)));
    };
    await expect(fill()).rejects.toMatchObject({ code: "results-full", outlook: "retryable" });
    expect(accepted, "beside the one that lies there").toBe(SMALL - 1);
    const own = result("honest", "f2", "y");
    await expect(honest.deliver(own)).rejects.toMatchObject({ code: "results-full", message: expect.stringContaining("net n") });
    await expect(honest.deliver(result("honest", "f1", "again")), "what lies there is taken in place of itself").resolves.toBeUndefined();
    const taken: string[] = [];
    const serving = await master.work.takeResults("n", async ({ executor, firing }) => void taken.push(`${executor} ${firing}`));
    await waitUntil("the rogue's are taken away", () => taken.filter((one) => one.startsWith("rogue")).length === accepted);
    await waitUntil("there is room", () =>
      honest.deliver(own).then(
        () => true,
        () => false,
      ),
    );
    await waitUntil("it is taken in", () => taken.includes("honest f2"));
    await serving.stop();
  });
});
