/** replay and query --as-of, on logs that a real engine wrote. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { WorkOrder } from "../../src/contract/envelope.ts";
import type { NetEvent } from "../../src/contract/event.ts";
import { foldEvents } from "../../src/net/fold.ts";
import { markingOf } from "../../src/net/state.ts";
import type { HandExecutor } from "../support/hand-executor.ts";
import { eventsOf } from "../support/log-check.ts";
import { waitUntil } from "../support/wait-until.ts";
import { type History, history, PRESS } from "./history-stage.ts";
import { Stage } from "./stage.ts";

let own: History;
let press: HandExecutor;
beforeEach(async () => {
  own = await history();
  press = own.kit.executor("press-1");
  await own.kit.ask(null, "apply-net", { definition: PRESS });
});
afterEach(async () => {
  await press.stop();
  await own.stop();
});

interface Picture {
  seq: number;
  at: string | null;
  event: NetEvent | null;
  state: string;
  definition: string | null;
  places: { place: string; waiting: number; reserved: number; tokens: string[] }[];
  firings: { firing: string; transition: string; attempt: number; executor: string | null }[];
  gates: { gate: string; decisions: { by: string }[]; quorum: number }[];
}
const events = () => eventsOf(own.kit.broker, "press");
const seqOf = async (type: string, nth = 0) => (await events()).filter((event) => event.type === type)[nth]?.seq ?? -1;
const at = async (moment: number | string, ...more: string[]) =>
  (await own.stage.run("replay", "press", "--at", String(moment), "--json", ...more)).json as unknown as Picture;

/** A wish that is written, released by Eve, and claimed by the press. */
async function inPrint(): Promise<string> {
  await own.kit.put("press", "style", { tone: "dry" }, undefined, "ada");
  const wish = await own.kit.put("press", "wishes", { about: "gulls" }, undefined, "ada");
  await gated();
  await own.kit.ask("press", "decide", { gate: "imprimatur", decision: "approve", id: "d1", by: { user: "eve", roles: ["editor"] } });
  await waitUntil("it is offered", () => press.orders.length === 1);
  expect(await press.ask(press.orders[0] as WorkOrder, "claim")).toMatchObject({ ok: true });
  return wish;
}
const gated = () => waitUntil("the gate holds it", async () => ((await own.kit.ask("press", "gates")) as object[]).length === 1);

