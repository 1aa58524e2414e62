/** verify, against logs, checkpoints and place streams that somebody has touched. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { packCheckpoint } from "../../src/actors/term/checkpoint.ts";
import type { VerifiedLog } from "../../src/client/history/verify-log.ts";
import { foldEvents } from "../../src/net/fold.ts";
import { freeze } from "../../src/net/frozen-state.ts";
import { eventsOf } from "../support/log-check.ts";
import { waitUntil } from "../support/wait-until.ts";
import { type History, history } from "./history-stage.ts";

const NET = {
  net: "mill",
  places: { corn: { open: true }, flour: {}, bread: { sink: true } },
  transitions: {
    grind: { kind: "pass", in: [{ place: "corn", as: "corn" }], out: [{ to: "flour" }] },
    bake: { kind: "pass", in: [{ place: "flour", as: "flour" }], out: [{ to: "bread" }] },
  },
};
let own: History;
beforeEach(async () => {
  own = await history();
  await own.kit.ask(null, "apply-net", { definition: NET });
  for (let n = 0; n < 8; n++) await own.kit.put("mill", "corn", { n }, `k${n}`);
  await waitUntil("all is baked", () => own.kit.stateOf("mill").places.get("bread")?.size === 8);
});
afterEach(() => own.stop());

const verify = async (code = 0) => {
  const ran = await own.stage.run("verify", "mill", "--json");
  expect(ran.code, ran.out + ran.err).toBe(code);
  return ran.json as unknown as VerifiedLog;
};
const stored = (sequence: number) => {
  const message = own.kit.hub.log("mill").get(sequence);
  if (!message) throw new Error(`no entry ${sequence}`);
  return message.value;
};
const settled = () => waitUntil("the streams follow", () => own.kit.hub.places.get("mill/bread")?.size === 8);

describe("a log as its owners wrote it", () => {
  test("is sound: over a takeover, with a checkpoint, and in words", async () => {
    await own.kit.crash();
    await own.kit.master.termOf("mill");
    await own.kit.master.terms.get("mill")?.close();
    await waitUntil("another term is there", async () => (await own.kit.ask("mill", "places").catch(() => null)) !== null);
    const verified = await verify();
    expect(verified).toMatchObject({ ok: true, from: 1, unchained: null, ignored: 0, owner: true, firstBad: null, faults: [], places: [] });
    expect(verified.checkpoints).toBeGreaterThan(0);
    const { out } = await own.stage.run("verify", "mill");
    expect(out).toContain(`sound: mill, events 1 to ${verified.seq}`);
    expect((await own.stage.run("places", "mill", "--hash", "--json")).json).toEqual({
      net: "mill",
      seq: verified.seq,
      hash: verified.hash,
    });
  });

  test("is sound also where stale and foreign messages stand between its entries", async () => {
    const log = own.kit.hub.log("mill");
    await own.kit.die();
    log.add("mill", { id: "foreign", epoch: -1, events: [] });
    await own.kit.crash();
    await own.kit.master.termOf("mill");
    log.add("mill", { id: "stale", epoch: 1, events: [{ ...stored(1).events[0], seq: 9999 } as never] });
    await own.kit.crash();
    await own.kit.master.termOf("mill");
    expect(await verify()).toMatchObject({ ok: true, ignored: 2, faults: [] });
  });

  test("of before there was a chain is sound, and named as such up to where it began", async () => {
    await own.kit.die();
    for (const { value } of own.kit.hub.log("mill").all()) delete value.prev;
    const last = own.kit.hub.log("mill").last;
    for (const each of await own.kit.broker.checkpoints.list("mill").catch(() => [])) void each;
    own.kit.hub.checkpoints.clear();
    await own.kit.crash();
    await own.kit.master.termOf("mill");
    expect(await verify()).toMatchObject({ ok: true, unchained: last });
    expect((await own.stage.run("verify", "mill")).out).toContain(`entries up to ${last} are of before there was a chain`);
  });
});

describe("a log that somebody has touched", () => {
  test("names the first entry whose content was changed, also when it changes nothing of the marking", async () => {
    const [event] = stored(5).events;
    if (event) event.summary = "It was not so.";
    expect(await verify(1)).toMatchObject({ ok: false, firstBad: 5, faults: [{ sequence: 5 }] });
    expect((await own.stage.run("verify", "mill")).out).toContain("not sound: mill: the first bad entry is 5");
  });

  test("is nothing that doctor calls sound", async () => {
    own.stage.running({ monitor: "http://127.0.0.1:8222" });
    const logs = async () => {
      const { findings } = (await own.stage.run("doctor", "--json")).json as {
        findings: { check: string; status: string; hint?: string }[];
      };
      return findings.filter(({ check }) => check === "log");
    };
    expect(await logs()).toMatchObject([{ status: "ok" }]);
    const [event] = stored(5).events;
    if (event) event.summary = "It was not so.";
    expect(await logs()).toMatchObject([
      { status: "fail", says: expect.stringContaining("entry 5 of the log of mill"), hint: "petrel verify mill" },
    ]);
  });

  test("names the last entry too, by what its owner knows", async () => {
    const { last } = own.kit.hub.log("mill");
    const [event] = stored(last).events;
    if (event) event.ts = "2020-01-01T00:00:00.000Z";
    expect(await verify(1)).toMatchObject({ ok: false, firstBad: last });
  });

  test("names where an entry is missing, and where one stands that was never written", async () => {
    const gone = stored(4).events.length;
    own.kit.hub.log("mill").remove(4);
    const { firstBad, faults } = await verify(1);
    expect(firstBad).toBe(4);
    expect(faults.filter(({ sequence }) => sequence > 0)).toEqual([
      expect.objectContaining({ sequence: 4, what: expect.stringMatching(/missing before entry 5$/) }),
    ]);
    expect(gone).toBeGreaterThan(0);
  });

  test("names an entry that somebody added, and not the one before it", async () => {
    const log = own.kit.hub.log("mill");
    const { last } = log;
    const { seq, ts, net } = stored(last).events.at(-1) ?? { seq: 0, ts: "", net: "" };
    const forged = ["noted", "noted", "noted"].map((type, at) => ({
      ...stored(last).events[0],
      type,
      net,
      ts,
      seq: seq + 1 + at,
      consumed: [],
      produced: [],
    }));
    log.add("mill", { id: "forged", epoch: 99, prev: "0".repeat(64), events: forged as never });
    const { firstBad, faults } = await verify(1);
    expect(firstBad).toBe(last + 1);
    expect(faults.filter(({ sequence }) => sequence > 0).map(({ sequence, what }) => [sequence, what])).toEqual([
      [last + 1, `no owner wrote it: it does not follow entry ${last}`],
      [last + 1, expect.stringContaining("of epoch 99")],
    ]);
  });

  test("names an entry that was slipped in between two", async () => {
    const log = own.kit.hub.log("mill");
    const after = stored(6);
    const all = [...log.all()].map(({ value }) => structuredClone(value));
    const { prev: _, ...copy } = structuredClone(after);
    const seq = after.events.at(-1)?.seq ?? 0;
    const slipped = {
      ...copy,
      id: "slipped",
      prev: "1".repeat(64),
      events: copy.events.map((event) => ({ ...event, seq, type: "noted", consumed: [], produced: [] })),
    };
    own.kit.hub.logs.delete("mill");
    for (const value of [...all.slice(0, 6), slipped, ...all.slice(6)]) own.kit.hub.log("mill").add("mill", value as never);
    const { firstBad, faults } = await verify(1);
    expect(firstBad).toBe(7);
    expect(faults.map(({ what }) => what)).toContain("no owner wrote it: entry 8 follows entry 6");
  });

  test("names an entry that carries an epoch out of turn", async () => {
    stored(6).epoch = 7;
    expect((await verify(1)).firstBad).toBe(6);
  });

  test("is looked at also while no master can open the net", async () => {
    const { last } = own.kit.hub.log("mill");
    const state = foldEvents("mill", await eventsOf(own.kit.broker, "mill"));
    const bytes = await packCheckpoint(freeze({ ...state, seq: state.seq + 9 }), { sequence: last + 9, chain: "" }, own.kit.clock);
    await own.kit.broker.checkpoints.save("mill", last + 9, bytes);
    await own.kit.crash();
    own.kit.master.serve("mill");
    await waitUntil("it cannot be opened", () => own.kit.master.problem("mill") !== null);
    expect((await own.stage.run("tokens", "mill", "bread")).err).toContain(
      `a checkpoint of entry ${last + 9} exists, and the log does not reach it`,
    );
    const verified = await verify(1);
    expect(verified).toMatchObject({ owner: false, faults: [{ what: expect.stringContaining("an event that the log does not have") }] });
  });

  test("names a checkpoint that is not what the log gives", async () => {
    const events = await eventsOf(own.kit.broker, "mill");
    const state = foldEvents("mill", events.slice(0, 12));
    state.places.get("corn")?.clear();
    state.places.set("bread", new Map());
    const bytes = await packCheckpoint(freeze(state), { sequence: 3, chain: "" }, own.kit.clock);
    await own.kit.broker.checkpoints.save("mill", 3, bytes);
    expect(await verify(1)).toMatchObject({
      ok: false,
      firstBad: 3,
      faults: [{ what: expect.stringContaining("the checkpoint at entry 3") }],
    });
  });

  test("names tokens that lie in a stream and not in the log, and the other way round", async () => {
    await settled();
    const bread = own.kit.hub.places.get("mill/bread");
    const [id, token] = [...(bread ?? [])][0] ?? ["", undefined];
    bread?.delete(id);
    if (token) bread?.set("t-forged", { ...token, id: "t-forged" });
    const { places, firstBad } = await verify(1);
    expect(firstBad).toBeNull();
    expect(places.sort()).toEqual([`bread ${id}: in the log, not in the stream`, "bread t-forged: in the stream, not in the log"].sort());
  });
});
