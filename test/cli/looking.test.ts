/** Verbs that look: places, tokens, query, events, watch, actors, why, doctor. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { logCheck } from "../../src/cli/health-checks.ts";
import type { Broker } from "../../src/contract/broker.ts";
import type { Json } from "../../src/contract/json.ts";
import type { Token } from "../../src/contract/token.ts";
import { answerOf, compileQuery } from "../../src/net/arcql.ts";
import { waitUntil } from "../support/wait-until.ts";
import { Stage } from "./stage.ts";

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
  stage.running();
});
afterEach(() => stage.remove());

const token = (id: string, data: Token["data"]): Token => ({
  id,
  data,
  from: { outside: "ada" },
  by: "ada",
  at: "2026-03-01T11:00:00.000Z",
  correlation: "c1",
  v: 1,
});

test("places shows waiting, reserved, oldest and capacity", async () => {
  const rows: Json = [
    { place: "inbox", title: "Requests", waiting: 3, reserved: 1, oldestAgeMs: 192_000, capacity: 100, open: true },
    { place: "tasks", waiting: 0, reserved: 0, oldestAgeMs: null, capacity: null },
  ];
  await stage.serves("hello", { places: rows });
  const shown = await stage.run("places", "hello");
  expect(shown.out).toMatch(/inbox +3 +1 +3 m 12 s +100 +Requests, open\n/);
  expect(shown.out).toMatch(/tasks +0 +0 +- +-/);
  expect((await stage.run("places", "hello", "--json")).json).toEqual(rows);
});

test("a net that does not exist is told apart from one that nobody serves", async () => {
  const nets = [{ net: "safe-teams", owner: null }];
  await stage.serves(null, { status: { master: "m", version: "1", durability: "fsync", control: "running", nets } });
  const wrong = await stage.run("places", "safe-team");
  expect(wrong.code).toBe(1);
  expect(wrong.err).toContain("no net is called safe-team");
  expect(wrong.err).toContain('did you mean "safe-teams"?');
  const unserved = await stage.run("places", "safe-teams");
  expect(unserved.code).toBe(1);
  expect(unserved.err).not.toContain("no net is called");
});

test("an answer of another version of Petrel is said to be one", async () => {
  await stage.serves("hello", { places: [{ name: "inbox" }] });
  expect((await stage.run("places", "hello")).err).toContain("the master runs another version");
});

test("tokens passes where, order and limit, and says when there are more", async () => {
  await stage.serves("hello", { tokens: { tokens: [token("t1", { title: "A" })] as never, total: 7 } });
  const shown = await stage.run("tokens", "hello", "inbox", "--where", "$.n > 1", "--order-by", "$.n DESC", "--limit", "1");
  expect(stage.requests).toEqual([
    { net: "hello", verb: "tokens", body: { place: "inbox", where: "$.n > 1", orderBy: "$.n DESC", limit: 1 } },
  ]);
  expect(shown.out).toMatch(/t1 +2026-03-01T11:00:00 +ada +{"title":"A"}/);
  expect(shown.err).toContain("1 of 7 tokens");
});

describe("query", () => {
  const places: Record<string, Token[]> = {
    inbox: [token("t1", { n: 1 }), token("t2", { n: 5 })],
    tasks: [token("t3", { n: 3 })],
  };
  beforeEach(() =>
    stage.serves("hello", {
      query: ({ query, places: asked, limit }) => {
        const all = (asked as string[]).flatMap((place) => (places[place] ?? []).map((one) => ({ token: one, place })));
        return { ...answerOf(compileQuery(String(query)), all, 0, Number(limit)) };
      },
    }),
  );

  test("over several places puts them in one order and limit", async () => {
    const shown = await stage.run("query", "hello", "FROM $ ORDER BY $.n DESC LIMIT 2", "--place", "inbox", "--place", "tasks", "--json");
    expect(shown.json).toEqual([
      { place: "inbox", id: "t2", value: { n: 5 } },
      { place: "tasks", id: "t3", value: { n: 3 } },
    ]);
    expect(stage.requests.map((request) => request.body)).toEqual([
      { query: "FROM $ ORDER BY $.n DESC LIMIT 2", places: ["inbox", "tasks"], limit: 100 },
    ]);
  });

  test("selects fields", async () => {
    expect((await stage.run("query", "hello", "SELECT n FROM $", "--place", "tasks", "--json")).json).toEqual([
      { place: "tasks", id: "t3", value: { n: 3 } },
    ]);
  });

  test("names its places itself, and counts by groups", async () => {
    const shown = await stage.run(
      "query",
      "hello",
      "SELECT $meta.place AS place, sum(n) AS n FROM inbox, tasks GROUP BY $meta.place ORDER BY n",
    );
    expect(shown.out.split("\n").map((line) => line.trim().split(/\s+/).join(" "))).toEqual(
      expect.arrayContaining(["place n", "tasks 3", "inbox 6"]),
    );
    const json = await stage.run("query", "hello", "SELECT count(*) AS n, avg(n) AS mean FROM inbox, tasks", "--json");
    expect(json.json).toEqual([{ n: 3, mean: 3 }]);
  });

  test.each([
    [["FROM inbox", "--place", "tasks"], /FROM names the places/],
    [["FROM $"], /where to look/],
    [["FROM inbox AS OF 3", "--as-of", "4"], /AS OF already/],
    [["FROM inbox AS OF 'soon'"], /AS OF takes.*[\s\S]*AS OF "\d{4}-/],
  ])("%j is a wrong use", async (words, says) => {
    const ended = await stage.run("query", "hello", ...words);
    expect(ended.code).toBe(2);
    expect(ended.err).toMatch(says);
    expect(stage.requests).toEqual([]);
  });

  test("that is wrong fails before anybody is asked", async () => {
    const ended = await stage.run("query", "hello", "FROM $ WHERE $.n >", "--place", "tasks");
    expect(ended.code).toBe(2);
    expect(stage.requests).toEqual([]);
  });
});

describe("events and watch", () => {
  beforeEach(() =>
    stage.logs("hello", [
      { type: "arrived", summary: "A request came in.", correlation: "c1" },
      { type: "fired", summary: "Greeted Ada.", correlation: "c1", category: "firing" },
      { type: "failed", summary: "The model was away.", correlation: "c2", status: "error", category: "firing" },
    ]),
  );

  test("events chooses by type, number, story and limit", async () => {
    const seqs = async (...more: string[]) =>
      ((await stage.run("events", "hello", "--json", ...more)).json as { seq: number }[]).map((event) => event.seq);
    expect(await seqs()).toEqual([1, 2, 3]);
    expect(await seqs("--type", "fired", "failed")).toEqual([2, 3]);
    expect(await seqs("--since", "2")).toEqual([3]);
    expect(await seqs("--correlation", "c1")).toEqual([1, 2]);
    expect(await seqs("--limit", "1")).toEqual([3]);
    expect(await seqs("--limit", "0")).toEqual([1, 2, 3]);
  });

  test("events prints one sentence each, and says when none matches", async () => {
    expect((await stage.run("events", "hello")).out.split("\n")[1]).toBe("11:59:00     2 Greeted Ada.");
    expect((await stage.run("events", "hello", "--since", "9")).err).toContain("no event matches");
  });

  test("of a net that has no log name the nets that do", async () => {
    expect((await stage.run("events", "hallo")).err).toContain('did you mean "hello"?');
    expect((await stage.run("watch", "hallo")).code).toBe(1);
  });

  test("watch --since looks at what is there, and ends with the wanted type", async () => {
    const shown = await stage.run("watch", "hello", "--since", "1", "--until", "failed", "--json");
    expect(shown.code).toBe(0);
    expect(
      shown.out
        .trim()
        .split("\n")
        .map((line) => (JSON.parse(line) as { seq: number }).seq),
    ).toEqual([2, 3]);
  });

  test("watch without --since shows the latest, then follows, and its end is one that comes live", async () => {
    const watching = stage.run("watch", "hello", "--until", "fired");
    await expect.poll(() => stage.written.stdout.length).toBe(3);
    await stage.logs("hello", [
      { type: "noted", summary: "On the way." },
      { type: "fired", summary: "Greeted Grace." },
    ]);
    const shown = await watching;
    expect(
      shown.out
        .trim()
        .split("\n")
        .map((line) => line.slice(15)),
    ).toEqual(["A request came in.", "Greeted Ada.", "The model was away.", "On the way.", "Greeted Grace."]);
  });

  test("watch ends when the user interrupts it", async () => {
    const watching = stage.run("watch", "hello");
    await expect.poll(() => stage.written.stdout.length).toBe(3);
    stage.interrupt.abort();
    expect((await watching).code).toBe(0);
  });
});

test("actors draws the tree", async () => {
  const tree: Json = {
    id: "runtime",
    children: [
      { id: "hello", kind: "net", state: "running", children: [{ id: "hello/qa/1", kind: "persona", children: [] }] },
      { id: "other", kind: "net", children: [] },
    ],
  };
  await stage.serves(null, { actors: tree });
  expect((await stage.run("actors")).out).toBe("runtime\n├─ hello (net, running)\n│  └─ hello/qa/1 (persona)\n└─ other (net)\n");
  expect((await stage.run("actors", "--json")).json).toEqual(tree);
});

test("why gives the reasons", async () => {
  const reasons: Json[] = [
    { code: "no-token", text: "nothing lies in known", place: "known" },
    { code: "paused", text: "the net is paused", command: "petrel resume hello" },
    // Of many firings that wait for the same, each has its own.
    ...["f-1", "f-2", "f-3"].map((firing) => ({ code: "killed", text: "attempt 1 was stopped", firing, transition: "greet" })),
  ];
  await stage.serves("hello", { why: [{ kind: "transition", name: "greet", fires: false, reasons }] });
  expect((await stage.run("why", "hello", "greet")).out).toBe(
    "greet does not fire\n  nothing lies in known\n  the net is paused\n    next: petrel resume hello\n  attempt 1 was stopped (3 times)\n",
  );
  expect((await stage.run("why", "hello", "greet", "--json")).json).toMatchObject([{ fires: false, reasons }]);
  expect((await stage.run("why", "hello", "no such thing")).code).toBe(2);
});

describe("doctor", () => {
  const status = {
    master: "m1",
    version: "0.1.0",
    durability: "fsync",
    control: "running",
    nets: [{ net: "hello", owner: "m1", epoch: 2 }],
  };
  const varz = (more: object = {}) => ({ version: "2.15.1", jetstream: { config: { sync_always: true } }, ...more });
  const findings = async (...more: string[]) => {
    const ended = await stage.run("doctor", "--json", ...more);
    const { findings: list } = ended.json as { findings: { check: string; status: string; says: string }[] };
    return {
      code: ended.code,
      list,
      of: (check: string) => list.filter((one) => one.check === check).map((one) => `${one.status}: ${one.says}`),
    };
  };
  beforeEach(async () => {
    stage.running({ monitor: "http://127.0.0.1:8222" });
    stage.monitor["/varz"] = varz();
    await stage.serves("hello", {
      places: [{ place: "inbox", waiting: 1, reserved: 1 }],
      tokens: { tokens: [token("t1", 1), token("t2", 2)] as never, total: 2 },
    });
    await stage.serves(null, { status });
    await stage.master.places("hello").declare([{ net: "hello", place: "inbox", title: "", capacity: null, open: false }]);
    await stage.master.places("hello").update({ add: ["t1", "t2"].map((id) => ({ place: "inbox", token: token(id, 1) })), remove: [] });
  });

  test("says of a log that is too long for it how much it has not looked at", async () => {
    const log = { read: () => Promise.resolve(60_003), bounds: () => Promise.resolve({ first: 1, last: 60_003 }) };
    const says = "they are too many to be looked at here, only those behind entry 60000 were: petrel verify hello looks at all";
    expect(await logCheck({ log: () => log } as unknown as Broker, "hello", 60_000)).toEqual({
      ...{ check: "log", status: "ok" },
      says: `the log of hello has 60003 entries; ${says}`,
    });
  });

  test("finds a sound system sound", async () => {
    const { code, list, of } = await findings();
    expect(list.filter((one) => one.status === "fail")).toEqual([]);
    expect(code).toBe(0);
    expect(of("server")).toEqual(["ok: nats-server 2.15.1"]);
    expect(of("durability")).toEqual(["ok: fsync: what was acknowledged survives a loss of power"]);
    expect(of("owner")).toEqual(["ok: hello is owned by m1"]);
    expect(of("places")).toEqual(["ok: the 1 place streams of hello hold what its log says"]);
    expect(of("executors")).toEqual(["warn: no executor is there: agents and commands wait"]);
    expect(of("disk")).toHaveLength(1);
    // Ids by the page: whole tokens of a full place would not fit into one answer.
    const asked = stage.requests.filter(({ verb }) => verb === "tokens").map(({ body }) => body);
    expect(asked).toEqual([
      expect.objectContaining({ place: "inbox", limit: 200, query: expect.stringMatching(/^SELECT \$meta\.id FROM/) }),
    ]);
  });

  test("shows a stream that lacks a token, and one that has another", async () => {
    await stage.master.places("hello").update({ add: [], remove: [{ place: "inbox", id: "t2" }] });
    expect(await findings()).toMatchObject({ code: 1 });
    expect((await findings()).of("places")).toEqual(["fail: hello/inbox: the log has 2 tokens, the stream 1"]);
    await stage.master.places("hello").update({ add: [{ place: "inbox", token: token("t9", 1) }], remove: [] });
    expect((await findings()).of("places")).toEqual(["fail: hello/inbox: token t2 is in the log and not in the stream"]);
  });

  test("says which durability holds, or that it cannot know", async () => {
    stage.monitor["/varz"] = varz({ jetstream: { config: {} } });
    expect((await findings()).of("durability")[0]).toMatch(/^fail: .*does not sync each write/);
    await stage.serves(null, { status: { ...status, durability: "os" } });
    expect((await findings()).of("durability")[0]).toMatch(/^warn: os: /);
    await stage.serves(null, { status: { ...status, durability: "replicated" } });
    expect((await findings()).of("durability")[0]).toMatch(/^warn: replicated: .*may lose the last seconds/);
    stage.monitor["/varz"] = varz();
    const replicated = await findings();
    expect(replicated.of("durability")[0]).toMatch(/^ok: replicated: /);
    // The stage's broker keeps one copy.
    expect(replicated.of("copies")).toEqual(["fail: the log of hello is kept on 1 servers, 1 of them up to date"]);
    stage.monitor = {};
    expect((await findings()).of("durability")[0]).toMatch(/^warn: it cannot be known/);
  });

  test("fails a server that is too old and a net without owner", async () => {
    stage.monitor["/varz"] = varz({ version: "2.11.4" });
    await stage.serves(null, { status: { ...status, control: "killed", nets: [{ net: "hello", owner: null }] } });
    const { code, of } = await findings();
    expect(code).toBe(1);
    expect(of("server")[0]).toMatch(/^fail: .*2\.12/);
    expect(of("owner")[0]).toMatch(/nobody holds the lease/);
    expect(of("control")[0]).toMatch(/stopped by a kill/);
  });

  test("says that a net is paused, and how it goes on", async () => {
    await stage.serves(null, { status: { ...status, nets: [{ net: "hello", owner: "m1", paused: true }] } });
    const { code, of } = await findings();
    expect(code).toBe(0);
    expect(of("owner")).toEqual(["warn: hello is owned by m1 and paused: nothing begins in it"]);
    expect((await stage.run("doctor")).out).toContain("petrel resume hello");
  });

  test("asks the models when told to", async () => {
    const { code, of } = await findings("--models");
    expect(code).toBe(1);
    expect(of("model")).toEqual(["ok: frontier (large): answered in 0.4 s", "fail: economy (small): the key was refused"]);
  });

  test("without a running system still looks at what it can", async () => {
    const ended = await stage.run("doctor", "--dir", "nowhere");
    expect(ended.code).toBe(1);
    expect(ended.out).toMatch(/FAIL {2}system +no Petrel runs in nowhere/);
    expect(ended.out).toContain("disk");
  });
});

test("watch --stream shows what models say, between the events, without what could change the terminal", async () => {
  await stage.logs("hello", [{ summary: "It begins." }]);
  const watching = stage.run("watch", "hello", "--since", "0", "--until", "stopped", "--stream");
  const say = (text: string) =>
    stage.master.liveText.say({ net: "hello", transition: "design", firing: "f-1", persona: "architect", text });
  await waitUntil("it listens", () => {
    say("A \u001b[2Jplan");
    return stage.written.stdout.join("").includes("plan");
  });
  await stage.logs("hello", [{ type: "stopped", summary: "It ends." }]);
  const { out } = await watching;
  expect(out).toMatch(/It begins\.\n(.*\n)*architect says: A \[2Jplan/);
  expect(out.trimEnd()).toMatch(/\n.*It ends\.$/);
  expect(out).not.toContain("\u001b[2J");
});

test("watch --output shows what commands print: each line by its transition, an open line ended by an event", async () => {
  await stage.logs("hello", [{ summary: "It starts." }]);
  const watching = stage.run("watch", "hello", "--since", "0", "--until", "stopped", "--output");
  const about = { net: "hello", transition: "build", firing: "f-2", attempt: 1, executor: "local", command: 1 };
  stage.master.liveOutput.print({ ...about, from: "command", at: 0, end: 4, text: "make", last: true });
  let at = 0;
  const print = (text: string, from: "stdout" | "stderr" = "stdout", skipped = 0) => {
    stage.master.liveOutput.print({ ...about, from, at: at + skipped, end: at + skipped + text.length, text });
    at += skipped + text.length;
  };
  await waitUntil("it listens", () => {
    print("10 %\r\u001b[32m20 %\u001b[0m\n");
    return stage.written.stdout.join("").includes("20 %");
  });
  print("far behind\nno end", "stdout", 1000);
  await waitUntil("all is printed", () => stage.written.stdout.join("").includes("no end"));
  await stage.logs("hello", [{ type: "stopped", summary: "It stops." }]);
  const { out } = await watching;
  expect(out).toMatch(/build \| 10 %\nbuild \| 20 %\n/);
  expect(out).toMatch(/build \| \.\.\. 1000 characters left out \.\.\.\nbuild \| far behind\nbuild \| no end\n.*It stops\.\n/);
  expect(out).not.toContain("\u001b[32m");
});
