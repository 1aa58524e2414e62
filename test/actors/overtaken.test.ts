/** An owner that is overtaken and does not know it yet, or hears old news: nothing outside of the log is harmed. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { memoryBroker } from "../../src/jetstream/memory/broker.ts";
import { MemoryStream } from "../../src/jetstream/memory/stream.ts";
import { type MasterKit, masterKit } from "../support/master-kit.ts";
import { waitUntil } from "../support/wait-until.ts";

const LEASE_MS = 30_000;
const net = {
  net: "ring",
  places: { start: { open: true }, kept: {}, end: { sink: true } },
  transitions: { go: { kind: "pass", in: [{ place: "start" }], out: [{ to: "end" }] } },
};
let kit: MasterKit;
beforeEach(async () => {
  kit = await masterKit({ leaseMs: LEASE_MS });
  await kit.ask(null, "apply-net", { definition: net });
});
afterEach(async () => kit.stop());

/** Another master opens an epoch, of which this one hears nothing. */
async function overtake(): Promise<void> {
  const { last } = kit.hub.log("ring");
  const outcome = await memoryBroker(kit.hub).log("ring").append(last, { id: "other-1", epoch: 50, events: [], prev: "" });
  expect(outcome.kind).toBe("committed");
}
const shown = (place: string) => kit.hub.places.get(`ring/${place}`) ?? new Map<string, never>();

test("E5: a former owner that thaws removes no token of the next one from a place stream", async () => {
  const id = await kit.put("ring", "start", { n: 1 });
  await waitUntil("it has fired", () => shown("end").size === 1);
  const [token] = [...shown("end").values()];
  const term = await kit.master.termOf("ring");
  await overtake();
  // What the next owner has made since.
  if (token) kit.hub.places.get("ring/kept")?.set("t-of-the-next", { ...token, id: "t-of-the-next" });
  kit.clock.jump(LEASE_MS / 2);
  await expect(term.comparePlaces()).rejects.toMatchObject({ code: "term-over" });
  expect(term.loop.isOver).toBe(true);
  expect([...shown("kept").keys()]).toEqual(["t-of-the-next"]);
  expect(id).toBeTruthy();
});

test("E5: an owner whose log is its own compares, also after a long silence", async () => {
  await kit.put("ring", "start", { n: 1 });
  await waitUntil("it has fired", () => shown("end").size === 1);
  const term = await kit.master.termOf("ring");
  shown("end").clear();
  kit.clock.jump(LEASE_MS / 2);
  // The jump itself makes the owner compare too: one of the two adds it.
  await term.comparePlaces();
  expect(shown("end").size).toBe(1);
  expect(term.loop.isOver).toBe(false);
});

test("E9: an old word of a kill that was taken back stops nothing", async () => {
  await kit.ask(null, "kill");
  await kit.ask(null, "resume");
  const { control } = kit.broker;
  let reads = 0;
  control.read = async () => {
    reads += 1;
    return { generation: 1, state: "killed", stopped: { net: [], persona: [], executor: [] } };
  };
  const before = kit.stateOf("ring").epoch;
  await overtake();
  await kit.put("ring", "start", { n: 1 }).catch(() => {});
  await waitUntil("the net is opened anew", () => kit.stateOf("ring").epoch > before);
  await waitUntil("the record was read", () => reads > 0);
  await kit.put("ring", "start", { n: 2 });
  expect(kit.stateOf("ring").killed).toBe(false);
});

test("E6: a purge that speaks of a letter box that is gone removes no letter of the next one", async () => {
  const box = kit.hub.letterBoxes.get("ring");
  const created = box?.stream.created ?? "";
  const next = new MemoryStream<Uint8Array>("2031-01-01T00:00:00.000Z");
  next.add("start", Buffer.from("{}"));
  kit.hub.letterBoxes.set("ring", { open: new Set(["start"]), stream: next });
  await kit.broker.door.purgeLetters("ring", { created, seq: 10 });
  expect(next.all()).toHaveLength(1);
  await kit.broker.door.purgeLetters("ring", { created: next.created, seq: 10 });
  expect(next.all()).toHaveLength(0);
});
