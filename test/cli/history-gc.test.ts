/** gc: what goes, what stays, what can still be looked at, and that nothing needed is ever lost. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { verifyLog } from "../../src/client/history/verify-log.ts";
import type { Broker } from "../../src/contract/broker.ts";
import type { NetEvent } from "../../src/contract/event.ts";
import { entryHash } from "../../src/contract/hash.ts";
import { defaultConfig } from "../../src/models/default-config.ts";
import { stateHash } from "../../src/net/state-hash.ts";
import { eventsOf } from "../support/log-check.ts";
import { waitUntil } from "../support/wait-until.ts";
import { type History, history } from "./history-stage.ts";
import { NOW } from "./stage.ts";

const NET = {
  net: "mill",
  places: { corn: { open: true }, flour: {}, bread: { sink: true } },
  transitions: {
    grind: { kind: "pass", in: [{ place: "corn", as: "corn" }], out: [{ to: "flour" }] },
    bake: { kind: "pass", in: [{ place: "flour", as: "flour" }], out: [{ to: "bread" }], guard: "flour.n < 30" },
  },
};
let own: History;
beforeEach(async () => {
  own = await history();
  await own.kit.ask(null, "apply-net", { definition: NET });
});
afterEach(() => own.stop());

const baked = (from: number, to: number) =>
  (async () => {
    for (let n = from; n < to; n++) await own.kit.put("mill", "corn", { n }, `k${n}`);
    await waitUntil("all is ground", () => (own.kit.stateOf("mill").places.get("corn")?.size ?? 0) === 0);
  })();
/** A term ends in order, and leaves a checkpoint. */
const checkpoint = async () => {
  const before = own.kit.master.terms.get("mill");
  await before?.close();
  await waitUntil("another term is there", async () => {
    const now = own.kit.master.terms.get("mill");
    return now !== undefined && now !== before && (await own.kit.ask("mill", "places").catch(() => null)) !== null;
  });
};
/** Ten tokens, a checkpoint, ten more, a checkpoint, and ten that stay. */
const three = async () => {
  await baked(0, 10);
  await checkpoint();
  await baked(10, 20);
  await checkpoint();
  await baked(20, 40);
};
interface Cleared {
  nets: { net: string; clear: { entries: number; seq: number; sequence: number } | null; why: string | null; archive: string | null }[];
  artifacts: { count: number; bytes: number };
}
const gc = async (...words: string[]) => {
  const ran = await own.stage.run("gc", ...words, "--json");
  expect(ran.code, ran.out + ran.err).toBe(0);
  return ran.json as unknown as Cleared;
};
const log = () => own.kit.hub.log("mill");
/** Places are shown a moment behind the log; the stage's clock waits for nothing, so the test does. */
const followed = () =>
  waitUntil("the places show what the log holds", () =>
    [...own.kit.stateOf("mill").places].every(([place, tokens]) => (own.kit.hub.places.get(`mill/${place}`)?.size ?? 0) === tokens.size),
  );

/** The same broker, with something that happens before each reading of a log. */
function withReads(broker: Broker, before: () => Promise<void>): Broker {
  const over = <T extends object>(target: T, replaced: Partial<T>): T =>
    new Proxy(target, {
      get: (_, key) => {
        const value: unknown = Reflect.get(key in replaced ? replaced : target, key);
        return typeof value === "function" ? value.bind(key in replaced ? replaced : target) : value;
      },
    });
  return over(broker, {
    log: (net) => {
      const log = broker.log(net);
      return over(log, {
        read: async (after, take, options) => {
          await before();
          return log.read(after, take, options);
        },
      });
    },
  });
}

