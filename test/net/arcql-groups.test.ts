import { describe, expect, it } from "vitest";
import type { Json } from "../../src/contract/json.ts";
import { answerOf, type Candidate, compileQuery } from "../../src/net/arcql.ts";

const tokens = (place: string, values: Json[]): Candidate[] =>
  values.map((data, index) => ({
    place,
    token: { id: `${place}-${index}`, data, from: { outside: "ada" }, by: "ada", at: "2026-01-01T00:00:00.000Z", correlation: "c", v: 1 },
  }));
const all = [
  ...tokens("tasks", [
    { stage: "open", points: 3, tags: ["a", "b"], who: { name: "ada" } },
    { stage: "done", points: 5, tags: ["a"], who: { name: "bob" } },
    { stage: "open", points: 1, who: { name: "ada" } },
  ]),
  ...tokens("review", [{ stage: "open", points: null }, { stage: null, points: 8 }, "no object"]),
];
const rows = (text: string, from = all) => answerOf(compileQuery(text), from, 0, 100).rows;

describe("aggregates", () => {
  it.each<[string, Json]>([
    ["SELECT count(*) FROM $", [{ count: 6 }]],
    [
      "SELECT count(*) AS n, count(points) AS known, sum(points) AS sum, avg(points) AS mean, min(points) AS least, max(points) AS most FROM $",
      [{ n: 6, known: 4, sum: 17, mean: 4.25, least: 1, most: 8 }],
    ],
    ["SELECT sum($.points) / count(*) + 1 AS x FROM $ WHERE points > 2", [{ x: 6.333333333333333 }]],
    ["SELECT round(avg(points), 1) AS mean FROM $", [{ mean: 4.3 }]],
    ["SELECT count(tags) AS tags FROM $", [{ tags: 3 }]],
    ["SELECT count(*) AS n, sum(points) AS sum, max(points) AS most FROM $ WHERE stage == 'nowhere'", [{ n: 0, sum: 0, most: null }]],
    ["SELECT 'all' AS what, count(*) AS n FROM $", [{ what: "all", n: 6 }]],
    [
      "SELECT stage, count(*) AS n FROM $ GROUP BY stage ORDER BY n DESC, stage",
      [
        { stage: "open", n: 3 },
        { stage: null, n: 2 },
        { stage: "done", n: 1 },
      ],
    ],
    [
      "SELECT $meta.place AS place, stage, sum(points) AS p FROM $ WHERE points != null GROUP BY $meta.place, $.stage ORDER BY sum(points) DESC LIMIT 2",
      [
        { place: "review", stage: null, p: 8 },
        { place: "tasks", stage: "done", p: 5 },
      ],
    ],
    [
      "SELECT upper(stage) AS s, count(*) AS n FROM $ WHERE EXISTS stage AND stage != null GROUP BY stage ORDER BY s",
      [
        { s: "DONE", n: 1 },
        { s: "OPEN", n: 3 },
      ],
    ],
    [
      "SELECT who.name AS who, max(points) AS best FROM $ WHERE who.name != null GROUP BY who.name",
      [
        { who: "ada", best: 3 },
        { who: "bob", best: 5 },
      ],
    ],
    [
      "SELECT points > 2 AS big, count(*) AS n FROM $ GROUP BY points > 2 ORDER BY big DESC",
      [
        { big: true, n: 3 },
        { big: false, n: 3 },
      ],
    ],
    [
      "SELECT upper(stage) AS s, count(*) AS n FROM $ WHERE EXISTS stage AND stage != null GROUP BY s ORDER BY s",
      [
        { s: "DONE", n: 1 },
        { s: "OPEN", n: 3 },
      ],
    ],
    // A field of that name comes before a column that looks at it.
    [
      "SELECT upper(stage) AS stage, count(*) AS n FROM $ WHERE EXISTS stage AND stage != null GROUP BY stage ORDER BY n",
      [
        { stage: "DONE", n: 1 },
        { stage: "OPEN", n: 3 },
      ],
    ],
    ["SELECT count(*) FROM $ GROUP BY $.count", [{ count: 6 }]],
    // The column is grouped by, and it looks at the field whose name another column has.
    ["SELECT stage AS s, max(stage) AS stage FROM $ WHERE stage == 'done' GROUP BY s", [{ s: "done", stage: "done" }]],
    ["SELECT stage FROM $ GROUP BY stage ORDER BY stage", [{ stage: "done" }, { stage: "open" }, { stage: null }]],
    ["SELECT count(*) AS n FROM $ GROUP BY stage LIMIT 1", [{ n: 3 }]],
  ])("%s", (text, wanted) => expect(rows(text)).toEqual(wanted));

  it("of nothing by groups are no rows, without groups one", () => {
    expect(rows("SELECT stage, count(*) AS n FROM $ GROUP BY stage", [])).toEqual([]);
    expect(rows("SELECT count(*) AS n FROM $", [])).toEqual([{ n: 0 }]);
  });

  it('tell 1 from "1", and lists by what they hold', () => {
    const mixed = tokens("a", [{ k: 1 }, { k: "1" }, { k: [1] }, { k: [1] }, { k: { a: 1 } }]);
    expect(rows("SELECT k, count(*) AS n FROM $ GROUP BY k", mixed).map(({ n }) => n)).toEqual([1, 1, 2, 1]);
  });

  it("leave functions of one token what they are", () => {
    expect(rows("SELECT max(points, 4) AS p, len(tags) AS tags FROM $ LIMIT 2")).toMatchObject([
      { value: { p: 4, tags: 2 } },
      { value: { p: 5, tags: 1 } },
    ]);
    expect(rows("FROM $ WHERE count($.tags) > 1")).toHaveLength(1);
    expect(rows("FROM $ WHERE EXISTS tags ORDER BY count(tags) LIMIT 1")).toMatchObject([{ id: "tasks-1" }]);
  });
});