describe("replay --at", () => {
  test("shows at every event the marking that the fold has there", async () => {
    await inPrint();
    const all = await events();
    for (let seq = 0; seq <= all.length; seq++) {
      const shown = await at(seq);
      const marking = Object.fromEntries(shown.places.map(({ place, tokens }) => [place, [...tokens].sort()]));
      expect(marking).toEqual(markingOf(foldEvents("press", all.slice(0, seq))));
      expect(shown).toMatchObject({ seq, event: all[seq - 1] ?? null });
    }
  });

  test("shows what was under way, what waited for people, and what stood still", async () => {
    await inPrint();
    await own.kit.ask("press", "pause");
    expect(await at(0)).toMatchObject({ seq: 0, at: null, event: null, definition: null, places: [], state: "running" });
    expect(await at(await seqOf("started"))).toMatchObject({
      state: "running",
      definition: expect.stringMatching(/^[0-9a-f]{64}$/),
      firings: [{ transition: "write", attempt: 1, executor: null }],
      gates: [],
    });
    expect((await at(await seqOf("gated"))).gates).toMatchObject([{ gate: "imprimatur", decisions: [], quorum: 1 }]);
    expect((await at(await seqOf("decided"))).gates[0]?.decisions ?? [{ by: "eve" }]).toMatchObject([{ by: "eve" }]);
    const end = await at("now");
    expect(end).toMatchObject({ state: "paused", event: { type: "paused" }, firings: [{ transition: "print", executor: "press-1" }] });
    expect(end.places.find(({ place }) => place === "released")).toMatchObject({ waiting: 0, reserved: 1 });
    const text = (await own.stage.run("replay", "press", "--at", String(await seqOf("gated")))).out;
    expect(text).toMatch(/^press after event \d+, .*\n {2}gated release: The gate imprimatur holds/);
    expect(text).toMatch(/waiting for people\nGATE +FIRING[\s\S]*imprimatur .* 0 of 1 +role:editor/);
  });

  test("with --place lists its tokens then, held or free", async () => {
    const wish = await inPrint();
    const before = await at(await seqOf("arrived", 1), "--place", "wishes");
    expect(before).toMatchObject({ place: "wishes", total: 1, tokens: [{ id: wish, data: { about: "gulls" }, reservedBy: null }] });
    expect(await at(await seqOf("started"), "--place", "wishes")).toMatchObject({ tokens: [{ reservedBy: expect.stringMatching(/^f-/) }] });
    expect(await at("now", "--place", "wishes")).toMatchObject({ total: 0 });
    const wrong = await own.stage.run("replay", "press", "--place", "wish");
    expect(wrong).toMatchObject({ code: 1, err: expect.stringContaining('did you mean "wishes"?') });
  });

  test("a moment that is none is refused with what there is", async () => {
    const end = (await events()).length;
    const beyond = await own.stage.run("replay", "press", "--at", String(end + 1));
    expect(beyond.code).toBe(1);
    expect(beyond.err).toContain(`the log of press ends with event ${end} of `);
    for (const text of ["yesterday", "2026-02-30T00:00:00Z", "2026-03-01T12:00:00", "-1", "1.5", "9999-01-01T00:00:00Z"])
      expect((await own.stage.run("replay", "press", `--at=${text}`)).code, text).toBe(2);
    for (const words of [
      ["--between", "1"],
      ["--between", "1", "2", "3"],
      ["--between", "1", "2", "--at", "1"],
      ["--verify", "--at", "1"],
    ])
      expect((await own.stage.run("replay", "press", ...words)).code, words.join(" ")).toBe(2);
    const nowhere = await own.stage.run("replay", "pres");
    expect(nowhere).toMatchObject({ code: 1, err: expect.stringContaining('did you mean "press"?') });
  });
});

test("a time is the log before the first later event, whatever clock wrote that", async () => {
  const stage = new Stage();
  stage.running();
  const arrived = (id: string, time: string): Partial<NetEvent> => ({
    type: "arrived",
    ts: `2026-03-01T11:${time}:00.000Z`,
    produced: [
      { place: "a", token: { id, data: 1, from: { outside: "put" }, by: "ada", at: "2026-03-01T11:00:00.000Z", correlation: "c", v: 1 } },
    ],
  });
  // The third master's clock is behind.
  await stage.logs("hello", [arrived("t1", "10"), arrived("t2", "20"), arrived("t3", "15"), arrived("t4", "30")]);
  const tokens = async (time: string) =>
    ((await stage.run("replay", "hello", "--at", time, "--json")).json as unknown as Picture).places.flatMap((row) => row.tokens);
  expect(await tokens("2026-03-01T11:00Z")).toEqual([]);
  expect(await tokens("2026-03-01T11:10:00Z")).toEqual(["t1"]);
  expect(await tokens("2026-03-01T11:16Z")).toEqual(["t1"]);
  expect(await tokens("2026-03-01T12:29:59.999+01:00")).toEqual(["t1", "t2", "t3"]);
  // And now() of a query is then.
  const then = 'FROM $ WHERE now() == "2026-03-01T11:16:00.000Z"';
  const queried = await stage.run("query", "hello", then, "--place", "a", "--as-of", "2026-03-01T11:16Z", "--json");
  expect(queried.json).toMatchObject([{ id: "t1" }]);
  stage.remove();
});

