import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PetrelError } from "../../src/contract/errors.ts";
import { locateIssues, parseJsonFile } from "../../src/net/locate.ts";

function failure(text: string): PetrelError {
  try {
    parseJsonFile(text, "nets/a.json");
  } catch (error) {
    if (error instanceof PetrelError) return error;
    throw error;
  }
  throw new Error(`${text} was taken`);
}

const text = ["{", '  "places": {"inbox": {}, "out.box": {', '    "capacity": 3}},', '\t"list": [1, {"a": null}]', "}"].join("\n");

describe("positions", () => {
  const source = parseJsonFile(text, "nets/a.json");

  it.each([
    [[], 1, 1],
    [["places"], 2, 13],
    [["places", "inbox"], 2, 23],
    [["places", "out.box", "capacity"], 3, 17],
    [["list", 1, "a"], 4, 20],
    [["list", 7, "a"], 4, 10],
    [["nothing", "here"], 1, 1],
  ])("of the value at %j", (path, line, column) => {
    expect(source.locate(path as (string | number)[])).toEqual({ line, column });
  });

  it("of a name", () => {
    expect(source.locate(["places", "out.box"], "key")).toEqual({ line: 2, column: 27 });
    expect(source.locate(["places", "absent"], "key")).toEqual({ line: 2, column: 13 });
  });

  it("of issues, in the order of the file", () => {
    const issues = [
      { path: ["list", 0], n: 1 },
      { path: ["places"], n: 2 },
    ] as const;
    expect(locateIssues(issues, source)).toEqual([
      { path: ["places"], n: 2, file: "nets/a.json", line: 2, column: 13 },
      { path: ["list", 0], n: 1, file: "nets/a.json", line: 4, column: 11 },
    ]);
  });

  it("survive a byte order mark and CRLF", () => {
    expect(parseJsonFile('\uFEFF{\r\n  "a": 1\r\n}', "x").locate(["a"])).toEqual({ line: 2, column: 8 });
  });
});

describe("syntax errors", () => {
  it.each([
    ['{"a": 1,}', "1:9", "a name in double quotes is missing"],
    ['{\n  "a": 1\n  "b": 2\n}', "3:3", "a comma is missing"],
    ["{\n  // note\n}", "2:3", "JSON has no comments"],
    ["{'a': 1}", "1:2", "this is no JSON value"],
    ['{"a": "x', "1:7", "a text is not closed"],
    ['{"a": 01}', "1:8", "a comma is missing"],
    ['{"a": 1', "1:8", "an object is not closed"],
    ["{} {}", "1:4", "more text after the end"],
    ["", "1:1", "it is empty"],
    ["  \n ", "2:2", "it is empty"],
    ['{"t": 1,\n "u": 2,\n "t": 3}', "3:2", 'the name "t" stands twice'],
    ['{"a": {"__proto__": 1, "__proto__": 2}}', "1:8", "can be no name"],
    ['{"places": {"__proto__": {"open": true}}}', "1:13", '"__proto__" can be no name'],
    [`${"[".repeat(150)}${"]".repeat(150)}`, "1:102", "nested deeper than 100"],
    [`${"[".repeat(200_000)}`, "1:1", "nested deeper"],
  ])("%#: %.30s", (bad, where, problem) => {
    const error = failure(bad);
    expect(error.code).toBe("json-syntax");
    expect(error.where).toBe(`nets/a.json:${where}`);
    expect(error.message).toContain(`nets/a.json:${where} is no valid JSON: `);
    expect(error.message).toContain(problem);
    expect(error.hint).toBeTruthy();
  });

  it("takes exactly what JSON.parse takes, and the same value", () => {
    const piece = fc.constantFrom(
      ...'{}[],:"\\ \n'.split(""),
      "true",
      "null",
      "1",
      "-",
      "1e5",
      "0",
      ".",
      '"a"',
      '"b":',
      "//",
      "\u00a0",
      "\u0001",
      "\\u00e4",
    );
    const near = fc.array(piece, { maxLength: 14 }).map((pieces) => pieces.join(""));
    fc.assert(
      fc.property(fc.oneof(near, fc.json({ maxDepth: 4 })), (candidate) => {
        let wanted: { value: unknown } | null = null;
        try {
          wanted = { value: JSON.parse(candidate) };
        } catch {}
        let got: { value: unknown } | null = null;
        try {
          got = { value: parseJsonFile(candidate, "x").value };
        } catch (error) {
          expect(error).toBeInstanceOf(PetrelError);
          if (/stands twice|"__proto__" can be no name/.test((error as PetrelError).message)) return;
        }
        expect(got).toEqual(wanted);
      }),
      { numRuns: 3000 },
    );
  });
});
