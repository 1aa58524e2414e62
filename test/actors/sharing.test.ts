/** Several masters: nets are shared, moved when one joins or dies, and one of them answers for all. */
import { afterEach, expect, test } from "vitest";
import type { Master } from "../../src/actors/master.ts";
import { foldEvents } from "../../src/net/fold.ts";
import { stateHash } from "../../src/net/state-hash.ts";
import { eventsOf, logAgreesWithPlaces } from "../support/log-check.ts";
import { type MasterKit, masterKit } from "../support/master-kit.ts";
import { waitUntil } from "../support/wait-until.ts";

let kit: MasterKit;
afterEach(async () => kit.stop());

const net = (name: string) => ({
  net: name,
  places: { start: { open: true }, end: { sink: true } },
  transitions: { go: { kind: "pass", in: [{ place: "start" }], out: [{ to: "end" }] } },
});
const NETS = Array.from({ length: 6 }, (_, at) => `net-${at}`);
const applyAll = async () => {
  for (const name of NETS) await kit.ask(null, "apply-net", { definition: net(name) });
};
const sizes = (...masters: Master[]) => masters.map(({ terms }) => terms.size);
const ownersOf = async (name: string) =>
  (await eventsOf(kit.broker, name)).filter(({ type }) => type === "epoch").map(({ attributes }) => attributes?.owner);

test("masters that join get a fair share, each net moves at most once for it, and all tokens come through", async () => {
  kit = await masterKit();
  await applyAll();
  expect(kit.master.terms.size).toBe(6);
  let stop = false;
  const putting = (async () => {
    for (let n = 0; !stop && n < 5000; n++) {
      // On the twin everything is a microtask: the clock must get its turn.
      await new Promise((next) => setImmediate(next));
      const key = `k${n}`;
      const name = NETS[n % NETS.length] ?? "";
      // Between two owners nobody answers: the same put is asked again.
      await waitUntil("it is put", () =>
        kit.put(name, "start", { n }, key).then(
          () => true,
          () => false,
        ),
      );
    }
  })();
  const second = await kit.rival({ name: "master-2" });
  await waitUntil("two share", () => sizes(kit.master, second.master).join() === "3,3");
  const third = await kit.rival({ name: "master-3" });
  await waitUntil("three share", () => sizes(kit.master, second.master, third.master).join() === "2,2,2");
  stop = true;
  await putting;
  const moves = await Promise.all(NETS.map(async (name) => (await ownersOf(name)).length - 1));
  expect(moves.reduce((sum, each) => sum + each, 0)).toBe(5);
  for (const name of NETS) await logAgreesWithPlaces(kit.broker, name);
});

test("one that dies is missed at once: its nets go to the others, and the runtime still answers", async () => {
  kit = await masterKit();
  const second = await kit.rival({ name: "master-2" });
  const third = await kit.rival({ name: "master-3" });
  await applyAll();
  await waitUntil("three share", () => sizes(kit.master, second.master, third.master).join() === "2,2,2");
  const rows = (await kit.ask(null, "nets")) as { net: string }[];
  expect(rows.map((row) => row.net).sort()).toEqual(NETS);
  // The first one speaks for all, and owns two. Its lease would last a year.
  const lost = [...kit.master.terms.keys()];
  await kit.die();
  kit.broker = second.broker;
  await waitUntil("the others have them", () => second.master.terms.size + third.master.terms.size === 6);
  expect(sizes(second.master, third.master)).toEqual([3, 3]);
  for (const name of lost) expect(await ownersOf(name)).toHaveLength(2);
  await waitUntil("somebody speaks", () =>
    kit.ask(null, "nets").then(
      () => true,
      () => false,
    ),
  );
  const status = (await kit.ask(null, "status")) as { nets: { net: string; owner: string; lease: string }[]; masters: { name: string }[] };
  expect(status.nets.map(({ owner, lease }) => owner === lease && owner !== "master-1")).toEqual(NETS.map(() => true));
  expect((await kit.ask(null, "actors")) as object).toMatchObject({ children: NETS.map(() => ({ state: "owning" })) });
});

test("kill and resume reach every master through the one that speaks", async () => {
  kit = await masterKit();
  const second = await kit.rival({ name: "master-2" });
  await applyAll();
  await waitUntil("two share", () => sizes(kit.master, second.master).join() === "3,3");
  const killed = (await kit.ask(null, "kill")) as { nets: { net: string }[] };
  expect(killed.nets.map((row) => row.net).sort()).toEqual(NETS);
  for (const name of NETS) expect((await eventsOf(kit.broker, name)).at(-1)?.type).toBe("stopped");
  const resumed = (await kit.ask(null, "resume")) as { nets: { net: string }[] };
  expect(resumed.nets.map((row) => row.net).sort()).toEqual(NETS);
});

test("an edit of a net goes to its owner, whoever speaks", async () => {
  kit = await masterKit();
  const second = await kit.rival({ name: "master-2" });
  await applyAll();
  await waitUntil("two share", () => second.master.terms.size === 3);
  const [theirs = ""] = [...second.master.terms.keys()];
  const edited = { ...net(theirs), places: { ...net(theirs).places, more: { sink: true } } };
  expect(await kit.ask(null, "apply-net", { definition: edited })).toMatchObject({ net: theirs, changed: true });
  expect(second.master.terms.get(theirs)?.net?.definition.places).toHaveProperty("more");
});

test("a second master of one name is refused", async () => {
  kit = await masterKit();
  await expect(kit.rival({ name: "master-1" })).rejects.toMatchObject({ code: "name-taken" });
});

test("at each of 100 sequences two masters and the fold of the log have the same state, in turn as its owner", async () => {
  kit = await masterKit();
  await kit.ask(null, "apply-net", { definition: net("net-0") });
  // Few events between two checkpoints: who does not own the net begins with one of them.
  const second = await kit.rival({ name: "master-2", checkpointEvents: 5 });
  const masters = [kit.master, second.master];
  const owner = () => masters.find(({ terms }) => terms.has("net-0"));
  await waitUntil("each knows of the other", () => masters.every(({ circle }) => circle.others().length === 1));
  const seqs = new Set<number>();
  const owners = new Set<string>();
  for (let moment = 0; moment < 100; moment++) {
    if (moment % 10 === 9) {
      const from = owner() as Master;
      const to = masters.find((each) => each !== from) as Master;
      await from.terms.get("net-0")?.close();
      kit.hub.leases.delete("net-0");
      to.serve("net-0");
      await waitUntil("the other has it", () => to.terms.has("net-0"));
    }
    const key = `k${moment}`;
    await waitUntil("it is put", () =>
      kit.put("net-0", "start", { moment }, key).then(
        () => true,
        () => false,
      ),
    );
    const found = (await kit.ask(null, "state-hashes", { net: "net-0" })) as {
      seq: number;
      hash: string;
      masters: { master: string; hash: string }[];
    };
    const events = (await eventsOf(kit.broker, "net-0")).filter((event) => event.seq <= found.seq);
    const reference = stateHash(foldEvents("net-0", events));
    expect(found.hash).toBe(reference);
    expect(Object.fromEntries(found.masters.map(({ master, hash }) => [master, hash]))).toEqual({
      "master-1": reference,
      "master-2": reference,
    });
    seqs.add(found.seq);
    owners.add(owner()?.ports.name ?? "nobody");
  }
  expect(seqs.size).toBe(100);
  expect(owners).toEqual(new Set(["master-1", "master-2"]));
}, 180_000);
