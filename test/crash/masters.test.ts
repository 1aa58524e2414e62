/** Three masters as processes share many nets; what one of them loses, the others have at once, and nothing fires twice. */
import { join } from "node:path";
import { afterEach, it } from "vitest";
import { eventsOf, logAgreesWithPlaces } from "../support/log-check.ts";
import { eachEffectOnce, eachTokenOnce, honouringCommand } from "../support/once-check.ts";
import { System } from "../support/state-folder.ts";
import { waitUntil } from "../support/wait-until.ts";

let system: System;
afterEach(async () => system?.end());

const NETS = Array.from({ length: 9 }, (_, at) => `net-${at}`);
const TOKENS = 24;
const net = (name: string, file: string) => ({
  net: name,
  places: { start: { open: true }, work: {}, end: { sink: true } },
  transitions: {
    sort: {
      kind: "pass",
      in: [{ place: "start", as: "job" }],
      out: [
        { to: "work", when: "job.n < 2" },
        { to: "end", otherwise: true },
      ],
    },
    write: {
      kind: "command",
      pool: "code",
      argv: honouringCommand(file),
      timeout: "30s",
      in: [{ place: "work", as: "job" }],
      out: [{ to: "end", when: "$result.exitCode == 0", value: { n: "${job.n}" } }],
    },
  },
});

interface Status {
  nets: { net: string; owner: string | null }[];
}
const owners = async () => {
  const { nets } = (await system.ask(null, "status").catch(() => ({ nets: [] }))) as Status;
  return nets.filter(({ owner }) => owner !== null) as { net: string; owner: string }[];
};
const held = async (name: string) => (await owners()).filter(({ owner }) => owner === name).map((each) => each.net);
/** When a net got its newest owner, by its log, and who that is. */
const lastEpoch = async (name: string) => {
  const epoch = (await eventsOf(system.broker, name)).filter(({ type }) => type === "epoch").at(-1);
  return { owner: String(epoch?.attributes?.owner), at: Date.parse(epoch?.ts ?? "") };
};

it("three masters share nets; one that is killed is replaced at once, and nothing fires twice", async () => {
  system = await System.start();
  await Promise.all([system.master("m1"), system.executor()]);
  const file = (name: string) => join(system.dir, `effects-${name}.txt`);
  for (const name of NETS) await system.apply(net(name, file(name)));
  await Promise.all([system.master("m2"), system.master("m3")]);
  await waitUntil(
    "each has a third",
    async () => (await Promise.all(["m1", "m2", "m3"].map(held))).every((nets) => nets.length === 3),
    60_000,
  );
  const acknowledged = new Map(NETS.map((name): [string, string[]] => [name, []]));
  const puts = NETS.map(async (name) => {
    for (let n = 0; n < TOKENS; n++) acknowledged.get(name)?.push(await system.put(name, "start", { n }, `k${n}`));
  });
  await waitUntil("all nets work", () => [...acknowledged.values()].every((ids) => ids.length >= 2), 60_000);
  let lost: string[] = [];
  await waitUntil("it is known what one of them has", async () => {
    lost = await held("m2");
    return lost.length === 3;
  });
  const killedAt = Date.now();
  await system.kill("m2");
  await waitUntil(
    "its nets have other owners",
    async () => (await Promise.all(lost.map(lastEpoch))).every(({ owner, at }) => owner !== "m2" && at >= killedAt),
    60_000,
  );
  await Promise.all(puts);
  await waitUntil(
    "all is through",
    async () =>
      (await Promise.all(NETS.map(async (name) => (await system.broker.places(name).ids("end")).size))).every((size) => size === TOKENS),
    60_000,
  ).catch((error) => {
    throw new Error(`${error}\n${system.logs()}`);
  });
  for (const name of NETS) {
    const { state, events } = await logAgreesWithPlaces(system.broker, name, 30_000);
    eachTokenOnce(state, events, acknowledged.get(name) ?? []);
    eachEffectOnce(name, "write", file(name), events);
  }
  await waitUntil("the two that are left have them", async () => {
    const all = await owners();
    return all.length === NETS.length && [...new Set(all.map(({ owner }) => owner))].sort().join() === "m1,m3";
  });
}, 240_000);
