/** What JSON.parse changes without a word is found in the text, with its place; nothing else is. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { jsonTextFlaw } from "../../src/contract/json-text.ts";

it.each([
  ['{"a": 1, "b": {"a": 2}, "a": 3}', "1:25", 'the key "a" stands twice'],
  ['{"\\u0061": 1, "a": 2}', "1:15", 'the key "a" stands twice'],
  ['[{"a": 1},\n {"a": [{"b": 1, "b": 2}]}]', "2:18", 'the key "b" stands twice'],
  ['{"n": 1e999}', "1:7", "1e999 is too large"],
  ["-1E+400", "1:1", "too large"],
  ['{"n": 9007199254740993}', "1:7", "lies beyond 2^53"],
  ["123456789012345678901234567890", "1:1", "lies beyond 2^53"],
  ["[0, 1e-999]", "1:5", "would become 0"],
])("%s", (text, where, reason) => {
  const flaw = jsonTextFlaw(text);
  expect(`${flaw?.line}:${flaw?.column} ${flaw?.reason}`).toContain(`${where} `);
  expect(flaw?.reason).toContain(reason);
});

it.each([
  '{"a": "1e999", "b": ["a", "a", {"a": "\\"a\\":"}], "c": {"a": 1}}',
  "[9007199254740991, -9007199254740991, 1.5e308, 0.1234567890123456789, 0e999, -0]",
  '{"a,\\"b\\"": {}, "": [], "x": {"": 1}}',
])("%s is taken as it is", (text) => {
  expect(jsonTextFlaw(text)).toBeNull();
});

it("has nothing to say of what JSON.stringify wrote, in either spelling", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(0, 2), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      const loses = JSON.stringify(JSON.parse(text)) !== JSON.stringify(value);
      const far = /(?<![\d.eE"])-?\d{16,}(?![\d.eE"])/.test(text);
      if (!loses && !far) expect(jsonTextFlaw(text)).toBeNull();
    }),
  );
});
