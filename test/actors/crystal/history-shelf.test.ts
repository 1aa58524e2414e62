/** The owner of a net reads its past once: a further look costs what is new, and finds what one from the beginning would find (H1, H2). */
import { afterEach, beforeEach, expect, it } from "vitest";
import { historyOf } from "../../../src/actors/crystal/history.ts";
import { HistoryShelf } from "../../../src/actors/crystal/history-shelf.ts";
import type { Broker } from "../../../src/contract/broker.ts";
import type { CompiledNet } from "../../../src/net/compiled-net.ts";
import { type MasterKit, masterKit } from "../../support/master-kit.ts";
import { crystalOf, triageBy, triageNet, triagePersona } from "../../support/ticket-rule.ts";
import { waitUntil } from "../../support/wait-until.ts";

const NET = "desk";
let kit: MasterKit;
let shelf: HistoryShelf;
let counted: Broker;
/** Events that the shelf has read since it was looked at last; and what the next read fails with. */
let read: number;
let broken: Error | null;

beforeEach(async () => {
  kit = await masterKit({ work: triageBy(() => "ada") });
  [read, broken] = [0, null];
  const log: Broker["log"] = (name) => {
    const real = kit.broker.log(name);
    return new Proxy(real, {
      get: (target, key) => {
        if (key !== "read") return Reflect.get(target, key).bind(target);
        return async (...[after, take, options]: Parameters<typeof real.read>) => {
          const fault = broken;
          broken = null;
          if (fault) throw fault;
          return target.read(
            after,
            (entry) => {
              read += entry.events.length;
              take(entry);
            },
            options,
          );
        };
      },
    });
  };
  counted = new Proxy(kit.broker as Broker, { get: (target, key) => (key === "log" ? log : Reflect.get(target, key)) });
  shelf = new HistoryShelf(counted);
  await kit.ask(null, "apply-persona", { persona: triagePersona });
});
afterEach(() => kit.stop());

const apply = (definition: object) => kit.ask(null, "apply-net", { definition: { net: NET, ...definition } });
const netNow = () => kit.master.terms.get(NET)?.net as CompiledNet;
async function work(many: number): Promise<void> {
  const before = kit.stateOf(NET).places.get("done")?.size ?? 0;
  for (let n = 0; n < many; n += 1) await kit.put(NET, "tickets", { area: "net", n });
  await waitUntil("they are done", () => (kit.stateOf(NET).places.get("done")?.size ?? 0) >= before + many, 60_000);
}
/** What both find, and how much the shelf has read for it. */
async function looked() {
  read = 0;
  const found = await shelf.of(netNow(), "triage");
  expect(found).toEqual(await historyOf(kit.broker, netNow(), { transition: "triage" }));
  return { found: found[0], read };
}

it("reads on from where it stands, and finds what the whole log says", async () => {
  await apply(triageNet(undefined));
  await work(40);
  const first = await looked();
  expect(first.found).toMatchObject({ asked: 40 });
  await work(3);
  const second = await looked();
  expect(second.found).toMatchObject({ asked: 43 });
  expect(second.found?.examples).toHaveLength(43);
  expect(second.read).toBeLessThan(first.read / 3);
  expect((await looked()).read).toBeLessThan(first.read / 3);
});

it("learns of an answer that was turned down after it was read, and goes on over an edit that leaves the step what it is", async () => {
  await apply(triageNet(undefined));
  await work(20);
  const whole = (await looked()).read;
  const [token] = [...(kit.stateOf(NET).places.get("done")?.values() ?? [])].map((one) => one.token);
  await kit.ask(NET, "move", { place: "done", id: token?.id, data: { owner: "bob" }, by: { user: "eve", roles: [] } });
  await apply(triageNet(crystalOf({ mode: "shadow", shadow: 5 })));
  await work(2);
  const after = await looked();
  expect(after.found).toMatchObject({ asked: 22, outdated: 0 });
  expect(after.found?.examples.filter(({ bad }) => bad === "corrected")).toHaveLength(1);
  expect(after.read).toBeLessThan(whole);
  // Asked for something else from now on: what was before is no example of it.
  await apply(triageNet(crystalOf({ mode: "shadow", shadow: 5 }), { ask: "Who takes it now? Its area is ${ticket.area}." }));
  await work(2);
  expect((await looked()).found).toMatchObject({ asked: 24, outdated: 22 });
});

it("begins anew where the step has other inputs, and where it cannot go on", async () => {
  await apply(triageNet(undefined));
  await work(20);
  const whole = (await looked()).read;
  broken = new Error("the log begins behind it");
  expect((await looked()).read).toBeGreaterThanOrEqual(whole);
  const { places, transitions } = triageNet(undefined);
  const read = { place: "rules", as: "rules", mode: "read" };
  const triage = { ...transitions.triage, in: [...transitions.triage.in, read] };
  await apply({ places: { ...places, rules: { open: true } }, transitions: { triage } });
  await kit.put(NET, "rules", { all: "ada" });
  await work(1);
  const after = await looked();
  expect(after.read).toBeGreaterThan(whole);
  expect(after.found?.examples.at(-1)?.input).toMatchObject({ rules: { all: "ada" } });
});

it("looks once at a time", async () => {
  await apply(triageNet(undefined));
  await work(20);
  const both = await Promise.all([shelf.of(netNow(), "triage"), shelf.of(netNow())]);
  expect(both[0]).toEqual(both[1]);
  expect(both[0][0]?.examples).toHaveLength(20);
});

it("keeps no more than so much of the answers: beyond that each look reads from the beginning", async () => {
  await apply(triageNet(undefined));
  await work(20);
  shelf = new HistoryShelf(counted, { mostLength: 20 * 10 });
  const first = await looked();
  expect((await looked()).read).toBeGreaterThanOrEqual(first.read);
  shelf = new HistoryShelf(counted, { mostLength: 20 * 1000 });
  expect((await looked()).read).toBe(first.read);
  expect((await looked()).read).toBeLessThan(first.read / 3);
});
