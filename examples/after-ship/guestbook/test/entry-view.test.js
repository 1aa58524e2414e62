import assert from "node:assert/strict";
import { test } from "node:test";
import { entryView } from "../src/entry-view.js";

test("shows who wrote and what", () => {
  const view = entryView({ name: "Ada Lovelace", text: "Lovely" });
  assert.equal(view.by, "Ada Lovelace");
  assert.equal(view.text, "Lovely");
});
