/** What the screens and programs ask for beside events and tokens: firings, specialists, costs, hands, forks, proposals. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { waitUntil } from "../support/wait-until.ts";
import { type GatewayHouse, gatewayHouse, PEOPLE } from "./house.ts";

const FLEET = {
  net: "fleet",
  places: { jobs: { open: true }, done: {} },
  transitions: {
    pack: {
      kind: "command",
      pool: "yard",
      labels: ["crane"],
      argv: ["true"],
      in: [{ place: "jobs", as: "job" }],
      out: [{ to: "done" }],
    },
  },
};
const YARD = {
  net: "yard",
  places: { ships: { open: true }, full: {} },
  subnets: {
    dock: {
      places: { inbox: { port: "in" }, moored: {}, loaded: { port: "out" } },
      transitions: {
        moor: { kind: "pass", in: [{ place: "inbox", as: "ship" }], out: [{ to: "moored" }] },
        load: { ...FLEET.transitions.pack, labels: ["winch"], in: [{ place: "moored", as: "ship" }], out: [{ to: "loaded" }] },
      },
    },
  },
  transitions: {
    enter: { kind: "link", in: [{ place: "ships" }], to: { subnet: "dock", place: "inbox" } },
    leave: { kind: "pass", in: [{ place: "dock--loaded", as: "ship" }], out: [{ to: "full" }] },
  },
};
const WRITER = { persona: "writer", title: "Writer", flags: "r----", tier: "economy", prompt: "Write." };
const DESK = {
  net: "desk",
  places: { asked: { open: true }, told: {} },
  transitions: {
    write: { kind: "llm", persona: "writer", ask: "Say ${job.n}", in: [{ place: "asked", as: "job" }], out: [{ to: "told" }] },
  },
};

let house: GatewayHouse;
let reader: string;
const get = async (path: string, token = reader) => house.call(house.a, "GET", path, { token });
beforeAll(async () => {
  house = await gatewayHouse({
    master: {
      work: async ({ firing }) => ({
        firing: firing.firing,
        attempt: firing.attempt,
        outcome: { ok: true, value: { said: firing.firing } },
        extra: {
          model: { provider: "rules", name: "rules", calls: 1, inputTokens: 100, outputTokens: 10, costUsd: 0.25, tier: "economy" },
        },
      }),
    },
  });
  reader = (await house.client("reader", ["petrel:read"])).token;
});
afterAll(() => house.stop());

describe("firings", () => {
  test("those of a transition come newest first, and one of them whole has its input and output", async () => {
    for (const text of ["one", "two", "three"]) await house.kit.put("shop", "inbox", { text });
    await waitUntil(
      "all are sorted",
      async () => ((await get("/api/nets/shop/firings?transition=sort")).json.firings as unknown as object[]).length === 3,
    );
    const { firings } = (await get("/api/nets/shop/firings?transition=sort&limit=2")).json as unknown as {
      firings: { firing: string; outcome: string; open: boolean }[];
    };
    expect(firings.map(({ outcome, open }) => [outcome, open])).toEqual([
      ["fired", false],
      ["fired", false],
    ]);
    const whole = (await get(`/api/nets/shop/firings/${firings[0]?.firing}`)).json;
    expect(whole).toMatchObject({
      transition: "sort",
      inputs: [{ place: "inbox", read: false, token: { data: { text: "three" } } }],
      outputs: [{ place: "done", token: { data: { text: "three" } } }],
    });
    expect((await get("/api/nets/shop/firings/f-none")).status).toBe(404);
  });

  test("older ones are found by the number that a page gives", async () => {
    const seen = new Set<string>();
    let before = "";
    for (let page = 0; page < 10; page++) {
      const { firings, nextBeforeSeq } = (await get(`/api/nets/shop/firings?transition=sort&limit=1${before}`)).json as unknown as {
        firings: { firing: string }[];
        nextBeforeSeq: number | null;
      };
      for (const { firing } of firings) seen.add(firing);
      if (nextBeforeSeq === null) break;
      before = `&before=${nextBeforeSeq}`;
    }
    expect(seen.size).toBe(3);
  });
});

test("a command that nobody could do is blocked with the missing label, and runs when somebody comes who has it", async () => {
  await house.kit.ask(null, "apply-net", { definition: FLEET, by: PEOPLE });
  const plain = house.kit.executor("plain", "yard");
  plain.beat();
  await house.kit.put("fleet", "jobs", { n: 1 });
  type Hands = { running: { executor: string; transition: string }[]; blocked: { missing: string[]; text: string }[] };
  const hands = async () => (await get("/api/executors")).json as unknown as Hands;
  await waitUntil("it is blocked", async () => (await hands()).blocked.length === 1);
  expect((await hands()).blocked).toMatchObject([{ net: "fleet", transition: "pack", pool: "yard", missing: ["crane"] }]);
  const crane = house.kit.executor("lifter", "yard", ["crane"]);
  crane.beat();
  await waitUntil("the one with the crane gets it", () => crane.orders.length === 1);
  const [order] = crane.orders;
  if (!order) throw new Error("no order");
  await crane.ask(order, "claim");
  await waitUntil("it runs", async () => (await hands()).running.length === 1);
  expect((await hands()).running).toMatchObject([{ net: "fleet", transition: "pack", executor: "lifter", attempt: 1 }]);
  expect((await hands()).blocked).toEqual([]);
  await crane.deliver(order, { ok: true });
  await waitUntil("nothing runs", async () => (await hands()).running.length === 0);
  for (const each of [plain, crane]) await each.stop();
});

test("what stands in a sub-net is blocked, counted and explained like all else", async () => {
  await house.kit.ask(null, "apply-net", { definition: YARD, by: PEOPLE });
  const plain = house.kit.executor("docker", "yard");
  plain.beat();
  await house.kit.put("yard", "ships", { n: 1 });
  type Hands = { blocked: { net: string; transition: string; missing: string[] }[] };
  const blocked = async () => ((await get("/api/executors")).json as unknown as Hands).blocked.filter(({ net }) => net === "yard");
  await waitUntil("it is blocked", async () => (await blocked()).length === 1);
  expect(await blocked()).toMatchObject([{ transition: "dock--load", missing: ["winch"] }]);
  await waitUntil("it is counted", async () => (await get("/metrics")).text.includes('transition="dock--moor"'));
  expect((await get("/metrics")).text).toContain('petrel_firings_total{net="yard",transition="dock--moor",kind="pass",outcome="ok"} 1');
  const asked = { net: "yard", question: "What does dock--load do?" };
  const { text } = await house.call(house.a, "POST", "/api/ask", { token: reader, body: asked });
  expect(text).toContain("dock--load (command) takes from dock--moored and puts into dock--loaded");
  await plain.stop();
});

test("a specialist has its rights, its spend and its last outputs; costs are summed from the beginning of the logs, on each gateway", async () => {
  await house.kit.ask(null, "apply-persona", { persona: WRITER, by: PEOPLE });
  await house.kit.ask(null, "apply-net", { definition: DESK, by: PEOPLE });
  for (const n of [1, 2]) await house.kit.put("desk", "asked", { n });
  await waitUntil("both are told", async () => ((await get("/api/nets/desk/places/told/tokens")).json.total as unknown) === 2);
  for (const gateway of [house.a, house.b]) {
    const answer = async () => (await house.call(gateway, "GET", "/api/costs?net=desk&by=persona,model", { token: reader })).json;
    await waitUntil("both are counted", async () => ((await answer()).total as unknown as { calls: number }).calls === 2);
    expect(await answer()).toMatchObject({
      rows: [{ by: { persona: "writer", model: "rules/rules" }, calls: 2, firings: 2, usd: 0.5 }],
      budgets: [{ of: "persona", name: "writer" }],
    });
  }
  expect((await get("/api/nets/desk/personas")).json).toMatchObject({
    personas: [{ persona: "writer", flags: "r----", spent: { usd: 0.5 }, doing: [], last: [{ type: "fired" }, { type: "fired" }] }],
  });
  expect((await get("/api/nets/desk/rights")).json).toMatchObject({
    rights: [{ transition: "write", persona: "writer", reads: ["asked"], writes: [] }],
  });
  expect((await get("/api/costs?by=colour")).status).toBe(400);
});

test("what stands is told of every net, with what executors hold and who of them is there", async () => {
  const crane = house.kit.executor("second-lifter", "yard", ["crane"]);
  crane.beat();
  await house.kit.put("fleet", "jobs", { n: 2 });
  await waitUntil("it is offered", () => crane.orders.length === 1);
  const [order] = crane.orders;
  if (!order) throw new Error("no order");
  await crane.ask(order, "claim");
  const value = async (line: string) =>
    (await get("/metrics")).text
      .split("\n")
      .find((each) => each.startsWith(`${line} `))
      ?.split(" ")
      .at(-1);
  for (const net of ["shop", "fleet", "desk"]) {
    expect(await value(`petrel_tokens{net="${net}",place="rejected",state="waiting"}`), net).toBe("0");
    expect(await value(`petrel_open_firings{net="${net}",state="gated"}`), net).toBe("0");
    expect(await value(`petrel_projection_stale{net="${net}"}`), net).toBe("0");
    await waitUntil("its streams have all", async () => (await value(`petrel_projection_lag{net="${net}"}`)) === "0");
  }
  expect(await value('petrel_leases{net="fleet",executor="second-lifter"}')).toBe("1");
  expect(Number(await value("petrel_executors"))).toBeGreaterThan(0);
  await crane.deliver(order, { ok: true });
  await waitUntil("the lease is over", async () => (await value('petrel_leases{net="fleet",executor="second-lifter"}')) === undefined);
  await crane.stop();
});

test("a firing is counted under the kind of its transition, also where it asked nobody", async () => {
  await waitUntil("all are counted", async () => (await get("/metrics")).text.includes('transition="sort"'));
  expect((await get("/metrics")).text).toContain('petrel_firings_total{net="shop",transition="sort",kind="map",outcome="ok"} 3');
});

test("counters of a gateway that starts anew go on where they were", async () => {
  const fired = async () =>
    /^petrel_firings_total\{net="desk",transition="write",kind="llm",outcome="ok"\} (\d+)$/m.exec((await get("/metrics")).text)?.[1];
  await waitUntil("two are counted", async () => (await fired()) === "2");
  await (await house.restart("a"))();
  await waitUntil("two are counted again", async () => (await fired()) === "2");
});

test("an operator starts a net from a moment of another; a key for one net alone cannot make a second", async () => {
  const { token } = await house.client("forker", ["petrel:operate"]);
  const forked = await house.call(house.a, "POST", "/api/nets/shop/fork", { token, body: { at: "3", as: "what-if" } });
  expect([forked.status, forked.json]).toMatchObject([201, { net: "what-if", parent: "shop", seq: 3 }]);
  expect((await get("/api/nets/what-if/marking")).status).toBe(200);
  const { token: narrow } = await house.client("narrow", ["petrel:operate"], { nets: ["shop"] });
  for (const body of [{ at: "3" }, { at: "3", as: "other" }])
    expect((await house.call(house.a, "POST", "/api/nets/shop/fork", { token: narrow, body })).json.error).toBe("net_out_of_scope");
});

test("a key for one net sees nothing of the runtime as a whole", async () => {
  const { token } = await house.client("corner", ["petrel:read"], { nets: ["shop"] });
  for (const path of ["/metrics", "/api/status", "/api/actors", "/api/proposals"])
    expect((await get(path, token)).json.error, path).toBe("net_out_of_scope");
  expect((await get("/api/personas", token)).json).toEqual({ personas: [], next: null });
  expect((await get("/api/costs", token)).json).toMatchObject({ rows: [] });
});

test("one net is stopped by a kill that names it, and goes on", async () => {
  const { token } = await house.client("switch", ["petrel:operate"], { nets: ["fleet"] });
  const control = (body: object) => house.call(house.a, "POST", "/api/control", { token, body });
  expect((await control({ verb: "kill" })).json.error).toBe("net_out_of_scope");
  expect((await control({ verb: "kill", net: "fleet", target: "desk" })).json.error).toBe("net_out_of_scope");
  expect((await control({ verb: "kill", net: "fleet" })).status).toBe(200);
  await waitUntil("it is stopped", async () => (await get("/api/nets/fleet/marking")).json.state === "stopped");
  expect((await get("/api/nets/shop/marking")).json.state).toBe("running");
  expect((await control({ verb: "resume", net: "fleet" })).status).toBe(200);
  await waitUntil("it runs", async () => (await get("/api/nets/fleet/marking")).json.state === "running");
});

test("a body that would not arrive as it was written is refused, with its place", async () => {
  const { token } = await house.client("exact", ["petrel:operate"]);
  const sent = (path: string, body: string) => house.call(house.a, "POST", path, { token, body });
  const put = "/api/nets/shop/places/inbox/tokens";
  expect((await sent(put, '{"data":{"text":"a",\n"text":"b"}}')).json).toMatchObject({
    status: 400,
    error: "duplicate-key",
    message: 'the body would not arrive as it was written: line 2, column 1: the key "text" stands twice in one object',
  });
  expect((await sent(put, '{"data":{"text":"a","n":9007199254740993}}')).json).toMatchObject({ status: 400, error: "inexact-number" });
  const execute = '{"place":"inbox","data":{"text":"a","text":"b"},"until":{"place":"done"}}';
  expect((await sent("/api/nets/shop/execute", execute)).json).toMatchObject({ status: 400, error: "duplicate-key" });
  expect((await sent(put, '{"data":')).status).toBe(400);
  expect((await sent(put, '{"data":{"text":"a","__proto__":{}}}')).status).toBe(400);
  expect((await sent(put, '{"data":{"text":"a","n":1.50,"m":-1e3}}')).status).toBe(201);
});
