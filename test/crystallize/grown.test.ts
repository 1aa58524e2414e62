/** A later rule that is the old one with more rows: what examples add, what they speak against, and what they leave alone. */
import { describe, expect, test } from "vitest";
import type { Json } from "../../src/contract/json.ts";
import { notWorthIt } from "../../src/crystallize/beside.ts";
import { crystallize } from "../../src/crystallize/crystallize.ts";
import { grownRule, mayGrow } from "../../src/crystallize/grown.ts";
import type { Answer } from "../../src/net/rule/answer.ts";
import { evaluateRule, type Rule } from "../../src/net/rule/rule.ts";
import { exampleOf, madeBy } from "./history.ts";

type Table = Answer & { kind: "table" };
const tableOf = (rows: Record<string, string>, seen = 6): Table => ({
  ...{ kind: "table", keys: [{ path: "/code" }] },
  rows: Object.entries(rows).map(([code, give]) => ({ when: [code], give, seen })),
});
const teams = tableOf({ A: "ada", B: "bob" });
const old: Rule = { guard: [], answer: { kind: "object", fields: { team: teams, open: tableOf({ A: "yes" }) } } };
const given = (rule: Rule, code: string): Json => {
  const answer = evaluateRule(rule, { code });
  return answer.applies ? answer.value : null;
};
const asked = (answers: [string, string][]) => answers.map(([code, team], seq) => exampleOf(seq, { code }, { team, open: "yes" }));

describe("a rule with tables grows", () => {
  test("by the rows that have two equal examples more than any other answer, and keeps those of which there are none", () => {
    const more = grownRule(
      old,
      asked([
        ["C", "eve"],
        ["C", "eve"],
        ["D", "eve"],
        ["E", "ada"],
        ["E", "bob"],
        ["E", "ada"],
        ["B", "bob"],
        ["B", "bob"],
      ]),
      "exact",
    );
    expect(mayGrow(old)).toBe(true);
    expect(more.answer).toMatchObject({ fields: { team: { rows: expect.arrayContaining([{ when: ["A"], give: "ada", seen: 6 }]) } } });
    expect(given(more, "C")).toEqual({ team: "eve", open: "yes" });
    expect(given(more, "B")).toEqual({ team: "bob", open: "yes" });
    for (const code of ["D", "E"]) expect(given(more, code)).toBe(null);
  });

  test("not by a row that its examples speak against, which takes another answer once that leads by two", () => {
    const few = tableOf({ A: "ada" }, 2);
    const team = (count: number) => Array.from({ length: count }, (_, seq) => exampleOf(seq, { code: "A" }, "eve"));
    const rows = (rule: Rule) => (rule.answer.kind === "table" ? rule.answer.rows.map(({ give }) => give) : []);
    const both: Rule = {
      guard: [],
      answer: {
        kind: "table",
        keys: [{ path: "/code" }],
        rows: [...few.rows, { when: ["Z"], give: "zoe", seen: 9 }],
      },
    };
    expect(rows(grownRule(both, team(1), "exact"))).toEqual(["zoe"]);
    expect(rows(grownRule(both, team(4), "exact"))).toEqual(["zoe", "eve"]);
    // Not where it rests on many more that are gone from the history by now.
    expect(grownRule({ guard: [], answer: tableOf({ A: "ada" }, 30) }, team(4), "exact").answer).toEqual(tableOf({ A: "ada" }, 30));
  });

  test("only where nothing else decides: a place that does not count, and a case of its own", () => {
    const none = grownRule(
      old,
      asked([
        ["C", "eve"],
        ["C", "eve"],
      ]),
      { fields: { open: "exact" } },
    );
    expect(none.answer).toMatchObject({ fields: { team: teams } });
    const cases: Answer = {
      ...{ kind: "cases", cases: [{ if: [{ test: "equal", path: "/kind", value: "x" }], give: tableOf({ A: "ada" }) }] },
      else: tableOf({ A: "bob" }),
    };
    const examples = [1, 2].map((seq) => exampleOf(seq, { kind: "y", code: "C" }, "eve"));
    const made = grownRule({ guard: [], answer: cases }, examples, "exact");
    expect(given({ guard: [], answer: (made.answer as { else: Answer }).else }, "C")).toBe("eve");
    expect((made.answer as { cases: { give: Answer }[] }).cases[0]?.give).toEqual(tableOf({ A: "ada" }));
    expect(mayGrow({ guard: [], answer: { kind: "constant", value: 1 } })).toBe(false);
  });
});

test("beside a rule that answers, few examples of new values are enough, though a table is not found from them again", {
  timeout: 240_000,
}, () => {
  const first = madeBy(
    200,
    5,
    (chance) => ({ code: `K${chance.whole(0, 9)}`, size: chance.whole(1, 400) }),
    ({ code }) => ["ada", "bob", "eve"][Number(String(code).slice(1)) % 3] ?? "",
  );
  const answers = crystallize(first, { bound: 0.1 }).rule as Rule;
  const left = Array.from({ length: 12 }, (_, at) =>
    exampleOf(200 + at, { code: `N${at % 6}`, size: 1 + at }, ["ada", "bob", "eve"][at % 3] as Json),
  );
  const live = { rule: answers, covered: 160, wrong: 2, declines: 0.05 };
  const later = crystallize([...first, ...left], { bound: 0.1, live });
  expect(later).toMatchObject({ promotable: true, reasons: [] });
  for (const code of ["K4", "N4"]) expect(evaluateRule(later.rule as Rule, { code, size: 9 })).toEqual({ applies: true, value: "bob" });
});

test("a later rule is not good enough by what the two say alike: what it adds is looked at for itself", () => {
  const of = (...areas: string[]): Rule => ({
    guard: [{ test: "in", path: "/area", values: areas }],
    answer: { kind: "constant", value: "ada" },
  });
  const settled = Array.from({ length: 300 }, (_, at) => exampleOf(at, { area: "net" }, "ada"));
  // Every fourth goes elsewhere.
  const left = Array.from({ length: 20 }, (_, at) => exampleOf(300 + at, { area: "db" }, at % 4 === 0 ? "bob" : "ada"));
  const reasons = (from: number, to: number) =>
    notWorthIt(of("net"), of("net", "db"), [...settled, ...left.slice(from, to)], { equality: "exact", bound: 0.05 });
  expect(reasons(0, 20)).toEqual([
    "of what the rule that answers now leaves to the model it claims 20, and 5 of these answers are not the model's",
  ]);
  // One may be a slip.
  expect(reasons(1, 8)).toEqual([]);
});
