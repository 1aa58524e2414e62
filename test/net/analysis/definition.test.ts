/** Net files as they are written: which findings they get, and above all which they do not. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { analyseDefinition } from "../../../src/net/analysis/analyse-definition.ts";
import { assignments, holds } from "../../../src/net/analysis/conditions.ts";
import { type NetFile, netSchema } from "../../../src/net/definition.ts";

type Steps = NetFile["transitions"];

function analyse(places: NetFile["places"], transitions: Steps, more: Partial<NetFile> = {}) {
  const definition = netSchema.parse({ net: "n", places, transitions, ...more });
  return analyseDefinition(definition, { states: 100_000, seconds: 10, clock: { now: () => 0 } });
}
const found = (places: NetFile["places"], transitions: Steps, more: Partial<NetFile> = {}) =>
  analyse(places, transitions, more).findings.map(({ code, message }) => `${code}: ${message}`);

const open = { open: true };
const sink = { sink: true };
const pass = (from: string, ...to: string[]): Extract<Steps[string], { kind: "pass" }> => ({
  kind: "pass",
  in: [{ place: from }],
  route: "all",
  out: to.map((one) => ({ to: one })),
});

describe("conditions with the data unknown", () => {
  const together = (one: string, other: string) => assignments([one, other])?.some((way) => holds(one, way) && holds(other, way));

  test.each([
    ["$result.ok == true", "$result.ok != true", false],
    ["a.n < 3", "a.n >= 3", false],
    ["a.n < 3", "a.n <= 3", true],
    ['a.kind == "x"', 'a.kind == "y"', false],
    ['a.kind == "x"', 'b.kind == "y"', true],
    ["a.flag", "NOT a.flag", false],
    ["a.flag AND a.n > 1", "NOT (a.flag AND a.n > 1)", false],
    ["EXISTS a.x", "a.y", true],
  ])("%s and %s: %s", (one, other, expected) => {
    expect(together(one, other)).toBe(expected);
  });
});

describe("elements of an array", () => {
  const fan = (out: NonNullable<Extract<Steps[string], { kind: "pass" }>["out"]>, route: "first" | "all" = "first"): Steps => ({
    fan: { kind: "pass", in: [{ place: "inbox" }], out, route },
    left: pass("a", "done"),
    right: pass("b", "done"),
  });
  const places = { inbox: open, a: {}, b: {}, done: sink };
  const some = { to: "a", each: "inbox.parts", when: "$item.big" };

  test.each(["first", "all"] as const)("go where they belong one by one (%s), and what none takes fails", (route) => {
    const caught = analyse(places, fan([some, { to: "b", each: "inbox.parts", otherwise: true }], route));
    expect([caught.findings, caught.bound["dead-letter"]]).toEqual([[], 0]);
    expect(analyse(places, fan([some, { to: "b", when: "inbox.x" }])).bound["dead-letter"]).toBe(1);
  });

  test("of two arrays both go on", () => {
    const two = fan([
      { to: "a", each: "inbox.keep" },
      { to: "b", each: "inbox.rework" },
    ]);
    expect(found(places, two)).toEqual([]);
    const { right: _, ...rest } = two;
    const also = { kind: "pass" as const, in: [{ place: "b" }, { place: "never" }], out: [{ to: "done" }] };
    expect(found({ ...places, never: {} }, { ...rest, also }).join()).toContain('work-left-behind: work can stay behind in "b"');
  });
});

describe("completion", () => {
  const split = pass("inbox", "left", "right");
  const places = { inbox: open, left: {}, right: {}, done: sink };

  test("while another branch still works is told, with the places and the way", () => {
    const { findings, sound, says } = analyse(places, { split, first: pass("left", "done"), second: pass("right", "done") });
    expect(findings).toMatchObject([
      {
        code: "improper-completion",
        path: ["transitions", "first"],
        message:
          'a case can complete in "done" while tokens are left over in "right" (the shortest way there: split to left and right; first to done)',
      },
    ]);
    expect(sound).toBe(false);
    expect(says).toContain("as a workflow it is not sound: a case may complete with tokens left over");
  });

  test("twice is told; of a join nothing", () => {
    const twice: Steps = { end: { kind: "pass", in: [{ place: "inbox" }], out: [{ to: "done", weight: 2 }] } };
    expect(found({ inbox: open, done: sink }, twice)).toEqual([
      'improper-completion: a case can complete more than once: "done" gets 2 tokens of it (the shortest way there: end to done)',
    ]);
    const join: Steps = { split, join: { kind: "pass", in: [{ place: "left" }, { place: "right" }], out: [{ to: "done" }] } };
    expect(analyse(places, join)).toMatchObject({ findings: [], sound: true });
  });

  test("with two ends says why it is not decided", () => {
    const { sound, says } = analyse({ inbox: open, a: sink, b: sink }, { split: pass("inbox", "a", "b") });
    expect(sound).toBe(null);
    expect(says).toContain('soundness is not decided: a case can end in "a" and "b"; a workflow has one end');
  });
});

describe("work that stays behind", () => {
  test("a join of which one branch can end elsewhere", () => {
    const steps: Steps = {
      split: pass("inbox", "left", "right"),
      check: {
        kind: "pass",
        in: [{ place: "left" }],
        out: [
          { to: "good", when: "left.ok" },
          { to: "bad", otherwise: true },
        ],
      },
      join: { kind: "pass", in: [{ place: "good" }, { place: "right" }], out: [{ to: "done" }] },
    };
    expect(found({ inbox: open, left: {}, right: {}, good: {}, bad: sink, done: sink }, steps)).toEqual([
      'work-left-behind: work can stay behind in "right": "join" waits for "good" (the shortest way there: split to left and right; check to bad)',
    ]);
  });

  test("not where every way out is taken care of", () => {
    const steps: Steps = {
      split: pass("inbox", "left", "right"),
      join: { kind: "pass", in: [{ place: "left" }, { place: "right" }], out: [{ to: "done" }] },
    };
    expect(analyse({ inbox: open, left: {}, right: {}, done: sink }, steps)).toMatchObject({ findings: [], live: true, sound: true });
  });

  test("a batch of three from outside is a case of three, and no dead end", () => {
    const steps: Steps = { batch: { kind: "pass", in: [{ place: "inbox", take: 3 }], out: [{ to: "done" }] } };
    expect(analyse({ inbox: open, done: sink }, steps)).toMatchObject({ findings: [], states: 2, bound: { inbox: 3, done: 1 } });
  });

  test("a permit that is given back is no work", () => {
    const steps: Steps = {
      begin: { kind: "pass", in: [{ place: "inbox" }, { place: "permits" }], out: [{ to: "busy" }] },
      finish: pass("busy", "done", "permits"),
    };
    expect(found({ inbox: open, permits: {}, busy: {}, done: sink }, steps, { tokens: { permits: [{}, {}] } })).toEqual([]);
  });

  test("a blackboard: every reader once, before the token goes on", () => {
    const read = (to: string): Steps[string] => ({ kind: "pass", in: [{ place: "board", mode: "read" }], out: [{ to }] });
    const steps: Steps = { a: read("seen"), b: read("seen"), end: { kind: "pass", in: [{ place: "board" }], out: [{ to: "done" }] } };
    const analysed = analyse({ board: open, seen: sink, done: sink }, steps);
    expect(analysed).toMatchObject({ findings: [], bound: { seen: 2, done: 1 }, states: 5 });
    expect(Object.keys(analysed.bound)).toEqual(["board", "seen", "done", "rejected", "dead-letter"]);
  });

  test("a group that stays incomplete, with and without a way out", () => {
    const gather = { by: "$meta.correlation", count: "1" };
    const steps = (late: object): Steps => ({
      split: pass("inbox", "story", "task"),
      work: { kind: "llm", persona: "p", ask: "Do it.", in: [{ place: "task" }], out: [{ to: "done" }], onError: "failed" },
      join: { kind: "pass", in: [{ place: "story" }, { place: "done", gather: { ...gather, ...late } }], out: [{ to: "end" }] },
    });
    const places = { inbox: open, story: {}, task: {}, done: {}, failed: sink, end: sink };
    expect(found(places, steps({}))[0]).toMatch(/^work-left-behind: work can stay behind in "story"/);
    const late = analyse(places, steps({ onIncomplete: { after: "1h", to: "failed" } })).findings;
    // What is left then is what comes after the time is up.
    expect(late.map(({ message }) => message.split(":")[0])).toEqual(['work can stay behind in "done"']);
  });
});

describe("groups of which the data says how many", () => {
  const panel = (count: string): Steps => {
    const read: Steps[string] = { kind: "pass", in: [{ place: "review", mode: "read" }], out: [{ to: "opinions" }] };
    const gather = { by: "$meta.correlation", count };
    return {
      ...{ one: read, two: read, three: read },
      convene: { kind: "pass", in: [{ place: "review" }], out: [{ to: "verdicts" }] },
      count: {
        kind: "pass",
        in: [
          { place: "verdicts", as: "verdict" },
          { place: "opinions", gather },
        ],
        out: [{ to: "end" }],
      },
    };
  };
  const places = { review: open, opinions: {}, verdicts: {}, end: sink };

  test("nobody is told that some stay behind where that is not known", () => {
    expect(found(places, panel("verdict.panel"))).toEqual([]);
    // Where the file itself says how many, they do.
    expect(found(places, panel("1"))).toEqual([expect.stringMatching(/^work-left-behind: work can stay behind in "opinions"/)]);
  });
  test("nor that they grow without end, in a net that ships", () => {
    const source = netSchema.parse(JSON.parse(readFileSync("nets/safe-teams-full.json", "utf8")));
    const { findings, gaveUp } = analyseDefinition(source, { states: 2000, seconds: 10, clock: { now: () => 0 } });
    expect(findings).toEqual([]);
    expect(gaveUp).toMatch(/^the data decides how many tokens are taken from .*"opinions".*, so there is no end of states$/);
  });
});

describe("loops", () => {
  const rework = (when: object): Steps => ({
    work: { kind: "map", value: "${task}", in: [{ place: "task" }], out: [{ to: "change" }] },
    check: {
      kind: "pass",
      in: [{ place: "change" }],
      out: [
        { to: "done", when: "change.ok" },
        { to: "task", ...when },
        { to: "failed", otherwise: true },
      ],
    },
  });
  const places = { task: open, change: {}, done: sink, failed: sink };

  test("without a limit are named, with one they are not", () => {
    expect(found(places, rework({ when: "NOT change.ok" }))).toEqual([
      'endless-loop: "work" and "check" can go round for ever (work to change; check to task): nothing counts the rounds',
    ]);
    expect(found(places, rework({ when: "change.attempt < 3" }))).toEqual([]);
  });

  test("beside each other are told one by one", () => {
    const steps: Steps = { split: pass("inbox", "a", "b"), x: pass("a", "a"), y: pass("b", "b") };
    expect(found({ inbox: open, a: {}, b: {} }, steps).filter((one) => one.startsWith("endless"))).toEqual([
      'endless-loop: "x" can go round for ever (x to a): nothing counts the rounds',
      'endless-loop: "y" can go round for ever (y to b): nothing counts the rounds',
    ]);
  });

  test("a limit on the other arc counts, and people who decide do", () => {
    const other: Steps = {
      check: {
        kind: "pass",
        in: [{ place: "task" }],
        out: [
          { to: "failed", when: "task.attempt >= 3" },
          { to: "task", otherwise: true },
        ],
      },
    };
    expect(found({ task: open, failed: sink }, other)).toEqual([]);
    const gate: Steps = { again: { ...pass("task", "task"), gate: { approvers: ["role:m"], escalate: "failed" } } };
    expect(found({ task: open, failed: sink }, gate)).toEqual([]);
  });

  test("that nothing leads out of are livelocks, and that make tokens fill a place", () => {
    expect(found({ inbox: open, a: {}, b: {} }, { begin: pass("inbox", "a"), to: pass("a", "b"), fro: pass("b", "a") })[0]).toBe(
      'work-left-behind: work can stay behind in "a": some steps go on, but no way leads out (the shortest way there: begin to a)',
    );
    const grows = analyse({ inbox: open, log: sink }, { grow: pass("inbox", "inbox", "log") });
    expect(grows.findings[0]).toMatchObject({ code: "unbounded-place", path: ["places", "log"] });
    expect(grows.bound).toMatchObject({ inbox: 1, log: null });
  });

  test("where the states have no end, a state in which nothing can fire is a dead end all the same", () => {
    const transitions: Steps = {
      grow: { kind: "pass", route: "all", in: [{ place: "a" }], out: [{ to: "a" }, { to: "log" }] },
      left: pass("a", "b"),
      right: pass("a", "c"),
      both: { kind: "pass", in: [{ place: "b" }, { place: "c" }], out: [{ to: "log" }] },
    };
    const { gaveUp, findings } = analyse({ a: open, b: {}, c: {}, log: sink }, transitions);
    expect(gaveUp).not.toBeNull();
    expect(findings.filter(({ code }) => code === "work-left-behind").map(({ path }) => path)).toEqual([
      ["places", "b"],
      ["places", "c"],
    ]);
  });
});

describe("transitions that can never fire", () => {
  test("two branches of a choice that are wanted together", () => {
    const steps: Steps = {
      choose: {
        kind: "pass",
        in: [{ place: "inbox" }],
        out: [
          { to: "a", when: "inbox.a" },
          { to: "b", otherwise: true },
        ],
      },
      undo: pass("b", "done"),
      both: { kind: "pass", in: [{ place: "a" }, { place: "never" }], out: [{ to: "done" }] },
      make: { kind: "pass", in: [{ place: "lock", take: 2 }], out: [{ to: "never" }] },
    };
    const codes = found({ inbox: open, a: {}, b: {}, never: {}, lock: {}, done: sink }, steps, { tokens: { lock: [{}] } });
    expect(codes.slice(0, 2)).toEqual([
      'dead-transition: transition "both" can never fire: its inputs never hold enough tokens at the same time',
      'dead-transition: transition "make" can never fire: its inputs never hold enough tokens at the same time',
    ]);
  });

  test("what takes what a failed map left can fire", () => {
    const map = { kind: "map" as const, value: {}, in: [{ place: "a" }], out: [{ to: "b" }] };
    const mend = pass("failed", "b");
    expect(found({ a: open, b: sink, failed: {} }, { map: { ...map, onError: "failed" }, mend })).toEqual([]);
    expect(found({ a: open, b: sink, failed: {} }, { map, mend }).map((text) => text.split(":")[0])).toContain("dead-transition");
  });

  test("invariants of places whose tokens the data counts are not claimed", () => {
    const fan: Steps = {
      fan: { kind: "pass", in: [{ place: "inbox" }], out: [{ to: "part", each: "inbox.parts" }] },
      end: pass("part", "done"),
    };
    expect(analyse({ inbox: open, part: {}, done: sink }, fan).invariants.places).toEqual([]);
    const plain = analyse({ inbox: open, part: {}, done: sink }, { begin: pass("inbox", "part"), end: pass("part", "done") });
    expect(plain.invariants.places).toEqual([{ weights: { inbox: 1, part: 1, done: 1 }, sum: 1 }]);
  });

  test("not what only a second token from outside makes possible", () => {
    const steps: Steps = { a: pass("inbox", "pool"), pair: { kind: "pass", in: [{ place: "pool", take: 2 }], out: [{ to: "done" }] } };
    expect(found({ inbox: open, pool: {}, done: sink }, steps)).toEqual([]);
  });
});

describe("inhibit and reset arcs, weights and times", () => {
  test("an inhibit arc forbids: what waits for an empty place that nobody empties stays behind", () => {
    const go: Steps[string] = { kind: "pass", in: [{ place: "a" }, { place: "block", mode: "inhibit" }], out: [{ to: "b" }] };
    const places = { a: open, block: sink, b: sink };
    expect(found(places, { go }, { tokens: { block: [1] } }).join()).toContain("work-left-behind");
    // Which tokens its condition means is up to the data.
    const chosen = { ...go, in: [{ place: "a" }, { place: "block", mode: "inhibit" as const, where: "$ == 2" }] };
    expect(found(places, { go: chosen }, { tokens: { block: [1] } })).toEqual([]);
  });

  test("a reset empties a place whatever lies there, and its sums are told of nobody", () => {
    const transitions: Steps = {
      split: pass("a", "work", "rest"),
      done: { kind: "pass", in: [{ place: "work" }, { place: "rest", mode: "reset" }], out: [{ to: "b" }] },
    };
    const result = analyse({ a: open, work: {}, rest: {}, b: sink }, transitions);
    expect(result.findings).toEqual([]);
    expect(result.states).toBe(3);
    expect(result.invariants.places.some(({ weights }) => "rest" in weights)).toBe(false);
  });

  test("a weight makes so many tokens, a take takes them", () => {
    const transitions: Steps = {
      split: { kind: "pass", in: [{ place: "a" }], out: [{ to: "parts", weight: 3 }] },
      join: { kind: "pass", in: [{ place: "parts", take: 3 }], out: [{ to: "b" }] },
    };
    const result = analyse({ a: open, parts: {}, b: sink }, transitions);
    expect([result.bound.parts, result.sound, result.findings]).toEqual([3, true, []]);
    const uneven = { ...transitions, join: { ...pass("parts", "b"), in: [{ place: "parts", take: 2 }] } };
    // The one that is left over waits for the next case, as a batch does.
    expect(analyse({ a: open, parts: {}, b: sink }, uneven)).toMatchObject({ sound: false, findings: [] });
  });

  test("a deadline is a way out of a place; a schedule sets off what has no input", () => {
    const result = analyse(
      { a: { ...open, deadline: { after: "1h", to: "late" } }, late: sink, b: sink, ticks: sink },
      { work: pass("a", "b"), tick: { kind: "pass", schedule: { every: "1h" }, out: [{ to: "ticks" }] } },
    );
    expect(result.findings).toEqual([]);
    expect(result.bound).toMatchObject({ late: 1, ticks: 1 });
  });

  test("where the states are too many, it says that these arcs leave boundedness open", () => {
    const definition = netSchema.parse({
      ...{ net: "n", places: { a: open, block: {}, b: sink } },
      transitions: {
        grow: {
          kind: "pass",
          in: [{ place: "a" }, { place: "block", mode: "inhibit", take: 5 }],
          route: "all",
          out: [{ to: "a" }, { to: "b" }],
        },
        keep: { kind: "pass", in: [{ place: "block" }], out: [{ to: "block" }] },
      },
      tokens: { block: [1] },
    });
    const { gaveUp, bound } = analyseDefinition(definition, { states: 1000, seconds: 10, clock: { now: () => 0 } });
    expect(gaveUp).toContain("inhibitor and reset arcs");
    expect(bound.b).toBeNull();
  });
});

describe("what only forbids, and what is only read", () => {
  test("a step that a token of the file keeps from firing is in no sound workflow", () => {
    const steps: Steps = { t: { kind: "pass", in: [{ place: "a" }, { place: "held", mode: "inhibit" }], out: [{ to: "done" }] } };
    const places = { a: open, held: sink, done: sink };
    expect(analyse(places, steps, { tokens: { held: [1] } }).sound).toBeNull();
    expect(analyse(places, steps).sound).toBe(true);
  });

  test("an open place that is only read has as many tokens as one firing reads", () => {
    const read = (take: number): Steps => ({
      t: { kind: "pass", in: [{ place: "c" }, { place: "r", mode: "read", take }], out: [{ to: "done" }] },
    });
    for (const take of [1, 2, 3]) expect(found({ c: open, r: open, done: sink }, read(take)), String(take)).toEqual([]);
  });
});
