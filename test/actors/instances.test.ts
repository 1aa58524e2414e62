/** Sub-nets in a running engine: shared ones, and those with an instance for each firing of a link. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: templates are what is checked
import { afterEach, describe, expect, it } from "vitest";
import type { NetEvent } from "../../src/contract/event.ts";
import { foldEvents } from "../../src/net/fold.ts";
import { markingOf, type NetState } from "../../src/net/state.ts";
import { stateHash } from "../../src/net/state-hash.ts";
import { logAgreesWithPlaces } from "../support/log-check.ts";
import { type MasterKit, masterKit } from "../support/master-kit.ts";
import { waitUntil } from "../support/wait-until.ts";

let kit: MasterKit;
afterEach(async () => kit.stop());

/** Splits an order into two halves, and joins what belongs together by nothing but its instance. */
const halves = {
  places: { inbox: { port: "in" }, left: {}, right: {}, joined: { port: "out" } },
  transitions: {
    split: { kind: "pass", route: "all", in: [{ place: "inbox", as: "order" }], out: [{ to: "left" }, { to: "right" }] },
    join: {
      kind: "map",
      in: [{ place: "left" }, { place: "right" }],
      value: { left: "${left.n}", right: "${right.n}" },
      out: [{ to: "joined" }],
    },
  },
};
const shop = (subnet: object = halves, link: object = {}) => ({
  net: "shop",
  places: { orders: { open: true }, done: { sink: true }, problems: { sink: true } },
  subnets: { review: subnet },
  transitions: {
    ask: {
      kind: "link",
      instance: "each",
      in: [{ place: "orders", as: "order" }],
      to: { subnet: "review", place: "inbox" },
      out: [{ to: "done", set: { of: "${order.n}" } }],
      onError: "problems",
      ...link,
    },
  },
});
const apply = (definition: object) => kit.ask(null, "apply-net", { definition });
const state = () => kit.stateOf("shop");
const data = (place: string, of: NetState = state()) => [...(of.places.get(place)?.values() ?? [])].map(({ token }) => token.data);
const count = (place: string) => state().places.get(place)?.size ?? 0;
const eventsOf = async () => {
  const events: NetEvent[] = [];
  await kit.broker.log("shop").read(0, (entry) => void events.push(...entry.events));
  return events;
};
const quiet = async () => {
  await waitUntil("nothing is under way", () => kit.master.terms.get("shop")?.loop.backlog === 0);
};
const isFoldOfLog = async () => {
  await quiet();
  expect(stateHash(foldEvents("shop", await eventsOf()))).toBe(stateHash(state()));
};

describe("a shared sub-net", () => {
  const shared = {
    ...shop(),
    transitions: {
      ask: { kind: "link", in: [{ place: "orders" }], to: { subnet: "review", place: "inbox" } },
      collect: { kind: "pass", in: [{ place: "review--joined", as: "result" }], out: [{ to: "done" }] },
    },
  };

  it("runs in the log of the net around it; its link is one event", async () => {
    kit = await masterKit();
    await apply(shared);
    await kit.put("shop", "orders", { n: 1 });
    await waitUntil("it is done", () => count("done") === 1);
    expect(data("done")).toEqual([{ left: 1, right: 1 }]);
    const events = (await eventsOf()).filter(({ transition }) => transition !== undefined);
    expect(events.map(({ type, transition }) => `${type} ${transition}`)).toEqual([
      "fired ask",
      "fired review--split",
      "fired review--join",
      "fired collect",
    ]);
    await logAgreesWithPlaces(kit.broker, "shop");
    const places = (await kit.ask("shop", "places")) as { place: string }[];
    expect(places.map(({ place }) => place)).toContain("review--left");
  });

  it("comes back whole from the log after a crash, and its definition as it was applied", async () => {
    kit = await masterKit();
    await apply(shared);
    await kit.put("shop", "orders", { n: 1 });
    await kit.crash();
    await kit.master.termOf("shop");
    await kit.put("shop", "orders", { n: 2 });
    await waitUntil("both are done", () => count("done") === 2);
    const { definition } = (await kit.ask("shop", "definition")) as { definition: { subnets: object } };
    expect(definition.subnets).toHaveProperty("review.places.inbox");
    expect(await apply(shared)).toMatchObject({ changed: false });
  });
});

