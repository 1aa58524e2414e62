import { createServer } from "node:http";
import { listNotes } from "./list-notes.js";
import { InvalidInput, parseNote } from "./validation.js";

const MAX_BODY = 100_000;

/** The service as a `node:http` server that is not listening yet. */
export function notesServer({ store, log = () => {} }) {
  return createServer(async (request, response) => {
    const { status, body } = await answer(store, request).catch(failure);
    response.writeHead(status, { "content-type": "application/json" });
    response.end(body === undefined ? undefined : JSON.stringify(body));
    log(request, status);
  });
}

async function answer(store, request) {
  const url = new URL(request.url, "http://notes.local");
  const [, room, id] = url.pathname.split("/");
  if (room === "health") return { status: 200, body: { ok: true } };
  if (room !== "notes") return notFound();
  if (id === undefined) {
    if (request.method === "GET") return { status: 200, body: listNotes(store, url.searchParams) };
    if (request.method === "POST") return { status: 201, body: store.add(parseNote(await readJson(request))) };
    return { status: 405, body: { error: "use GET or POST" } };
  }
  const note = store.get(id);
  if (!note) return notFound();
  if (request.method === "GET") return { status: 200, body: note };
  if (request.method === "DELETE") {
    store.remove(id);
    return { status: 204 };
  }
  return { status: 405, body: { error: "use GET or DELETE" } };
}

function notFound() {
  return { status: 404, body: { error: "not found" } };
}

function failure(error) {
  if (error instanceof InvalidInput) return { status: 400, body: { error: error.message } };
  return { status: 500, body: { error: "internal error" } };
}

async function readJson(request) {
  let text = "";
  for await (const chunk of request) {
    text += chunk;
    if (text.length > MAX_BODY) throw new InvalidInput("the body is too large");
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new InvalidInput("the body is not JSON");
  }
}
