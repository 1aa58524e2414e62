/** What the broker port promises of definitions, control, leases, checkpoints, artefacts, and of logs that are read or purged in part. */
import { beforeAll, describe, expect, test } from "vitest";
import type { Broker } from "../../src/contract/broker.ts";
import { sha256 } from "../../src/contract/hash.ts";
import { type Quotas, sharedQuotas } from "../../src/contract/quotas.ts";
import { waitUntil } from "../support/wait-until.ts";
import { bytes, type Clients, epochEvent, event, text } from "./broker-samples.ts";

export function storesContract(the: () => Clients, freshNet: () => Promise<string>): void {
  describe("what lies beside the logs", () => {
    let a: Broker;
    let b: Broker;
    beforeAll(() => {
      ({ a, b } = the());
    });
    test("versions are written once and found by name and hash", async () => {
      expect(await a.netVersions.get("shop", "none")).toBeNull();
      await a.netVersions.put("shop", "aa11", { net: "shop", v: 1 });
      await a.netVersions.put("shop", "aa11", { net: "shop", v: 1 });
      await a.netVersions.put("shop", "bb22", { net: "shop", v: 2 });
      await a.netVersions.put("shop-two", "cc33", { net: "shop-two" });
      expect(await b.netVersions.get("shop", "bb22")).toEqual({ net: "shop", v: 2 });
      expect((await b.netVersions.list("shop")).map((each) => each.hash)).toEqual(["aa11", "bb22"]);
      expect((await b.netVersions.list("shop"))[0]?.at).toMatch(/^\d{4}-\d\d-\d\dT/);
      expect(await b.personaVersions.list("shop")).toEqual([]);
      expect(await b.netVersions.names()).toEqual(expect.arrayContaining(["shop", "shop-two"]));
      expect(await b.personaVersions.names()).not.toContain("shop");
    });

    test("control begins running at generation 0, only ever rises, and tells its watchers (E9)", async () => {
      const start = await a.control.read();
      const seen: string[] = [];
      const watching = await b.control.watch((each) => seen.push(`${each.generation} ${each.state}`));
      const generations = await Promise.all([a.control.write("killed"), b.control.write("running"), a.control.write("killed")]);
      expect(generations.map((each) => each.generation - start.generation).sort()).toEqual([1, 2, 3]);
      const now = await b.control.read();
      expect(now.generation).toBe(start.generation + 3);
      await waitUntil("the watcher knows the newest", () => seen.includes(`${now.generation} ${now.state}`));
      await watching.stop();
    });

    test("a shared bucket writes on a condition, finds by pattern, forgets in time, and tells its watchers", async () => {
      const [here, there] = [a.keyValue("access"), b.keyValue("access")];
      const seen: string[] = [];
      const watching = await there.watch(({ key, value }) => seen.push(`${key} ${JSON.stringify(value)}`));
      expect(await here.get("client.none")).toBeNull();
      expect(await here.list("nothing.*")).toEqual([]);
      const first = await here.put("client.one", { v: 1 }, { expected: 0 });
      expect(first).toBeGreaterThan(0);
      expect(await there.put("client.one", { v: 2 }, { expected: 0 })).toBeNull();
      const both = await Promise.all([1, 2].map((v) => (v === 1 ? here : there).put("client.one", { v }, { expected: first ?? 0 })));
      expect(both.filter((each) => each !== null)).toHaveLength(1);
      await there.put("client.two", "text");
      await there.put("other.one.deep", null);
      expect((await here.list("client.*")).map(({ key }) => key).sort()).toEqual(["client.one", "client.two"]);
      expect((await here.list(">")).map(({ key }) => key)).toContain("other.one.deep");
      const stale = first ?? 0;
      await here.remove("client.one", stale);
      const now = await there.get("client.one");
      expect(now).not.toBeNull();
      await here.remove("client.one", now?.revision ?? 0);
      expect(await there.get("client.one")).toBeNull();
      expect(await there.put("client.one", { v: 3 }, { expected: 0 })).toBeGreaterThan(0);
      await here.put("brief.one", 1, { ttlMs: 1000 });
      await waitUntil("the brief value is gone", async () => (await there.get("brief.one")) === null);
      await waitUntil("the watcher knows all", () =>
        ["client.one", "client.two", "brief.one"].every((key) => seen.some((each) => each.startsWith(key))),
      );
      await watching.stop();
    });

    test("a lease has one owner until it is released or runs out", async () => {
      expect(await a.leases.acquire("l1", "one", 60_000)).toBe(true);
      expect(await b.leases.acquire("l1", "two", 60_000)).toBe(false);
      expect(await b.leases.renew("l1", "two", 60_000)).toBe(false);
      expect(await a.leases.renew("l1", "one", 60_000)).toBe(true);
      expect(await a.leases.acquire("l1", "one", 60_000)).toBe(true);
      await b.leases.release("l1", "two");
      expect(await b.leases.acquire("l1", "two", 60_000)).toBe(false);
      await a.leases.release("l1", "one");
      expect(await b.leases.acquire("l1", "two", 1000)).toBe(true);
      expect(await b.leases.renew("l1", "two", 1000)).toBe(true);
      await waitUntil("the renewed lease ran out", () => a.leases.acquire("l1", "one", 60_000));
      expect(await b.leases.renew("l1", "two", 1000)).toBe(false);
      const both = await Promise.all([a.leases.acquire("l2", "one", 60_000), b.leases.acquire("l2", "two", 60_000)]);
      expect(both.filter(Boolean)).toHaveLength(1);
    });

    test("a shared number is changed by each of many at once, and none is lost", async () => {
      const key = "rate.anthropic.bQ";
      const [qa, qb] = [sharedQuotas(a.keyValue("limits")), sharedQuotas(b.keyValue("limits"))];
      expect(await qa.change(key, (before) => ({ after: null, result: before }))).toBeNull();
      const add = (quotas: Quotas) => quotas.change(key, (before) => ({ after: Number(before ?? 0) + 1, result: before }));
      const seen = await Promise.all(Array.from({ length: 20 }, (_, at) => add(at % 2 === 0 ? qa : qb)));
      expect(new Set(seen).size).toBe(20);
      expect(await qb.change(key, (before) => ({ after: null, result: before }))).toBe(20);
    });

    test("what a model says is heard by who listens to its net, whole and in order", async () => {
      const heard: string[] = [];
      const listening = b.liveText.listen("talk", ({ persona, text }) => heard.push(`${persona}: ${text}`));
      const say = (net: string, text: string) => a.liveText.say({ net, transition: "design", firing: "f-1", persona: "architect", text });
      await waitUntil("the listener is there", async () => {
        say("talk", "?");
        return heard.length > 0;
      });
      say("other", "not for you");
      for (const text of ["One. ", "Two.\n", "\u{1f41f}"]) say("talk", text);
      await waitUntil("all of it was heard", async () => heard.at(-1) === "architect: \u{1f41f}");
      expect(heard.filter((each) => each !== "architect: ?")).toEqual(["architect: One. ", "architect: Two.\n", "architect: \u{1f41f}"]);
      await listening.stop();
    });

    test("checkpoints are listed, thinned out the older they are, and stay when they are kept", async () => {
      for (let at = 1; at <= 40; at++) await a.checkpoints.save("thin", at * 100, bytes(`state ${at}`), at === 3);
      const list = await b.checkpoints.list("thin");
      const sequences = list.map(({ sequence }) => sequence);
      expect(sequences.slice(0, 2)).toEqual([4000, 3900]);
      expect(sequences.length).toBeLessThanOrEqual(9);
      expect(sequences.length).toBeGreaterThanOrEqual(5);
      expect(list.filter(({ kept }) => kept)).toEqual([{ sequence: 300, bytes: 7, kept: true }]);
      expect(text((await b.checkpoints.load("thin", 300)) ?? bytes(""))).toBe("state 3");
      await b.checkpoints.remove("thin", 300);
      expect(await a.checkpoints.load("thin", 300)).toBeNull();
      expect((await a.checkpoints.list("thin")).some(({ kept }) => kept)).toBe(false);
    });

    test("a log is read up to a sequence, and what is purged from its beginning is named by its bounds", async () => {
      const net = await freshNet();
      expect(await a.log(net).bounds()).toEqual({ first: 1, last: 0 });
      for (let at = 0; at < 6; at++) await a.log(net).append(at, { id: `e${at}`, epoch: 1, events: [event(net, at + 1)] });
      const read = async (after: number, upTo?: number) => {
        const found: number[] = [];
        const last = await b.log(net).read(after, ({ sequence }) => found.push(sequence), upTo === undefined ? {} : { upTo });
        return { found, last };
      };
      expect(await read(1, 4)).toEqual({ found: [2, 3, 4], last: 4 });
      await a.log(net).purge(3);
      expect(await b.log(net).bounds()).toEqual({ first: 4, last: 6 });
      await expect(read(2)).rejects.toMatchObject({ code: "log-purged" });
      expect((await read(3)).found).toEqual([4, 5, 6]);
      expect(await a.log(net).append(6, { id: "e6", epoch: 1, events: [event(net, 7)] })).toEqual({ kind: "committed", sequence: 7 });
    });

    test("the epoch that a reader knows voids entries also where the message before says otherwise", async () => {
      const net = await freshNet();
      await a.log(net).append(0, { id: "t2", epoch: 2, events: [epochEvent(net, 1, 2)] });
      await a.log(net).append(1, { id: "stale", epoch: 1, events: [event(net, 2)] });
      await a.log(net).append(2, { id: "staler", epoch: 1, events: [event(net, 2)] });
      const found: string[] = [];
      await b.log(net).read(2, ({ id }) => found.push(id), { epoch: 2 });
      expect(found).toEqual([]);
    });

    test("artefacts are listed with their time, and gone when removed", async () => {
      const ref = await a.artifacts.put(bytes("to be removed"), "text/plain");
      const listed = (await b.artifacts.list()).find(({ id }) => id === ref.$artifact);
      expect(listed).toMatchObject({ size: 13, at: expect.any(Number), type: "text/plain" });
      await b.artifacts.remove(ref.$artifact);
      expect(await a.artifacts.get(ref.$artifact)).toBeNull();
      expect((await b.artifacts.list()).some(({ id }) => id === ref.$artifact)).toBe(false);
      expect((await a.artifacts.put(bytes("to be removed"), "text/plain")).$artifact).toBe(ref.$artifact);
      expect(await b.artifacts.get(ref.$artifact)).toHaveLength(13);
    });

    test("an artefact that comes in pieces is kept whole, or not at all when it is not what was announced", async () => {
      const parts = [bytes("first "), bytes("second "), new Uint8Array(300_000).fill(65)];
      const whole = Buffer.concat(parts);
      const announced = { sha256: sha256(whole), size: whole.length, type: "text/x-pieces" };
      async function* pieces(of: Uint8Array[]) {
        yield* of;
      }
      expect(await a.artifacts.putStream(announced, pieces(parts))).toEqual({ $artifact: announced.sha256, ...announced });
      expect(Buffer.compare((await b.artifacts.get(announced.sha256)) ?? bytes(""), whole)).toBe(0);
      const other = { ...announced, sha256: sha256("other"), size: 5 };
      for (const wrong of [[bytes("otter")], [bytes("othe")], [bytes("otherwise")], []])
        await expect(a.artifacts.putStream(other, pieces(wrong))).rejects.toMatchObject({ code: "artifact-damaged" });
      expect(await b.artifacts.get(other.sha256)).toBeNull();
      expect(await a.artifacts.putStream(other, pieces([bytes("oth"), bytes("er")]))).toMatchObject({ size: 5 });
      const empty = { sha256: sha256(""), size: 0, type: "text/plain" };
      expect(await a.artifacts.putStream(empty, pieces([]))).toMatchObject({ size: 0 });
      expect(await b.artifacts.get(empty.sha256)).toHaveLength(0);
    });

    test("the newest checkpoint is the one that counts", async () => {
      expect(await a.checkpoints.latest("c")).toBeNull();
      for (const sequence of [5, 90, 1000]) await a.checkpoints.save("c", sequence, bytes(`state ${sequence}`));
      await a.checkpoints.save("c-other", 7, bytes("other"));
      const latest = await b.checkpoints.latest("c");
      expect([latest?.sequence, text(latest?.state ?? bytes(""))]).toEqual([1000, "state 1000"]);
    });

    test("artefacts are found by the hash of their content", async () => {
      const big = new Uint8Array(700_000).map((_, at) => at % 251);
      const ref = await a.artifacts.put(big, "application/octet-stream");
      expect(ref).toMatchObject({ size: 700_000, type: "application/octet-stream", $artifact: ref.sha256 });
      expect(await a.artifacts.put(big, "application/octet-stream")).toEqual(ref);
      expect(Buffer.compare((await b.artifacts.get(ref.$artifact)) ?? bytes(""), big)).toBe(0);
      const empty = await a.artifacts.put(bytes(""), "text/plain");
      expect(await b.artifacts.get(empty.$artifact)).toHaveLength(0);
      expect(await b.artifacts.get("0".repeat(64))).toBeNull();
    });
  });
}
