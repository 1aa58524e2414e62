import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { entryView } from "./entry-view.js";

const MAX_BODY = 10_000;
const file = (name) => readFileSync(new URL(`../public/${name}`, import.meta.url));
const FILES = {
  "/": { type: "text/html; charset=utf-8", bytes: file("index.html") },
  "/page.js": { type: "text/javascript; charset=utf-8", bytes: file("page.js") },
};

/** The service as a `node:http` server that is not listening yet. */
export function guestbookServer({ book, log = () => {} }) {
  return createServer(async (request, response) => {
    const began = performance.now();
    const { pathname: path } = new URL(request.url, "http://guestbook.local");
    const { status, type = "application/json", bytes, error } = await answer(book, request, path).catch((cause) => broken(cause));
    response.writeHead(status, { "content-type": type }).end(bytes);
    log({ method: request.method, path, status, ms: Math.round((performance.now() - began) * 10) / 10, error });
  });
}

async function answer(book, request, path) {
  if (path === "/health") return json(200, { ok: true });
  if (request.method === "GET" && FILES[path]) return { status: 200, ...FILES[path] };
  if (path !== "/entries") return json(404, { error: "not found" });
  if (request.method === "GET") return json(200, { entries: book.list().map(entryView) });
  if (request.method !== "POST") return json(405, { error: "use GET or POST" });
  const { name, text } = await readJson(request);
  if (typeof text !== "string" || text.trim() === "") return json(400, { error: "write a message first" });
  const entry = book.add({ name: typeof name === "string" ? name.trim() : "", text: text.trim() });
  return json(201, entryView(entry));
}

function json(status, body) {
  return { status, bytes: JSON.stringify(body) };
}

function broken(error) {
  return { ...json(500, { error: "something broke" }), error };
}

async function readJson(request) {
  let text = "";
  for await (const chunk of request) {
    text += chunk;
    if (text.length > MAX_BODY) throw new Error("the body is too large");
  }
  return JSON.parse(text);
}
