import assert from "node:assert/strict";
import { test } from "node:test";
import { NoteStore } from "../src/note-store.js";

test("keeps a note under a fresh id", () => {
  const store = new NoteStore();
  const note = store.add({ title: "Milk", text: "two litres" });
  assert.equal(note.id, "1");
  assert.equal(store.get("1").title, "Milk");
});

test("lists notes, oldest first", () => {
  const store = new NoteStore();
  store.add({ title: "first", text: "" });
  store.add({ title: "second", text: "" });
  assert.deepEqual(
    store.list().map((note) => note.title),
    ["first", "second"],
  );
});

test("does not give an id twice", () => {
  const store = new NoteStore();
  const first = store.add({ title: "first", text: "" });
  assert.equal(store.remove(first.id), true);
  assert.equal(store.remove(first.id), false);
  assert.notEqual(store.add({ title: "second", text: "" }).id, first.id);
});
