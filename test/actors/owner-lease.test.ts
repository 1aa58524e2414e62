/** What an owner does about its lease, about what a server told it, and about a definition that it must not take. */
import { afterEach, expect, test } from "vitest";
import { type MasterKit, masterKit } from "../support/master-kit.ts";
import { waitUntil } from "../support/wait-until.ts";

let kit: MasterKit;
afterEach(async () => kit.stop());

const net = {
  net: "ring",
  places: { start: { open: true }, end: { sink: true } },
  transitions: { go: { kind: "pass", in: [{ place: "start" }], out: [{ to: "end" }] } },
};

test("E2: an owner that cannot renew stops before its lease ends, and owns again when the broker is back", async () => {
  kit = await masterKit({ netLeaseMs: 5_000 });
  await kit.ask(null, "apply-net", { definition: net });
  expect(kit.master.terms.has("ring")).toBe(true);
  const epoch = kit.stateOf("ring").epoch;
  kit.broker.faults.disconnect();
  // The lease of the kit is 5 s: just before its end the term is over, however long the broker says nothing.
  kit.clock.jump(4_600);
  await waitUntil("the term is over", () => !kit.master.terms.has("ring"));
  kit.broker.faults.reconnect();
  await waitUntil("the net is owned again", () => kit.stateOf("ring").epoch > epoch);
  await kit.put("ring", "start", { n: 1 });
  await waitUntil("it works", () => kit.stateOf("ring").places.get("end")?.size === 1);
});

test("an outage shorter than the lease costs no term", async () => {
  kit = await masterKit({ netLeaseMs: 5_000 });
  await kit.ask(null, "apply-net", { definition: net });
  const epoch = kit.stateOf("ring").epoch;
  for (let round = 0; round < 4; round += 1) {
    kit.broker.faults.disconnect();
    kit.clock.jump(1_500);
    kit.broker.faults.reconnect();
    kit.clock.jump(1_500);
    await waitUntil("the lease is renewed", () => (kit.hub.leases.get("ring")?.until ?? 0) > kit.clock.now() + 3_000);
  }
  expect(kit.stateOf("ring").epoch).toBe(epoch);
});

test("a definition that is refused leaves no net behind", async () => {
  kit = await masterKit({ netLeaseMs: 5_000 });
  const unknown = {
    ...net,
    transitions: { go: { kind: "llm", persona: "nobody", ask: "?", in: [{ place: "start" }], out: [{ to: "end" }] } },
  };
  await expect(kit.ask(null, "apply-net", { definition: unknown })).rejects.toMatchObject({ code: "net-invalid" });
  expect(await kit.broker.nets()).toEqual([]);
  expect(await kit.ask(null, "nets")).toEqual([]);
});
