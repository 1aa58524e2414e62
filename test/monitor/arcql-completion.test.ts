/** What the query box offers: each word where the language takes it, and only what the net and its tokens have. */
import { describe, expect, test } from "vitest";
import { completed, completionsFor, fieldsIn, type Known, wholeQuery } from "../../src/monitor/net/arcql-completion.ts";
import { compileQuery } from "../../src/net/arcql.ts";

const known: Known = {
  places: ["inbox", "in-review", "done"],
  fields: fieldsIn([
    { data: { title: "Search", attempt: 1, who: { name: "ada", deep: { deeper: 1 } } } },
    { data: { title: "Login", attempt: 2, tags: ["a"], "odd key": 1 } },
    { data: "no object" },
  ]),
};
const offered = (text: string) => completionsFor(text, text.length, known).items.map((item) => item.text);

test("fields are those of the tokens, two deep, with their values", () => {
  expect([...known.fields.keys()]).toEqual(["title", "attempt", "who", "who.name", "who.deep", "tags"]);
  expect(known.fields.get("title")).toEqual(["Search", "Login"]);
});

describe("what is offered", () => {
  test.each([
    ["", ["title", "attempt"]],
    ["ti", ["title"]],
    ["FR", ["FROM"]],
    ["FROM ", ["$", "inbox", "in-review", "done"]],
    ["from in", ["inbox", "in-review"]],
    ["FROM inbox, ", ["$", "inbox", "in-review", "done"]],
    ["FROM inbox ", ["WHERE", "GROUP BY", "ORDER BY", "LIMIT", "AS OF"]],
    ["FROM $ WHERE who.", ["who.name", "who.deep"]],
    ["attempt ", ["==", "!=", "<", "<=", ">", ">=", "IN (", "CONTAINS", "AND", "OR", "GROUP BY", "ORDER BY"]],
    ["attempt == ", ["1", "2", "title"]],
    ['title == "', ['"Search"', '"Login"']],
    ['title == "Lo', ['"Login"']],
    ['title IN ("Search", "L', ['"Login"']],
    ['title == "Search" A', ["AND"]],
    ['title == "FROM " ORDER BY ', ["title", "attempt"]],
    ["title == 1 ORDER BY attempt ", ["DESC", "ASC", "LIMIT"]],
    ["title == 1 ORDER BY attempt DESC LIMIT ", []],
    ["SELECT cou", ["count(*)"]],
    ["SELECT title F", ["FROM"]],
  ])("after %j", (text, wanted) => {
    expect(offered(text).slice(0, wanted.length)).toEqual(wanted);
    if (wanted.length === 0) expect(offered(text)).toEqual([]);
  });

  test("is never what stands there already", () => {
    expect(offered("title")).not.toContain("title");
  });
});

test("what is taken replaces what was begun, in the middle of a text too", () => {
  expect(completed("ti == 1", 2, 0, { text: "title", kind: "field" })).toEqual({ text: "title == 1", cursor: 6 });
  expect(completed("FROM in", 7, 5, { text: "inbox", kind: "place" })).toEqual({ text: "FROM inbox ", cursor: 11 });
  expect(completed("l", 1, 0, { text: "len(", kind: "function" })).toEqual({ text: "len(", cursor: 4 });
});

test("a query that is put together from offers alone is sound", () => {
  let text = "";
  for (const word of ["attempt", ">=", "2", "AND", "title", "==", '"Login"', "ORDER BY", "who.name", "DESC"]) {
    const { from, items } = completionsFor(text, text.length, known);
    const item =
      items.find((each) => each.text === word) ??
      completionsFor(text + word[0], text.length + 1, known).items.find((each) => each.text === word);
    if (!item) throw new Error(`${word} is not offered after ${text}`);
    text = completed(text, text.length, from, item).text;
  }
  expect(text).toBe('attempt >= 2 AND title == "Login" ORDER BY who.name DESC ');
  expect(() => compileQuery(wholeQuery(text))).not.toThrow();
});

test("a condition, an order or a limit alone is asked of the place that is open", () => {
  expect(wholeQuery(" attempt > 1")).toBe("FROM $ WHERE attempt > 1");
  expect(wholeQuery("ORDER BY attempt")).toBe("FROM $ ORDER BY attempt");
  expect(wholeQuery("select title from inbox")).toBe("select title from inbox");
});
