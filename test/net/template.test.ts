// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the syntax under test
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json } from "../../src/contract/json.ts";
import { scopeOf } from "../../src/net/scope.ts";
import { compileTemplate } from "../../src/net/template.ts";

const scope = scopeOf({
  change: { data: { title: "Add login", points: 3, tags: ["ui"], nothing: null }, meta: { id: "t1", correlation: "c1" } },
  $result: { data: { ok: true }, meta: null },
});
const render = (json: Json) => compileTemplate(json).render(scope, 0);

describe("templates", () => {
  it.each<[Json, Json]>([
    ["${change.points}", 3],
    ["${change.tags}", ["ui"]],
    ["${change}", { title: "Add login", points: 3, tags: ["ui"], nothing: null }],
    ["${change.nothing}", null],
    ["Story ${change.title} (${change.points + 1})", "Story Add login (4)"],
    ["tags: ${change.tags}, ${$result}, ${change.nothing}", 'tags: ["ui"], {"ok":true}, null'],
    [" ${change.points}", " 3"],
    ["${change.title}${change.points}", "Add login3"],
    ["$${change.title} costs 5$", "${change.title} costs 5$"],
    ["$$${change.title}", "$${change.title}"],
    ["${'}' + \"${\"}", "}${"],
    ["${default(change.absent, 'none')}", "none"],
    ["${change.absent == null}", true],
    ["${change.$meta.correlation}", "c1"],
    ["${now()}", "1970-01-01T00:00:00.000Z"],
    [
      { a: ["${change.points}", { b: "x${$result.ok}" }], "${change.title}": 1 },
      { a: [3, { b: "xtrue" }], "${change.title}": 1 },
    ],
    ["", ""],
    ["$", "$"],
  ])("%j", (json, wanted) => {
    expect(render(json)).toEqual(wanted);
  });

  it("names the placeholder and the path that is missing", () => {
    expect(() => render({ deep: ["a ${change.titel}"] })).toThrowError(
      expect.objectContaining({
        code: "template-missing-path",
        message: "${change.titel} has no value: there is no change.titel",
        hint: expect.stringContaining("default(change.titel, fallback)"),
      }),
    );
    expect(() => render("${[change.points, change.a, nobody]}")).toThrowError(/there is no change\.a/);
    expect(() => render("${'a' + change.a}")).toThrowError(expect.objectContaining({ code: "template-missing-path" }));
  });

  it("says when a value is there but makes no sense", () => {
    expect(() => render("${change.title * 2}")).toThrowError(expect.objectContaining({ code: "template-no-value" }));
  });

  it.each([
    ["${change.title", "template-syntax", "not closed"],
    ["${change.title = 1}", "expression-syntax", "in ${change.title = 1}: unexpected ="],
    ["${}", "expression-syntax", "is empty"],
    ["${'}", "template-syntax", "not closed"],
  ])("refuses %s", (text, code, problem) => {
    expect(() => compileTemplate({ a: [text] })).toThrowError(expect.objectContaining({ code, message: expect.stringContaining(problem) }));
  });

  it("knows the names it needs", () => {
    expect(compileTemplate({ a: "${change.a} ${$result}", b: ["${change.b}"] }).roots).toEqual(["change", "$result"]);
  });

  it("keeps a key named like a prototype a key", () => {
    const json = JSON.parse('{"__proto__": {"x": "${change.points}"}, "constructor": "${change.points}"}');
    const rendered = render(json) as { [key: string]: Json };
    expect(JSON.stringify(rendered)).toBe('{"__proto__":{"x":3},"constructor":3}');
    expect(Object.getPrototypeOf(rendered)).toBe(Object.prototype);
  });

  it("is the identity without placeholders, and with every one escaped", () => {
    const escaped = (json: Json): Json =>
      typeof json === "string"
        ? json.replaceAll("${", () => "$${")
        : Array.isArray(json)
          ? json.map(escaped)
          : json !== null && typeof json === "object"
            ? Object.fromEntries(Object.entries(json).map(([key, value]) => [key, escaped(value)]))
            : json;
    const text = fc.oneof(
      fc.string(),
      fc.array(fc.constantFrom("$", "{", "}", "a", "${"), { maxLength: 8 }).map((parts) => parts.join("")),
    );
    const tree = fc.letrec<{ json: Json }>((tie) => ({
      json: fc.oneof(
        { maxDepth: 3 },
        text,
        fc.integer(),
        fc.constant(null),
        fc.array(tie("json")),
        fc.dictionary(fc.string(), tie("json")),
      ),
    })).json;
    fc.assert(
      fc.property(tree, (json) => {
        expect(JSON.stringify(render(escaped(json)))).toBe(JSON.stringify(json));
      }),
      { numRuns: 500 },
    );
  });
});
