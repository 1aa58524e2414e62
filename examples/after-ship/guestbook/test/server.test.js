import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { Guestbook } from "../src/guestbook.js";
import { guestbookServer } from "../src/server.js";

async function served(run) {
  const server = guestbookServer({ book: new Guestbook() }).listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    await run(`http://127.0.0.1:${server.address().port}`);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

test("takes a message and lists it", () =>
  served(async (url) => {
    const added = await fetch(`${url}/entries`, { method: "POST", body: JSON.stringify({ name: "Ada", text: "Lovely" }) });
    assert.equal(added.status, 201);
    const { entries } = await (await fetch(`${url}/entries`)).json();
    assert.deepEqual(entries, [{ by: "Ada", text: "Lovely" }]);
  }));

test("refuses an empty message", () =>
  served(async (url) => {
    const refused = await fetch(`${url}/entries`, { method: "POST", body: JSON.stringify({ text: " " }) });
    assert.equal(refused.status, 400);
  }));

test("serves the page", () =>
  served(async (url) => {
    assert.match(await (await fetch(url)).text(), /<h1>Guestbook<\/h1>/);
  }));