describe("places and moments", () => {
  it.each([
    ["FROM inbox", ["inbox"], undefined],
    ["FROM inbox, review, inbox", ["inbox", "review"], undefined],
    ["from sub--in-box,a-1b where $.from == 1", ["sub--in-box", "a-1b"], undefined],
    ["SELECT from FROM order", ["order"], undefined],
    ["select from, $.from from in order by from", ["in"], undefined],
    ["select a as from from inbox", ["inbox"], undefined],
    ["select a as select, as from as", ["as"], undefined],
    ["select * from limit limit 3", ["limit"], undefined],
    ["FROM $ AS OF 12", undefined, { kind: "event", seq: 12 }],
    ["FROM inbox AS OF '2026-03-01T12:00:00Z' WHERE a == 1 LIMIT 2", ["inbox"], { kind: "time", text: "2026-03-01T12:00:00Z" }],
    ["FROM inbox WHERE a == 1 ORDER BY b LIMIT 2 AS OF 0", ["inbox"], { kind: "event", seq: 0 }],
    ["FROM inbox as of now", ["inbox"], { kind: "now" }],
    ["SELECT a AS of FROM group AS OF 3 GROUP BY a", ["group"], { kind: "event", seq: 3 }],
  ])("%s", (text, from, asOf) => {
    const query = compileQuery(text);
    expect(query.from).toEqual(from);
    if (asOf) expect(query.asOf).toMatchObject(asOf);
    else expect(query.asOf).toBeUndefined();
  });

  it("columns may be named by order, and bare names are fields", () => {
    expect(rows("SELECT points * 2 AS twice FROM $ WHERE stage == 'open' AND points > 0 ORDER BY twice").map(({ value }) => value)).toEqual(
      [{ twice: 2 }, { twice: 6 }],
    );
  });
});

describe("errors stand under their place", () => {
  it.each([
    ["SELECT stage, count(*) AS n FROM $", "stage is neither grouped nor aggregated", "       ^"],
    ["SELECT stage, points, count(*) AS n FROM $ GROUP BY stage", "points is neither grouped nor aggregated", "              ^"],
    ["SELECT sum(max(points)) AS n FROM $", "max() stands within sum()", "           ^"],
    ["SELECT count(*) AS n FROM $ ORDER BY points", "points is neither grouped nor aggregated", "                                     ^"],
    ["SELECT sum(*) AS n FROM $", "sum() counts nothing", "           ^"],
    ["FROM $ WHERE count(*) > 1", "count(*) stands in SELECT", "                   ^"],
    ["FROM $ ORDER BY count(*)", "count(*) stands in SELECT", "                      ^"],
    ["FROM $ GROUP BY stage", "GROUP BY needs a SELECT", "^"],
    ["SELECT count(*) FROM $ GROUP BY sum(points)", "an aggregate is no group", "                                ^"],
    [
      "SELECT stage, count(*) AS n FROM $ GROUP BY stage, n",
      "n is a column that counts",
      "                                                   ^",
    ],
    ["SELECT count(*) FROM $ GROUP BY count", "count is a column that counts", "                                ^"],
    ["SELECT count(*) AS n, sum(points) AS n FROM $", "two columns are called n", "                      ^"],
    ["FROM $ AS OF soon", "AS OF takes the number of an event", "             ^"],
    ["FROM $ AS OF 1.5", "AS OF takes the number of an event", "             ^"],
    ["FROM $ AS OF 1 LIMIT 2 AS OF 2", "AS OF stands once", "                             ^"],
    ["FROM inbox, WHERE a", "unexpected WHERE", "            ^"],
  ])("%s", (text, problem, caret) => {
    const message = expect.stringContaining(problem);
    expect(() => compileQuery(text)).toThrowError(expect.objectContaining({ code: "expression-syntax", message }));
    try {
      compileQuery(text);
    } catch (error) {
      expect((error as Error).message.split("\n").at(-1)).toBe(`  ${caret}`);
    }
  });
});

it("a query whose time is over ends", () => {
  const many = tokens(
    "a",
    Array.from({ length: 10_000 }, (_, n) => ({ n })),
  );
  let asked = 0;
  const late = () => ++asked > 3;
  for (const text of ["FROM $ WHERE n > 1", "SELECT count(*) AS n FROM $", "FROM $ ORDER BY n"]) {
    asked = 0;
    expect(() => answerOf(compileQuery(text), many, 0, 10, late)).toThrowError(expect.objectContaining({ code: "query-too-long" }));
  }
});
