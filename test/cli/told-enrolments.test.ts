/** Enrolments that only the state folder has. */
import { expect, test } from "vitest";
import { tellEnrolments } from "../../src/cli/processes/told-enrolments.ts";
import { memoryBroker } from "../../src/jetstream/memory/broker.ts";
import { MemoryHub } from "../../src/jetstream/memory/hub.ts";
import { wallClock } from "../support/nats-server.ts";

test("the broker is told of those that it lacks, of no other, and what stands there stays", async () => {
  const enrolled = memoryBroker(new MemoryHub(wallClock)).keyValue("enrolled");
  await enrolled.put("known", { pools: ["code"], labels: ["git"], hands: ["shell.run"] });
  const login = { user: "u", password: "p" };
  const executors = {
    known: { ...login, pools: ["other"], labels: [] },
    local: { ...login, pools: null },
    gone: { ...login, pools: ["code"], labels: [], revoked: 1 },
    lost: { ...login, pools: ["code"], labels: ["gpu"] },
    old: { ...login, pools: ["code"] },
  };
  expect(await tellEnrolments(enrolled, executors)).toEqual(["lost", "old"]);
  const values = Object.fromEntries((await enrolled.list(">")).map(({ key, value }) => [key, value]));
  expect(values).toEqual({
    known: { pools: ["code"], labels: ["git"], hands: ["shell.run"] },
    lost: { pools: ["code"], labels: ["gpu"] },
    old: { pools: ["code"], labels: [] },
  });
  expect(await tellEnrolments(enrolled, executors)).toEqual([]);
});
