import assert from "node:assert/strict";
import { test } from "node:test";
import { InvalidInput, parseNote } from "../src/validation.js";

test("trims and keeps title and text only", () => {
  assert.deepEqual(parseNote({ title: " Milk ", text: "two litres", id: "7" }), { title: "Milk", text: "two litres" });
});

test("refuses a note without a title", () => {
  assert.throws(() => parseNote({ text: "two litres" }), InvalidInput);
  assert.throws(() => parseNote({ title: "  " }), InvalidInput);
});

test("refuses a title that is too long", () => {
  assert.throws(() => parseNote({ title: "x".repeat(121) }), /at most 120 characters/);
});
