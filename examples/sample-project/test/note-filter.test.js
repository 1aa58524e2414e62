import assert from "node:assert/strict";
import { test } from "node:test";
import { filterNotes } from "../src/note-filter.js";
import { InvalidInput } from "../src/validation.js";

const notes = [
  { title: "Milk", text: "two litres", createdAt: "2026-01-01T08:00:00.000Z" },
  { title: "Bread", text: "and a little milk", createdAt: "2026-01-02T08:00:00.000Z" },
];

test("gives all notes when nothing is asked for", () => {
  assert.deepEqual(filterNotes(notes, new URLSearchParams()), notes);
});

test("gives the notes since a time", () => {
  assert.deepEqual(filterNotes(notes, new URLSearchParams({ since: "2026-01-02" })), [notes[1]]);
});

test("refuses a time that is none", () => {
  assert.throws(() => filterNotes(notes, new URLSearchParams({ since: "soon" })), InvalidInput);
});