describe("instances", () => {
  it("never mix, however many run side by side, and are gone when they are done", async () => {
    kit = await masterKit();
    await apply(shop());
    await Promise.all(Array.from({ length: 40 }, (_, n) => kit.put("shop", "orders", { n }, `p${n}`)));
    await waitUntil("all are done", () => count("done") === 40);
    for (const { left, right, of } of data("done") as { left: number; right: number; of: number }[])
      expect([left, right]).toEqual([of, of]);
    expect(state().firings.size + state().instances.size + state().hollow.size).toBe(0);
    expect(Object.keys(markingOf(state()))).toEqual(["done"]);
    for (const { token } of state().places.get("done")?.values() ?? []) expect(token.instance).toBeUndefined();
    await isFoldOfLog();
    await logAgreesWithPlaces(kit.broker, "shop");
  });

  it("carry their id in each token inside, and hold the order in its place until they end", async () => {
    kit = await masterKit();
    const { join: _, ...transitions } = halves.transitions;
    const wait = { kind: "pass", in: [{ place: "left" }, { place: "right", where: "$.go" }], out: [{ to: "joined" }] };
    await apply(shop({ ...halves, transitions: { ...transitions, wait } }));
    await kit.put("shop", "orders", { n: 1 });
    await waitUntil("it is split", () => count("review--left") === 1);
    const [firing] = [...state().firings.values()];
    expect(firing).toMatchObject({ transition: "ask", subnet: "review" });
    const { tokens } = (await kit.ask("shop", "tokens", { place: "review--left" })) as { tokens: { instance: string }[] };
    expect(tokens[0]?.instance).toBe(firing?.firing);
    expect(
      ((await kit.ask("shop", "places")) as { place: string; reserved: number }[]).find(({ place }) => place === "orders")?.reserved,
    ).toBe(1);
    const right = [...(state().places.get("review--right")?.keys() ?? [])][0];
    await kit.ask("shop", "move", { place: "review--right", id: right, data: { go: true } });
    await waitUntil("it is done", () => count("done") === 1);
    expect(count("orders")).toBe(0);
  });

  it("end with their first result: what is left in them goes, by the same event", async () => {
    kit = await masterKit();
    const race = {
      places: { inbox: { port: "in" }, slow: {}, won: { port: "out" }, lost: { port: "out" } },
      tokens: { slow: [{ spare: true }] },
      transitions: {
        start: {
          kind: "pass",
          route: "all",
          in: [{ place: "inbox", as: "order" }],
          out: [{ to: "slow" }, { to: "won", set: { by: "fast" } }],
        },
        crawl: { kind: "command", pool: "p", argv: ["true"], in: [{ place: "slow" }], out: [{ to: "lost" }] },
      },
    };
    await apply(shop(race));
    await kit.put("shop", "orders", { n: 7 });
    await waitUntil("it is done", () => count("done") === 1);
    expect(data("done")).toEqual([{ n: 7, by: "fast", of: 7 }]);
    await waitUntil("nothing of it is left", () => Object.keys(markingOf(state())).join() === "done" && state().firings.size === 0);
    const end = (await eventsOf()).find(({ type, transition }) => type === "fired" && transition === "ask");
    expect(end?.attributes).toMatchObject({ closes: "review", left: 2 });
    await isFoldOfLog();
  });

  it("have inhibit and reset arcs, batches and joins that see their own tokens only", async () => {
    kit = await masterKit();
    const watched = {
      places: { inbox: { port: "in" }, parts: {}, brake: {}, out: { port: "out" } },
      transitions: {
        begin: {
          kind: "pass",
          route: "all",
          in: [{ place: "inbox", as: "order" }],
          out: [
            { to: "parts", weight: 3 },
            { to: "brake", when: "order.n % 2 == 1" },
          ],
        },
        finish: {
          kind: "map",
          in: [
            { place: "parts", take: 3 },
            { place: "brake", mode: "inhibit" },
          ],
          value: { n: "${parts[0].n}", parts: "${len(parts)}" },
          out: [{ to: "out" }],
        },
      },
    };
    await apply(shop(watched));
    for (let n = 0; n < 6; n++) await kit.put("shop", "orders", { n });
    await waitUntil("the even ones are done", () => count("done") === 3);
    await quiet();
    expect(data("done")).toEqual([0, 2, 4].map((n) => ({ n, parts: 3, of: n })));
    expect(count("review--parts")).toBe(9);
    const [brake] = [...(state().places.get("review--brake")?.values() ?? [])];
    await kit.ask("shop", "close", { place: "review--brake", id: brake?.token.id });
    await waitUntil("one more is done", () => count("done") === 4);
    expect(data("done")[3]).toEqual({ n: 1, parts: 3, of: 1 });
  });

  it("route by the port that a result left by", async () => {
    kit = await masterKit();
    const judge = {
      places: { inbox: { port: "in" }, yes: { port: "out" }, no: { port: "out" } },
      transitions: {
        judge: {
          kind: "pass",
          in: [{ place: "inbox", as: "order" }],
          out: [
            { to: "yes", when: "order.n > 1" },
            { to: "no", otherwise: true },
          ],
        },
      },
    };
    await apply(
      shop(judge, {
        out: [
          { to: "done", port: "yes" },
          { to: "problems", port: "no" },
        ],
      }),
    );
    for (const n of [1, 2, 3]) await kit.put("shop", "orders", { n });
    await waitUntil("all are through", () => count("done") + count("problems") === 3);
    expect([count("done"), count("problems")]).toEqual([2, 1]);
  });

  it("fail by the port that no output is for, and never lose the result", async () => {
    kit = await masterKit();
    const judge = {
      places: { inbox: { port: "in" }, yes: { port: "out" }, no: { port: "out" } },
      transitions: {
        judge: {
          kind: "pass",
          in: [{ place: "inbox", as: "order" }],
          out: [
            { to: "yes", when: "order.n > 1" },
            { to: "no", otherwise: true },
          ],
        },
      },
    };
    await apply(shop(judge, { out: [{ to: "done", port: "yes" }] }));
    for (const n of [1, 2]) await kit.put("shop", "orders", { n });
    await waitUntil("both are through", () => count("done") + count("problems") === 2);
    expect(data("problems")).toMatchObject([
      { error: { code: "no-route", message: expect.stringContaining("port no") }, inputs: { order: { n: 1 } } },
    ]);
    expect([count("orders"), count("review--no"), state().firings.size]).toEqual([0, 0, 0]);
    await isFoldOfLog();
  });

  it("wait for what failed inside, why names it, and the command that puts it back ends them", async () => {
    kit = await masterKit();
    const fragile = {
      places: { inbox: { port: "in" }, out: { port: "out" } },
      transitions: { name: { kind: "map", in: [{ place: "inbox", as: "order" }], value: { name: "${order.name}" }, out: [{ to: "out" }] } },
    };
    await apply(shop(fragile));
    await kit.put("shop", "orders", { n: 1 });
    await waitUntil("it has failed inside", () => count("dead-letter") === 1);
    await quiet();
    const [dead] = state().places.get("dead-letter")?.keys() ?? [];
    const [reason] = (
      (await kit.ask("shop", "why", { name: "ask" })) as [{ reasons: { code: string; text: string; command: string }[] }]
    )[0].reasons;
    expect(reason).toMatchObject({ code: "under-way", command: `petrel retry shop ${dead}` });
    expect(reason?.text).toContain(`${dead} of it failed and lies in dead-letter`);
    expect([count("orders"), count("problems")]).toEqual([1, 0]);
    const { transitions } = fragile;
    await apply(shop({ ...fragile, transitions: { name: { ...transitions.name, value: { name: '${default(order.name, "-")}' } } } }));
    expect(await kit.ask("shop", "retry", { id: dead })).toMatchObject({ again: true, tokens: [{ place: "review--inbox" }] });
    await waitUntil("it is done", () => count("done") === 1);
    expect([data("done"), count("orders"), count("dead-letter"), state().firings.size]).toEqual([[{ name: "-", of: 1 }], 0, 0, 0]);
    await isFoldOfLog();
  });

  it("fail when nothing is left in them, and when their time is up", async () => {
    kit = await masterKit();
    const sinks = {
      places: { inbox: { port: "in" }, out: { port: "out" }, stuck: { sink: true } },
      transitions: {
        lose: { kind: "pass", in: [{ place: "inbox", as: "order", where: "$.n == 1" }], out: [] },
        keep: { kind: "pass", in: [{ place: "inbox", as: "order", where: "$.n == 2" }], out: [{ to: "stuck" }] },
        finish: { kind: "pass", in: [{ place: "inbox", as: "order", where: "$.n == 3" }], out: [{ to: "out" }] },
      },
    };
    await apply(shop(sinks, { timeout: "1h" }));
    for (const n of [1, 2, 3]) await kit.put("shop", "orders", { n });
    await waitUntil("two are over", () => count("done") === 1 && count("problems") === 1);
    expect(data("problems")[0]).toMatchObject({ error: { code: "no-result" }, inputs: { order: { n: 1 } } });
    expect(count("review--stuck")).toBe(1);
    await kit.crash();
    await kit.master.termOf("shop");
    kit.clock.jump(3_600_001);
    await waitUntil("the third is over too", () => count("problems") === 2);
    expect(data("problems")[1]).toMatchObject({ error: { code: "timed-out" }, inputs: { order: { n: 2 } } });
    expect(count("review--stuck")).toBe(0);
    const late = [...(state().places.get("problems")?.values() ?? [])][1]?.token.id;
    expect(await kit.ask("shop", "retry", { id: late })).toMatchObject({ again: true, tokens: [{ place: "orders" }] });
    await waitUntil("a new instance has come as far", () => count("review--stuck") === 1);
    const [stuck] = state().places.get("review--stuck")?.values() ?? [];
    expect(state().firings.get(stuck?.token.instance ?? "")?.transition).toBe("ask");
    await expect(kit.ask("shop", "retry", { all: true, place: "nowhere" })).rejects.toMatchObject({ code: "no-such-place" });
    await isFoldOfLog();
  });

  it("nest: an instance in an instance, and a shared sub-net in one", async () => {
    kit = await masterKit();
    const outer = {
      places: { inbox: { port: "in" }, checked: {}, out: { port: "out" } },
      subnets: {
        pair: halves,
        stamp: {
          places: { inbox: { port: "in" }, outbox: { port: "out" } },
          transitions: { mark: { kind: "pass", in: [{ place: "inbox" }], out: [{ to: "outbox", set: { stamped: true } }] } },
        },
      },
      transitions: {
        each: {
          kind: "link",
          instance: "each",
          in: [{ place: "inbox", as: "order" }],
          to: { subnet: "pair", place: "inbox" },
          out: [{ to: "checked" }],
        },
        on: { kind: "link", in: [{ place: "checked" }], to: { subnet: "stamp", place: "inbox" } },
        off: { kind: "pass", in: [{ place: "stamp--outbox", as: "result" }], out: [{ to: "out" }] },
      },
    };
    await apply(shop(outer));
    await Promise.all(Array.from({ length: 12 }, (_, n) => kit.put("shop", "orders", { n }, `p${n}`)));
    await waitUntil("all are done", () => count("done") === 12);
    for (const each of data("done") as { left: number; of: number }[])
      expect(each).toEqual({ left: each.of, right: each.of, of: each.of, stamped: true });
    expect(Object.keys(markingOf(state()))).toEqual(["done"]);
    expect(state().instances.size).toBe(0);
    await isFoldOfLog();
  });

  it("survive crashes of their owner: each order comes out once", async () => {
    kit = await masterKit();
    await apply(shop());
    for (let round = 0; round < 5; round++) {
      const puts = Array.from({ length: 20 }, (_, n) =>
        kit.put("shop", "orders", { n: round * 20 + n }, `p${round * 20 + n}`).catch(() => null),
      );
      await waitUntil("some are through", () => count("done") > round * 18);
      kit.broker.faults.dropAnswers = 1;
      await kit.crash();
      await Promise.all(puts);
      await kit.master.termOf("shop");
      for (let n = 0; n < 20; n++) await kit.put("shop", "orders", { n: round * 20 + n }, `p${round * 20 + n}`);
    }
    await waitUntil("all are done", () => count("done") === 100);
    expect((data("done") as { of: number; left: number; right: number }[]).map(({ of }) => of).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 100 }, (_, n) => n),
    );
    expect(state().instances.size + state().firings.size).toBe(0);
    await logAgreesWithPlaces(kit.broker, "shop");
  }, 180_000);

  it("respect the limit of their link, and begin in order", async () => {
    kit = await masterKit();
    const still = {
      places: { inbox: { port: "in" }, out: { port: "out" } },
      transitions: { go: { kind: "pass", in: [{ place: "inbox", where: "$.go" }], out: [{ to: "out" }] } },
    };
    await apply(shop(still, { concurrency: 2 }));
    for (let n = 0; n < 5; n++) await kit.put("shop", "orders", { n });
    await waitUntil("two run", () => count("review--inbox") === 2);
    expect(state().firings.size).toBe(2);
    expect(data("review--inbox")).toEqual([{ n: 0 }, { n: 1 }]);
  });
});
