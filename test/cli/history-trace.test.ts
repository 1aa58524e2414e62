/** trace, on logs that a real engine wrote, and on hand-made ones for what engines seldom write. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { WorkOrder } from "../../src/contract/envelope.ts";
import type { NetEvent } from "../../src/contract/event.ts";
import type { HandExecutor } from "../support/hand-executor.ts";
import { eventsOf } from "../support/log-check.ts";
import { waitUntil } from "../support/wait-until.ts";
import { type History, history, PRESS } from "./history-stage.ts";
import { Stage } from "./stage.ts";

interface Step {
  step: string;
  distance: number;
  transition: string | null;
  outcome: string;
  open: boolean;
  people: { by: string; did: string }[];
}
interface Lineage {
  net: string;
  token: { id: string };
  place: string;
  now: { state: string; firing: string | null };
  before: Step[];
  after: Step[];
  tokens: Record<string, { place: string; now: { state: string } }>;
  cut: { before: number; after: number };
  totals: { before: { modelCalls: number; costUsd: number; refusedCalls: number; people: string[] } };
}

describe("on what an engine wrote", () => {
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

  const trace = async (...words: string[]) => (await own.stage.run("trace", ...words, "--json")).json as unknown as Lineage;
  const decide = (decision: string, comment: string) =>
    own.kit.ask("press", "decide", { gate: "imprimatur", decision, id: "d1", comment, by: { user: "eve", roles: ["editor"] } });
  const lying = (place: string) => [...(own.kit.stateOf("press").places.get(place)?.keys() ?? [])];
  async function wish(): Promise<{ style: string; wish: string }> {
    const style = await own.kit.put("press", "style", { tone: "dry" }, undefined, "ada");
    const id = await own.kit.put("press", "wishes", { about: "gulls" }, undefined, "bob");
    await waitUntil("the gate holds it", async () => ((await own.kit.ask("press", "gates")) as object[]).length === 1);
    return { style, wish: id };
  }
  async function printed(): Promise<string> {
    await waitUntil("it is offered", () => press.orders.length === 1);
    await press.ask(press.orders[0] as WorkOrder, "claim");
    // The press gives it back; another one takes it on.
    await press.ask(press.orders[0] as WorkOrder, "release");
    await waitUntil("it is offered again", () => press.orders.length === 2);
    await press.ask(press.orders[1] as WorkOrder, "claim");
    await press.deliver(press.orders[1] as WorkOrder, {});
    await waitUntil("it is printed", () => lying("printed").length === 1);
    return lying("printed")[0] ?? "";
  }

  test("names what a deadline did, which is no transition's", async () => {
    const places = { desk: { open: true, deadline: { after: "1ms", to: "late" } }, late: { sink: true }, done: { sink: true } };
    const never = { kind: "pass", in: [{ place: "desk", as: "desk" }], guard: "desk.go", out: [{ to: "done" }] };
    await own.kit.ask(null, "apply-net", { definition: { net: "office", places, transitions: { never } } });
    await own.kit.put("office", "desk", { go: false });
    const late = () => [...(own.kit.stateOf("office").places.get("late")?.keys() ?? [])];
    await waitUntil("it is late", () => late().length === 1);
    const { out } = await own.stage.run("trace", late()[0] ?? "");
    expect(out).toMatch(/^late \S+ ← expired f-\S+ {2}#\d+ /m);
    expect(out).not.toContain("?");
  });

  test("a token knows its way from outside on: firings, attempts, executor, model, tools, prompt, people", async () => {
    const { style, wish: id } = await wish();
    await decide("approve", "well written");
    const made = await printed();
    const told = await trace(made);
    expect(told).toMatchObject({ net: "press", place: "printed", token: { id: made }, now: { state: "at rest", firing: null }, after: [] });
    expect(told.before.map(({ transition, outcome, distance }) => [transition ?? outcome, distance])).toEqual([
      ["print", 1],
      ["release", 2],
      ["write", 3],
      ["arrived", 4],
      ["arrived", 4],
    ]);
    const [print, release, write, ...arrivals] = told.before;
    expect(print).toMatchObject({
      kind: "command",
      attempts: [
        { attempt: 1, executor: "press-1", how: "lost", reason: "press-1 gave it back" },
        { attempt: 2, executor: "press-1", how: "fired" },
      ],
    });
    expect(release).toMatchObject({
      gate: { name: "imprimatur", approvers: ["role:editor"], quorum: 1 },
      people: [{ by: "eve", roles: ["editor"], did: "approve", comment: "well written", at: expect.stringMatching(/Z$/) }],
    });
    expect(write).toMatchObject({
      kind: "llm",
      persona: "author",
      personaVersion: expect.stringMatching(/^[0-9a-f]{64}$/),
      model: { provider: "stub", name: "small", calls: 2, inputTokens: 100, outputTokens: 10, costUsd: 0.5 },
      tools: [
        { name: "place.read", ok: true },
        { name: "git.push", ok: false, refused: true },
      ],
      prompt: { sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
      consumed: [{ place: "wishes", id }],
      read: [{ place: "style", id: style }],
    });
    expect(arrivals.flatMap(({ people }) => people.map(({ by }) => by)).sort()).toEqual(["ada", "bob"]);
    expect(told.totals.before).toMatchObject({ modelCalls: 2, costUsd: 0.5, refusedCalls: 1, people: ["eve"] });
    expect(told.cut).toEqual({ before: 0, after: 0 });
    expect(told.tokens[style]).toMatchObject({ place: "style", now: { state: "at rest" } });

    const text = (await own.stage.run("trace", made)).out;
    expect(text).toContain(`${made} in printed of press, at rest`);
    expect(text).toMatch(/printed t-\S+ ← print f-\S+ {2}#\d+-#\d+ .* fired/);
    expect(text).toContain("attempt 1 at ");
    expect(text).toContain("on executor press-1: lost, press-1 gave it back");
    expect(text).toMatch(/persona author, version [0-9a-f]{12}, llm/);
    expect(text).toContain("model stub/small: 2 calls, 100 tokens in, 10 out, 0.5 USD");
    expect(text).toContain("tools: place.read, git.push (✗ refused)");
    expect(text).toMatch(/eve \(editor\) approved at .*: well written/);
    expect(text).toMatch(/├─ wishes t-\S+ ← arrived/);
    expect(text).toMatch(/└─ style t-\S+ \(read\) ← arrived/);
    expect(text).toContain("nothing took it so far");
    expect(text).toContain(`petrel trace ${made} --prompts`);
  });

  test("--prompts prints the exact words", async () => {
    const { wish: id } = await wish();
    const exact = "[system]\nYou are author.\n\n[user]\nWrite about gulls\n";
    const told = await trace(id, "--prompts");
    expect(told.after[0]).toMatchObject({ prompt: { text: exact, intact: true } });
    const text = (await own.stage.run("trace", id, "--prompts")).out;
    expect(text).toContain(exact);
    expect(text).not.toContain("prints the exact prompts");
    expect((await own.stage.run("trace", id)).out).not.toContain("You are author");
  });

  test("what became of a token: under way, waiting for people, rejected, closed by hand", async () => {
    const { style, wish: id } = await wish();
    const waiting = await trace(id);
    expect(waiting.now).toEqual({ state: "gone", firing: null });
    expect(waiting.after.map(({ transition, outcome, open }) => [transition, outcome, open])).toEqual([
      ["write", "fired", false],
      ["release", "gated", true],
    ]);
    expect((await own.stage.run("trace", id)).out).toMatch(/→ taken by release f-\S+ .* waits for people/);
    const [draft = ""] = lying("drafts");
    expect((await trace(draft)).now).toMatchObject({ state: "held", firing: waiting.after[1]?.step });

    await decide("reject", "no gulls");
    await waitUntil("it is torn", () => lying("torn").length === 1);
    await own.kit.ask("press", "move", {
      place: "torn",
      id: lying("torn")[0],
      to: "wishes",
      data: { about: "terns" },
      reason: "try terns",
    });
    await waitUntil("it is written", () => lying("drafts").length === 1);
    const all = await trace(id);
    expect(all.after.map(({ transition, outcome }) => transition ?? outcome)).toEqual([
      "write",
      "release",
      "intervened",
      "write",
      "release",
    ]);
    expect(all.after[1]).toMatchObject({ outcome: "decided", people: [{ by: "eve", did: "reject", comment: "no gulls" }] });
    expect(all.after[2]).toMatchObject({ people: [{ by: "ada", did: "move", comment: "try terns" }] });
    const text = (await own.stage.run("trace", id)).out;
    expect(text).toMatch(/eve \(editor\) rejected at .*: no gulls/);
    expect(text).toMatch(/ada moved it at .*: try terns/);
    // What is read is used by each that read it.
    expect((await trace(style)).after.filter(({ transition }) => transition === "write")).toHaveLength(2);
  });

  test("depth and limit keep the nearest and say what is left out", async () => {
    const { style } = await wish();
    for (let n = 0; n < 20; n++) await own.kit.put("press", "wishes", { about: n });
    await waitUntil(
      "all are written",
      async () => ((await own.kit.ask("press", "gates")) as object[]).length >= 1 && lying("drafts").length === 21,
    );
    const near = await trace(style, "--depth", "1");
    expect(near.after).toHaveLength(21);
    expect(near.cut.after).toBeGreaterThan(0);
    const few = await trace(style, "--limit", "5");
    expect(few.after).toHaveLength(5);
    expect(few.after.every(({ distance }) => distance === 1)).toBe(true);
    expect((await own.stage.run("trace", style, "--limit", "5")).out).toContain("--depth and --limit show more");
    expect((await own.stage.run("trace", style, "--depth", "1001")).code).toBe(2);
  });

  test("an id that no log has is refused with the nearest; its beginning will do when it is one token's", async () => {
    const { wish: id, style } = await wish();
    const wrong = await own.stage.run("trace", `${id}x`);
    expect(wrong.code).toBe(1);
    expect(wrong.err).toContain(`no token ${id}x was ever in`);
    expect(wrong.err).toContain(`the nearest ids: ${id}`);
    const [draft = ""] = lying("drafts");
    expect((await trace(draft.slice(0, -3))).token.id).toBe(draft);
    const several = await own.stage.run("trace", "t-");
    expect(several).toMatchObject({ code: 1, err: expect.stringContaining("several tokens begin with t-") });
    expect(several.err).toContain(style);
    const firing = (await eventsOf(own.kit.broker, "press")).find(({ type }) => type === "fired")?.firing ?? "";
    expect((await own.stage.run("trace", firing)).err).toContain(`it is a firing; it made ${draft}`);
    expect((await own.stage.run("trace", "no/token")).code).toBe(2);
    expect((await own.stage.run("trace", id, "--net", "pres")).err).toContain('did you mean "press"?');
    // Another net's log is searched as well, and named alone it has no such token.
    await own.kit.ask(null, "apply-net", { definition: { ...PRESS, net: "other" } });
    expect((await trace(id)).net).toBe("press");
    expect((await own.stage.run("trace", id, "--net", "other")).err).toContain("was ever in other");
  });
});

describe("on a log by hand", () => {
  const stage = new Stage();
  afterEach(() => stage.remove());
  const token = (id: string, tokens: string[] = []) => ({
    ...{ id, data: 1, by: "ada", at: "2026-03-01T11:00:00.000Z", correlation: "c", v: 1 as const },
    from: tokens.length === 0 ? { outside: "put" } : { net: "hello", transition: "t", firing: `f-${id}`, tokens },
  });

  test("failed tries, refused tools, late results, lost prompts and a loop of a thousand steps are told", async () => {
    stage.running();
    const about = { transition: "t", persona: "dev", firing: "f-1", attempt: 1 };
    const end = { type: "fired", transition: "end" } as const;
    const other = (await stage.master.artifacts.put(Buffer.from("other words"), "text/plain")).$artifact;
    const chain: Partial<NetEvent>[] = [];
    for (let n = 1; n <= 1200; n++)
      chain.push({
        ...{ type: "fired", transition: "loop", firing: `f-loop-${n}`, consumed: [{ place: "a", id: `t-${n}` }] },
        produced: [{ place: "a", token: token(`t-${n + 1}`, [`t-${n}`]) }],
      });
    await stage.logs("hello", [
      { type: "edited", attributes: { personas: { dev: "v-one" } } },
      { type: "arrived", produced: [{ place: "a", token: token("t-0") }] },
      { ...about, type: "started", consumed: [{ place: "a", id: "t-0" }], attributes: { kind: "agent" } },
      { type: "edited", attributes: { personas: { dev: "v-two" } } },
      { ...about, type: "claimed", attributes: { executor: "one" } },
      { ...about, type: "denied", attributes: { tool: "git.push", reason: "dev has no x" } },
      { ...about, type: "failed", attributes: { final: false, error: { message: "the model was away" } } },
      { ...about, type: "claimed", attempt: 2, attributes: { executor: "two" } },
      {
        ...about,
        type: "fired",
        attempt: 2,
        consumed: [{ place: "a", id: "t-0" }],
        produced: [{ place: "a", token: token("t-1", ["t-0"]) }],
      },
      { ...about, type: "ignored", attributes: { executor: "one", reason: "the firing is over" } },
      ...chain,
      {
        ...end,
        firing: "f-gone",
        produced: [{ place: "b", token: token("t-gone") }],
        prompt: { sha256: "0".repeat(64), artifact: "none" },
      },
      {
        ...end,
        firing: "f-other",
        produced: [{ place: "b", token: token("t-other") }],
        prompt: { sha256: "1".repeat(64), artifact: other },
      },
    ]);
    const told = (await stage.run("trace", "t-1", "--json")).json as unknown as Lineage;
    expect(told.before[0]).toMatchObject({
      outcome: "fired",
      personaVersion: "v-one",
      attempts: [
        { attempt: 1, executor: "one", how: "failed", reason: "the model was away" },
        { attempt: 2, executor: "two", how: "fired" },
      ],
      refused: [{ tool: "git.push", reason: "dev has no x", attempt: 1 }],
      ignored: [{ executor: "one", reason: "the firing is over" }],
    });
    expect(told.after).toHaveLength(100);
    expect(told.cut.after).toBe(1);
    const deep = await stage.run("trace", "t-1", "--depth", "1000", "--limit", "2000");
    expect(deep.out.split("\n").filter((line) => line.includes("taken by loop"))).toHaveLength(1000);
    // A chain stands straight, however long it is.
    expect(Math.max(...deep.out.split("\n").map((line) => line.length))).toBeLessThan(200);
    expect(deep.out).toContain("✗ refused: git.push at 2026-03-01 11:59:00: dev has no x");
    expect(deep.out).toContain("a late result of one");
    expect((await stage.run("trace", "t-gone", "--prompts")).out).toContain("(the artefact store no longer has it)");
    expect((await stage.run("trace", "t-other", "--prompts")).out).toContain(`${"1".repeat(64)} (its content differs)\nother words`);
  });
});
