/** A long log is read in small parts, between which whoever else the process serves has a turn. */
import { afterEach, expect, it } from "vitest";
import { beginningOf, readGently } from "../../src/actors/past.ts";
import { applyEvent } from "../../src/net/fold.ts";
import { eventsOf } from "../support/log-check.ts";
import { type MasterKit, masterKit } from "../support/master-kit.ts";
import { waitUntil } from "../support/wait-until.ts";

let kit: MasterKit;
afterEach(() => kit.stop());

const net = {
  net: "n",
  places: { start: { open: true }, end: { sink: true } },
  transitions: { pass: { kind: "pass", in: [{ place: "start" }], out: [{ to: "end" }] } },
};

it("gives the events of the log, each once, over several owners, and lets others have their turn", async () => {
  kit = await masterKit();
  await kit.ask(null, "apply-net", { definition: net });
  let count = 0;
  const put = async (many: number) => {
    // Ten at a time, so that no entry of the log holds many events.
    for (let left = many; left > 0; left -= 10)
      await Promise.all(Array.from({ length: 10 }, () => kit.put("n", "start", { n: 1 }, `t${++count}`)));
    await waitUntil("all are through", () => kit.stateOf("n").places.get("end")?.size === count);
  };
  await put(700);
  await kit.crash();
  await waitUntil("it is owned again", () => kit.master.terms.get("n") !== undefined);
  await put(700);
  const wanted = await eventsOf(kit.broker, "n");
  expect(wanted.filter(({ type }) => type === "epoch").length).toBeGreaterThan(1);

  let turns = 0;
  let going = true;
  const others = () => {
    turns += 1;
    if (going) setImmediate(others);
  };
  setImmediate(others);
  const past = await beginningOf(kit.broker, "n");
  const found: number[] = [];
  let most = 0;
  let [turn, row] = [0, 0];
  await readGently(kit.broker, past, (event) => {
    found.push(event.seq);
    applyEvent(past.state, event);
    row = turns === turn ? row + 1 : 1;
    turn = turns;
    most = Math.max(most, row);
  });
  going = false;
  expect(found).toEqual(wanted.map(({ seq }) => seq));
  expect([...past.state.places.keys()]).toEqual([...kit.stateOf("n").places.keys()]);
  expect(turns).toBeGreaterThan(2);
  expect(most).toBeLessThan(found.length / 2);
});

it("goes on behind what is known", async () => {
  kit = await masterKit();
  await kit.ask(null, "apply-net", { definition: net });
  for (let n = 1; n <= 40; n++) await kit.put("n", "start", { n }, `t${n}`);
  await waitUntil("all are through", () => kit.stateOf("n").places.get("end")?.size === 40);
  const wanted = await eventsOf(kit.broker, "n");
  const past = await beginningOf(kit.broker, "n");
  const known = wanted[49]?.seq ?? 0;
  await kit.broker.log("n").read(0, (entry) => {
    for (const event of entry.events) if (event.seq <= known) applyEvent(past.state, event);
    if (entry.events.some(({ seq }) => seq <= known)) Object.assign(past.state, { sequence: entry.sequence, epoch: entry.epoch });
  });
  const found: number[] = [];
  await readGently(kit.broker, past, ({ seq }) => void found.push(seq));
  expect(found).toEqual(wanted.map(({ seq }) => seq).filter((seq) => seq > known));
});
