/** A wire between an owner and the broker that is cut, goes silent, or is slow: nothing acknowledged is lost or doubled. */
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { eventsOf, logAgreesWithPlaces } from "../support/log-check.ts";
import { eachEffectOnce, eachTokenOnce, honouringCommand } from "../support/once-check.ts";
import { System } from "../support/state-folder.ts";
import { TcpProxy } from "../support/tcp-proxy.ts";
import { waitUntil } from "../support/wait-until.ts";

let system: System;
let proxy: TcpProxy;
const TOKENS = 60;

const net = (file: string) => ({
  net: "cuts",
  places: { start: { open: true }, work: {}, end: { sink: true } },
  transitions: {
    sort: {
      kind: "pass",
      in: [{ place: "start", as: "job" }],
      out: [
        { to: "work", when: "job.n < 6" },
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
const epochs = async () => {
  const events = await eventsOf(system.broker, "cuts");
  return events.filter(({ type }) => type === "epoch").map(({ attributes }) => String(attributes?.owner));
};
const effects = () => join(system.dir, "effects.txt");
const length = () => system.broker.log("cuts").read(0, () => {});

/** `far` owns the net behind the proxy; puts go on all the time, straight to the server. */
async function begin(): Promise<{ put: Promise<string[]>; put0: Promise<string> }> {
  system = await System.start();
  proxy = await TcpProxy.start(system.url);
  await Promise.all([system.masterBy(proxy.url, "far"), system.executor()]);
  await system.apply(net(effects()));
  expect(new Set(await epochs())).toEqual(new Set(["far"]));
  const put0 = system.put("cuts", "start", { n: 0 }, "k0");
  const put = (async () => {
    const ids: string[] = [];
    for (let n = 1; n < TOKENS; n++) ids.push(await system.put("cuts", "start", { n }, `k${n}`));
    return ids;
  })();
  return { put, put0 };
}

async function allOnce(acknowledged: string[]): Promise<void> {
  await waitUntil("all is through", async () => (await system.broker.places("cuts").ids("end")).size === TOKENS, 90_000).catch((error) => {
    throw new Error(`${error}\n${system.logs()}`);
  });
  const { state, events } = await logAgreesWithPlaces(system.broker, "cuts", 30_000);
  eachTokenOnce(state, events, acknowledged);
  eachEffectOnce("cuts", "write", effects(), events);
  const numbers = [...(state.places.get("end")?.values() ?? [])].map(({ token }) => (token.data as { n: number }).n);
  expect(numbers.sort((a, b) => a - b)).toEqual(Array.from({ length: TOKENS }, (_, n) => n));
}

describe("the wire of an owner", () => {
  afterEach(async () => {
    await system?.end();
    await proxy?.end();
  });

  it("is cut again and again: it comes back each time, and resolves what was under way", async () => {
    const { put, put0 } = await begin();
    await put0;
    for (let cut = 0; cut < 4; cut++) {
      const before = await length();
      await waitUntil("work goes on", async () => (await length()) > before, 60_000);
      const accepted = proxy.accepted;
      proxy.cut();
      proxy.mend();
      await waitUntil("it has dialled again", () => proxy.accepted > accepted, 60_000);
    }
    await allOnce([await put0, ...(await put)]);
  }, 240_000);

  it("goes silent: another master takes over, and what comes through late is refused", async () => {
    const { put, put0 } = await begin();
    await put0;
    await system.master("near");
    proxy.silence();
    await waitUntil("the other has taken over", async () => (await epochs()).at(-1) === "near", 90_000);
    const acknowledged = [await put0, ...(await put)];
    // Late answers, late appends: all at once.
    proxy.mend();
    await allOnce(acknowledged);
    const entries: number[] = [];
    const last = await system.broker.log("cuts").read(0, ({ epoch }) => void entries.push(epoch));
    // No entry is void, so none of the silent one's stands behind the other's.
    expect(entries).toHaveLength(last);
    expect(entries).toEqual([...entries].sort((a, b) => a - b));
  }, 240_000);

  it("is slow: everything takes longer, and nothing else is different", async () => {
    const { put, put0 } = await begin();
    const since = performance.now();
    proxy.delay(80);
    await allOnce([await put0, ...(await put)]);
    // One term, or a few where the machine stood still for longer than a lease; not one after the other, which would be one in 3 s.
    expect((await epochs()).length).toBeLessThanOrEqual(3 + Math.floor((performance.now() - since) / 20_000));
  }, 240_000);
});
