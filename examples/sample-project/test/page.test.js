import assert from "node:assert/strict";
import { test } from "node:test";
import { pageOf } from "../src/page.js";
import { InvalidInput } from "../src/validation.js";

test("keeps the oldest note first", () => {
  assert.deepEqual(pageOf(["first", "second"], new URLSearchParams()), ["first", "second"]);
});

test("turns the newest note to the front", () => {
  assert.deepEqual(pageOf(["first", "second"], new URLSearchParams({ order: "newest" })), ["second", "first"]);
});

test("refuses an order that it does not know", () => {
  assert.throws(() => pageOf([], new URLSearchParams({ order: "best" })), InvalidInput);
});