describe("petrel gc", () => {
  test("in the middle of a verify makes that look again, and it is sound", async () => {
    await three();
    await followed();
    let cleared = 0;
    const broker = withReads(own.kit.broker, async () => {
      cleared += 1;
      if (cleared === 1) await gc("mill", "--keep-events", "5");
    });
    const verified = await verifyLog(broker, "mill", own.kit.clock);
    expect(verified).toMatchObject({ ok: true, faults: [], places: [] });
    expect([cleared > 1, verified.from > 1]).toEqual([true, true]);
  });

  test("with --dry-run says what would go, and everything stays", async () => {
    await three();
    const before = JSON.stringify(log().all());
    const { nets } = await gc("mill", "--keep-events", "5", "--dry-run");
    expect(nets[0]?.clear?.entries).toBeGreaterThan(10);
    expect(JSON.stringify(log().all())).toBe(before);
    expect((await own.kit.broker.checkpoints.list("mill")).every(({ kept }) => !kept)).toBe(true);
    expect((await own.stage.run("gc", "mill", "--keep-events", "5", "--dry-run")).out).toMatch(/^mill: \d+ entries would go, of /);
  });

  test("clears the beginning; the net goes on, recovers, verifies, and what stays is as it was", async () => {
    await three();
    const all = await eventsOf(own.kit.broker, "mill");
    const hash = stateHash(own.kit.stateOf("mill"));
    const pictures = new Map<number, unknown>();
    for (const seq of [all.length - 30, all.length - 10, all.length])
      pictures.set(seq, (await own.stage.run("replay", "mill", "--at", String(seq), "--json")).json);
    const { nets } = await gc("mill", "--keep-events", "40");
    const floor = nets[0]?.clear;
    expect(floor?.seq).toBeLessThanOrEqual(all.length - 40);
    expect(log().first).toBe(floor?.sequence);
    expect(stateHash(own.kit.stateOf("mill"))).toBe(hash);
    for (const [seq, picture] of pictures)
      expect((await own.stage.run("replay", "mill", "--at", String(seq), "--json")).json).toEqual(picture);
    await followed();
    expect((await own.stage.run("verify", "mill", "--json")).json).toMatchObject({ ok: true, from: (floor?.seq ?? 0) + 1, faults: [] });
    await baked(40, 45);
    await own.kit.crash();
    await own.kit.master.termOf("mill");
    await followed();
    expect((await own.stage.run("verify", "mill", "--json")).json).toMatchObject({ ok: true });
    expect(own.kit.stateOf("mill").places.get("bread")?.size).toBe(30);
    expect(own.kit.stateOf("mill").places.get("flour")?.size).toBe(15);
    // A put of the time before is still known.
    const again = await own.kit.put("mill", "corn", { n: 0 }, "k0");
    expect(own.kit.stateOf("mill").puts.get("k0")?.id).toBe(again);
  });

  test("below the new beginning replay, fork and AS OF name it", async () => {
    await three();
    const { nets } = await gc("mill", "--keep-events", "40");
    const floor = nets[0]?.clear?.seq ?? 0;
    for (const words of [
      ["replay", "mill", "--at", String(floor - 1)],
      ["replay", "mill", "--between", "1", "now"],
      ["fork", "mill", "--at", String(floor - 1), "--as", "late"],
      ["query", "mill", "FROM $", "--place", "bread", "--as-of", String(floor - 1)],
    ]) {
      const ran = await own.stage.run(...words, "--json");
      expect(ran.code).toBe(1);
      expect(ran.json).toMatchObject({ error: { code: "below-floor", message: expect.stringContaining(`event ${floor}`) } });
    }
    const traced = async (id: string) =>
      (await own.stage.run("trace", id, "--json")).json as { error?: { message: string }; before?: unknown[] };
    const all = await eventsOf(own.kit.broker, "mill").catch(() => []);
    expect(all).toEqual([]);
    const kept: NetEvent[] = [];
    await own.kit.broker.log("mill").read(log().first, ({ events }) => void kept.push(...events), { epoch: 0 });
    const young = kept.find(({ transition, produced }) => transition === "bake" && produced?.length)?.produced?.[0]?.token.id ?? "";
    expect((await traced(young)).before?.length).toBeGreaterThan(0);
    const old = own.kit.stateOf("mill").places.get("bread")?.keys().next().value ?? "";
    expect(kept.some(({ produced }) => produced?.some(({ token }) => token.id === old))).toBe(false);
    expect((await traced(old)).error).toMatchObject({ code: "below-floor", message: expect.stringContaining(`event ${floor}`) });
    const story = (await own.stage.run("report", old, "--json")).json;
    expect(story).toMatchObject({ error: { code: "below-floor" } });
    expect((await traced(`t-${"0".repeat(21)}`)).error?.message).toContain(`the log of mill up to event ${floor} was cleared`);
    expect((await own.stage.run("replay", "mill", "--at", String(floor))).code).toBe(0);
    expect((await own.stage.run("fork", "mill", "--at", String(floor), "--as", "late")).code).toBe(0);
    await waitUntil("the fork runs", () => own.kit.stateOf("late").definition !== null);
  });

  test("a story that was cleared is not the one that a fork made of it: the error names both", async () => {
    await baked(0, 1);
    const [{ seq = 0, correlation = "" } = {}] = (await eventsOf(own.kit.broker, "mill")).filter(({ type }) => type === "arrived");
    await baked(1, 10);
    expect((await own.stage.run("fork", "mill", "--at", String(seq), "--as", "also")).code).toBe(0);
    await waitUntil("the fork has baked it", () => own.kit.stateOf("also").places.get("bread")?.size === 1);
    const report = async (...words: string[]) => (await own.stage.run("report", correlation, ...words, "--json")).json;
    expect(await report()).toMatchObject({ net: "mill" });
    await checkpoint();
    await baked(10, 20);
    await checkpoint();
    await baked(20, 40);
    const { nets } = await gc("mill", "--keep-events", "40");
    expect(nets[0]?.clear?.seq).toBeGreaterThan(seq + 10);
    const hint = `petrel report ${correlation} --net also`;
    expect(await report()).toMatchObject({
      error: { code: "below-floor", message: expect.stringMatching(/log of mill .*fork also/), hint },
    });
    expect(await report("--net", "also")).toMatchObject({ net: "also", correlation });
  });

  test("never clears beyond the second newest checkpoint, and nothing where there are not two, or where one cannot be read", async () => {
    await baked(0, 10);
    expect((await gc("mill", "--keep-events", "1")).nets[0]).toMatchObject({ clear: null, why: expect.stringContaining("two are needed") });
    await checkpoint();
    expect((await gc("mill", "--keep-events", "1")).nets[0]?.clear).toBeNull();
    const [first] = await own.kit.broker.checkpoints.list("mill");
    await baked(10, 20);
    await checkpoint();
    await own.kit.broker.checkpoints.save("mill", 9999, Buffer.from("rubbish"));
    const { nets } = await gc("mill", "--keep-events", "1");
    expect(nets[0]?.clear?.sequence).toBeLessThanOrEqual(first?.sequence ?? 0);
    await own.kit.broker.checkpoints.remove("mill", 9999);
    expect((await own.stage.run("verify", "mill", "--json")).json).toMatchObject({ ok: true });
    expect((await gc("mill", "--keep-events", "1")).nets[0]).toMatchObject({
      clear: null,
      why: "everything is within the policy, or needed for a recovery",
    });
  });

  test("keeps what is young, by --keep-age or by the policy of petrel.config.json; without either it is a matter of words", async () => {
    await three();
    // The engine's clock stands in this year, the stage's months before: everything is younger than any age.
    expect(Date.parse((await eventsOf(own.kit.broker, "mill"))[0]?.ts ?? "")).toBeGreaterThan(NOW);
    expect((await gc("mill", "--keep-age", "1s")).nets[0]?.clear).toBeNull();
    expect((await gc("mill", "--keep-age", "1s", "--keep-events", "1")).nets[0]?.clear).toBeNull();
    for (const message of log().all()) for (const event of message.value.events) event.ts = "2026-02-01T00:00:00.000Z";
    expect((await gc("mill", "--keep-age", "40d", "--dry-run")).nets[0]?.clear).toBeNull();
    expect((await gc("mill", "--keep-age", "20d", "--dry-run")).nets[0]?.clear).not.toBeNull();
    const config = { ...defaultConfig, retention: { keepAge: "20d", keepEvents: 40 } };
    own.stage.file("petrel.config.json", JSON.stringify(config));
    expect((await gc("mill", "--dry-run")).nets[0]?.clear).not.toBeNull();
    own.stage.file("petrel.config.json", JSON.stringify({ ...config, retention: { keepAge: "40d" } }));
    expect((await gc("mill", "--dry-run")).nets[0]?.clear).toBeNull();
    own.stage.file("petrel.config.json", JSON.stringify(defaultConfig));
    for (const words of [["--keep-age", "soon"], ["--keep-events", "0"], []])
      expect((await own.stage.run("gc", "mill", ...words)).code).toBe(2);
  });

  test("with --audit writes what goes into a file first, whose chain can be followed, and lets no artefact go", async () => {
    await three();
    await own.kit.broker.artifacts.put(Buffer.from("named by nobody"), "text/plain");
    const before = await eventsOf(own.kit.broker, "mill");
    const { nets, artifacts } = await gc("mill", "--keep-events", "40", "--audit");
    expect(artifacts.count).toBe(0);
    const file = nets[0]?.archive ?? "";
    expect(existsSync(file)).toBe(true);
    expect(readdirSync(join(file, ".."))).toHaveLength(1);
    const lines = gunzipSync(readFileSync(file)).toString().trim().split("\n");
    const entries = lines.map((line) => JSON.parse(line) as { prev: string; hash: string; id: string; epoch: number; events: NetEvent[] });
    let prev = "start";
    for (const entry of entries) {
      expect(entry.prev).toBe(prev);
      prev = entryHash(entry, JSON.stringify(entry.events));
      expect(prev).toBe(entry.hash);
    }
    expect(log().get(log().first)?.value.prev).toBe(prev);
    const archived = entries.flatMap(({ events }) => events);
    expect(archived).toEqual(before.slice(0, archived.length));
  });

  test("artefacts go that no kept event, token, or kept artefact names, and only old ones", async () => {
    const { artifacts } = own.kit.broker;
    const put = async (text: string, type = "application/json") => (await artifacts.put(Buffer.from(text), type)).$artifact;
    const inner = await put("picture", "image/png");
    const outer = await put(JSON.stringify({ shot: { $artifact: inner } }));
    const resting = await put("of a token that stays");
    const gone = await put("of a token that is gone");
    const never = await put("of nobody");
    await own.kit.put("mill", "corn", { n: 99, doc: { $artifact: resting } }, "rest");
    await own.kit.put("mill", "corn", { n: 98, doc: { $artifact: outer } }, "outer");
    const id = await own.kit.put("mill", "corn", { n: 97, doc: { $artifact: gone } }, "gone");
    await waitUntil("all is ground", () => (own.kit.stateOf("mill").places.get("flour")?.size ?? 0) === 3);
    const flour = [...(own.kit.stateOf("mill").places.get("flour")?.values() ?? [])];
    const last = flour.find(({ token }) => JSON.stringify(token.data).includes(gone));
    await own.kit.ask("mill", "close", { place: "flour", id: last?.token.id });
    await three();
    expect(id).not.toBe("");
    const ids = async () => new Set((await artifacts.list()).map((one) => one.id));
    // They came just now: by the stage's clock even in the future.
    expect((await gc("--keep-events", "40")).artifacts.count).toBe(0);
    for (const [name, about] of own.kit.hub.artifactTimes) own.kit.hub.artifactTimes.set(name, { ...about, at: NOW - 3 * 24 * 3_600_000 });
    const { artifacts: swept } = await gc("--keep-events", "40");
    expect(swept.count).toBe(2);
    const left = await ids();
    for (const kept of [inner, outer, resting]) expect(left.has(kept)).toBe(true);
    for (const away of [gone, never]) expect(left.has(away)).toBe(false);
  });
});
