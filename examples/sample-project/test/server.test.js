import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { NoteStore } from "../src/note-store.js";
import { requestLog } from "../src/request-log.js";
import { notesServer } from "../src/server.js";

const lines = [];
const server = notesServer({ store: new NoteStore(), log: requestLog((line) => lines.push(JSON.parse(line))) });
let base;

before(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  base = `http://127.0.0.1:${server.address().port}`;
});
after(() => {
  server.closeAllConnections();
  server.close();
});

const post = (body) => fetch(`${base}/notes`, { method: "POST", body: JSON.stringify(body) });

test("takes a note, lists it, gives it and removes it", async () => {
  const created = await post({ title: "Milk", text: "two litres" });
  assert.equal(created.status, 201);
  const { id } = await created.json();
  const listed = await (await fetch(`${base}/notes`)).json();
  assert.deepEqual(
    listed.notes.map((note) => note.title),
    ["Milk"],
  );
  assert.equal((await fetch(`${base}/notes/${id}`)).status, 200);
  assert.equal((await fetch(`${base}/notes/${id}`, { method: "DELETE" })).status, 204);
  assert.equal((await fetch(`${base}/notes/${id}`)).status, 404);
});

test("says what is wrong with a note", async () => {
  const answer = await post({ text: "no title" });
  assert.equal(answer.status, 400);
  assert.deepEqual(await answer.json(), { error: "title must be a string" });
});

test("knows what it does not know", async () => {
  assert.equal((await fetch(`${base}/nothing`)).status, 404);
  assert.equal((await fetch(`${base}/notes`, { method: "PUT" })).status, 405);
});

test("logs each request with its status", async () => {
  await fetch(`${base}/health`);
  assert.ok(lines.some((line) => line.url === "/health" && line.status === 200));
});
