#!/usr/bin/env node
// A machine on which one service runs, as small as it can be: it takes deploys, runs the commit that it was told last, and has a letter
// box for messages to people. It stands for what you have in its place, and knows nothing of Petrel.
//
//   node host.mjs --repo REPOSITORY --dir FOLDER      prints {"url","service","letters"} when it is up; ends with its standard input
//
//   POST /deploy {"head"}   runs that commit; answers {"head","service","log","previous":{"head","log"}|null}
//   POST /letters           keeps a message to a person; GET /letters lists them
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

const { values } = parseArgs({ options: { repo: { type: "string" }, dir: { type: "string" } } });
const repo = resolve(values.repo ?? ".");
const dir = resolve(values.dir ?? "host");
mkdirSync(dir, { recursive: true });
const letters = [];
let running = null;
let port = 0;
let queue = Promise.resolve();

const host = createServer((request, response) => {
  const end = (status, body) => response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  let text = "";
  request.on("data", (chunk) => (text += chunk));
  request.on("end", () => {
    if (request.method === "GET" && request.url === "/letters") return end(200, letters);
    if (request.method === "POST" && request.url === "/letters") {
      letters.push({ ...JSON.parse(text), key: request.headers["idempotency-key"] ?? null });
      return end(200, { ok: true });
    }
    if (request.method !== "POST" || request.url !== "/deploy") return end(404, { error: "not found" });
    // One after the other; asked for what runs already, it says so and changes nothing.
    queue = queue
      .then(() => deploy(JSON.parse(text).head))
      .then(
        (answer) => end(200, answer),
        (error) => end(500, { error: error.message }),
      );
  });
});

async function deploy(head) {
  if (!/^[0-9a-f]{40}$/.test(head)) throw new Error("a head is a full commit hash");
  if (running?.head === head) return about(running);
  const tree = join(dir, head);
  execFileSync("git", ["clone", "--quiet", "--no-checkout", repo, tree], { stdio: "pipe" });
  execFileSync("git", ["-C", tree, "checkout", "--quiet", "--detach", head], { stdio: "pipe" });
  const log = join(dir, `${head}.log`);
  writeFileSync(log, "");
  const previous = running && { head: running.head, log: running.log };
  await stop(running);
  const child = spawn(process.execPath, ["src/main.js"], {
    cwd: tree,
    env: { PATH: process.env.PATH, PORT: String(port), LOG_FILE: log },
    stdio: ["ignore", "pipe", "inherit"],
  });
  running = { head, log, previous, child, service: "" };
  running.service = await new Promise((done, fail) => {
    child.once("exit", (code) => fail(new Error(`the service ended with ${code}`)));
    child.stdout.on("data", (chunk) => {
      const url = /http:\/\/[\d.]+:\d+/.exec(String(chunk))?.[0];
      if (url) done(url);
    });
  });
  // The address stays the same over all deploys.
  port = Number(new URL(running.service).port);
  return about(running);
}

function about({ head, log, previous, service }) {
  return { head, service, log, previous };
}

async function stop(what) {
  if (!what || what.child.exitCode !== null || what.child.signalCode !== null) return;
  const ended = new Promise((done) => what.child.once("exit", done));
  what.child.kill("SIGTERM");
  await ended;
}

host.listen(0, "127.0.0.1", async () => {
  const url = `http://127.0.0.1:${host.address().port}`;
  const head = execFileSync("git", ["--git-dir", repo, "rev-parse", "HEAD"], { encoding: "utf8" }).trim();
  const { service } = await deploy(head);
  process.stdout.write(`${JSON.stringify({ url, service, letters: `${url}/letters` })}\n`);
});

async function end() {
  await stop(running);
  process.exit(0);
}
process.on("SIGTERM", end);
// Whoever started it holds its standard input: when that process is gone, so are we.
process.stdin.resume().on("end", end);