describe("replay --between", () => {
  const between = async (from: number | string, to: number | string) =>
    (await own.stage.run("replay", "press", "--between", String(from), String(to), "--json")).json as unknown as {
      events: number;
      came: { place: string; id: string; cause: { type: string } }[];
      went: { place: string; id: string; cause: { type: string; by: string } }[];
      moved: { place: string; id: string; to: { place: string; cause: { transition: string } }[] }[];
      began: { transition: string; began: number; ended: number | null }[];
      ended: { transition: string; how: string }[];
      changed: { what: string; from: string; to: string }[];
    };

  test("tells what came, what moved on through several firings, and what only was read", async () => {
    const wish = await inPrint();
    const arrived = await seqOf("arrived", 1);
    const end = (await events()).length;
    const all = await between(0, end);
    // Before the first event nothing was there: what lies at the end came.
    expect(all.moved).toEqual([]);
    expect(all.came.map(({ place }) => place).sort()).toEqual(["released", "style"]);
    expect(all.events).toBe(end);
    const later = await between(arrived, "now");
    expect(later).toMatchObject({
      came: [],
      went: [],
      moved: [{ place: "wishes", id: wish, to: [{ place: "released", cause: { transition: "release" } }] }],
    });
    expect(later.began.map(({ transition, ended }) => [transition, ended !== null])).toEqual([
      ["write", true],
      ["release", true],
      ["print", false],
    ]);
    expect(await between(end, end)).toMatchObject({ events: 0, came: [], went: [], moved: [], began: [], ended: [], changed: [] });
    const words = (await own.stage.run("replay", "press", "--between", String(arrived), "now")).out;
    expect(words).toContain("1 token moved on");
    expect(words).toMatch(new RegExp(`wishes ${wish} → released t-\\S+ by release \\(#\\d+\\)`));
    expect(words).toMatch(/print f-\S+ {2}#\d+, under way/);
  });

  test("tells what a person closed, a pause, a new definition, and a firing that ended", async () => {
    await inPrint();
    const from = (await events()).length;
    const spare = await own.kit.put("press", "style", { tone: "grand" }, undefined, "bob");
    const middle = (await events()).length;
    await press.deliver(press.orders[0] as WorkOrder, {});
    await waitUntil("it is printed", () => own.kit.stateOf("press").places.get("printed")?.size === 1);
    await own.kit.ask("press", "close", { place: "style", id: spare });
    await own.kit.ask("press", "pause");
    await own.kit.ask(null, "apply-net", { definition: { ...PRESS, title: "A press" } });
    const told = await between(middle, "now");
    expect(told.went).toMatchObject([{ place: "style", id: spare, cause: { type: "intervened", by: "ada" } }]);
    expect(told.ended).toMatchObject([{ transition: "print", how: "fired", began: null }]);
    expect(told.changed.map(({ what, to }) => [what, to.length > 10 || to])).toEqual([
      ["state", "paused"],
      ["definition", true],
    ]);
    // What came and went within the span is neither.
    const whole = await between(from, "now");
    expect([...whole.came, ...whole.went].map(({ id }) => id)).not.toContain(spare);
    const backwards = await own.stage.run("replay", "press", "--between", String(middle), String(from));
    expect(backwards).toMatchObject({ code: 2, err: expect.stringContaining("lies after the second") });
  });
});

describe("replay --verify", () => {
  const verify = async () => {
    const ran = await own.stage.run("replay", "press", "--verify", "--json");
    return { code: ran.code, ...(ran.json as unknown as { equal: boolean; tokens: number; differences: string[] }) };
  };

  test("is equal for what an engine does, also after a crash, over more than a page of tokens", async () => {
    await inPrint();
    for (let n = 0; n < 450; n++) await own.kit.put("press", "style", { n });
    expect(await verify()).toMatchObject({ code: 0, equal: true, tokens: 452, differences: [] });
    await own.kit.crash();
    await own.kit.master.termOf("press");
    expect(await verify()).toMatchObject({ code: 0, equal: true, tokens: 452 });
    expect((await own.stage.run("replay", "press", "--verify")).out).toMatch(/^equal: the \d+ events of press/);
  });

  test("follows the log's chain: what was changed without a trace in the marking is named", async () => {
    await inPrint();
    const [event] = own.kit.hub.log("press").get(3)?.value.events ?? [];
    if (!event) throw new Error("no entry 3");
    event.summary = "It was not so.";
    expect(await verify()).toMatchObject({ code: 1, equal: false, differences: [], faults: [{ sequence: 3 }] });
    const { out } = await own.stage.run("replay", "press", "--verify");
    expect(out).toContain("the log of press is not what its owners wrote");
    expect(out).toContain("entry 3: it is not what it was when entry 4 was written");
  });

  test("names each token that the log and the owner do not share, and ends with 1", async () => {
    await inPrint();
    const { places } = own.kit.stateOf("press");
    const [style] = places.get("style")?.values() ?? [];
    if (!style) throw new Error("no style");
    // As a bug of the engine would do it, behind the back of the log.
    places.get("style")?.delete(style.token.id);
    places.get("wishes")?.set("t-forged", { token: { ...style.token, id: "t-forged" }, reservedBy: null });
    const told = await verify();
    expect(told).toMatchObject({ code: 1, equal: false });
    expect(told.differences.sort()).toEqual([
      `style ${style.token.id}: in the log, not in the running net`,
      "wishes t-forged: in the running net, not in the log",
    ]);
  });
});

describe("query", () => {
  const rows = async (...words: string[]) =>
    (await own.stage.run("query", "press", ...words, "--json")).json as { place: string; id: string; value: object }[];

  test("--as-of asks the past, over several places, with conditions and order", async () => {
    const wish = await inPrint();
    const then = String(await seqOf("arrived", 1));
    const both = ["--place", "wishes", "--place", "style"];
    expect(await rows("FROM $ ORDER BY $meta.place DESC", ...both, "--as-of", then)).toMatchObject([
      { place: "wishes", id: wish, value: { about: "gulls" } },
      { place: "style", value: { tone: "dry" } },
    ]);
    expect(await rows('FROM $ WHERE $.about == "gulls"', ...both, "--as-of", then)).toHaveLength(1);
    expect(await rows("FROM $", "--place", "wishes")).toEqual([]);
    expect(await rows("FROM $", "--place", "wishes", "--as-of", "2")).toEqual([]);
    expect((await own.stage.run("query", "press", "FROM $", "--place", "nowhere", "--as-of", then)).code).toBe(1);
    expect((await own.stage.run("query", "press", "FROM $", "--place", "wishes", "--as-of", "soon")).code).toBe(2);
  });

  test("AS OF in the query is the same as --as-of", async () => {
    const wish = await inPrint();
    const then = String(await seqOf("arrived", 1));
    expect(await rows(`FROM wishes AS OF ${then}`)).toMatchObject([{ place: "wishes", id: wish }]);
    expect(
      await rows(`SELECT $meta.place AS place, count(*) AS n FROM wishes, style AS OF ${then} GROUP BY $meta.place ORDER BY place`),
    ).toEqual([
      { place: "style", n: 1 },
      { place: "wishes", n: 1 },
    ]);
    expect(await rows("FROM wishes AS OF now")).toEqual([]);
    expect(await rows("FROM wishes")).toEqual([]);
  });

  test("of the running net orders by what SELECT leaves out, and reaches into nested data", async () => {
    await own.kit.ask("press", "pause");
    for (const n of [2, 3, 1]) await own.kit.put("press", "style", { n, deep: { name: `s${n}` } });
    await own.kit.put("press", "wishes", { n: 9, deep: { name: "w" } });
    const both = ["--place", "style", "--place", "wishes"];
    const names = (await rows("SELECT $.deep.name FROM $ ORDER BY $.n DESC", ...both)).map(({ value }) => Object.values(value)[0]);
    expect(names).toEqual(["w", "s3", "s2", "s1"]);
    expect(
      (await rows('SELECT $.deep.name FROM $ WHERE $.deep.name != "FROM"', "--place", "wishes")).map(
        ({ value }) => Object.values(value)[0],
      ),
    ).toEqual(["w"]);
  });

  test("says when the owner has more than it gave", async () => {
    await own.kit.ask("press", "pause");
    for (let n = 0; n < 130; n++) await own.kit.put("press", "style", { n });
    expect((await own.stage.run("query", "press", "FROM $", "--place", "style")).err).toContain("100 of 130 tokens");
    const all = await own.stage.run("query", "press", "FROM $ LIMIT 200", "--place", "style", "--json");
    expect(all.json).toHaveLength(130);
    expect(all.err).toBe("");
  });
});
