/** The composition root: the only place that knows every room, the machine's clock, its chance, and the process. */
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { monotonicFactory } from "ulid";
import type { PetrelDoors } from "./cli/doors.ts";
import { runCli } from "./cli/program.ts";
import { readBeside } from "./cli/read-file.ts";
import { userName } from "./cli/user-name.ts";
import { verbsOf } from "./cli/verbs/all.ts";
import type { Clock } from "./contract/clock.ts";
import { Retryable } from "./contract/errors.ts";
import { fractionsOf } from "./contract/fractions.ts";
import type { Json } from "./contract/json.ts";

/** The machine's clock; PETREL_CLOCK_SKEW_MS sets it forward, for rehearsing what waits a day. */
const skew = Number(process.env.PETREL_CLOCK_SKEW_MS ?? 0) || 0;
const clock: Clock = {
  now: () => Date.now() + skew,
  after(delayMs, call) {
    if (delayMs <= 0) {
      // A timer of nothing would wait a millisecond.
      const next = setImmediate(call);
      return { cancel: () => clearImmediate(next) };
    }
    const handle = setTimeout(call, delayMs);
    return { cancel: () => clearTimeout(handle) };
  },
};

const random = fractionsOf(randomBytes);
const ulid = monotonicFactory(random);
const here = dirname(fileURLToPath(import.meta.url));
const root = [here, dirname(here)].find((folder) => existsSync(join(folder, "package.json"))) ?? here;
const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    // The second one does not wait.
    if (interrupted.signal.aborted) process.exit(signal === "SIGINT" ? 130 : 143);
    interrupted.abort();
  });
}
// A reader that stops reading, like `head`, ends the command as an interrupt does: what it started is stopped first.
let unread: number | null = null;
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    unread ??= error.code === "EPIPE" ? 141 : 1;
    interrupted.abort();
  });
}

const petrel: PetrelDoors = {
  version: (JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string }).version,
  entry: process.argv[1] ?? fileURLToPath(import.meta.url),
  root,
  cwd: process.cwd(),
  env: process.env,
  clock,
  random,
  ids: { next: () => ulid(clock.now()).toLowerCase() },
  user: userName(),
  stdout: process.stdout,
  stderr: process.stderr,
  signal: interrupted.signal,
  stdinEnds() {
    const ended = new AbortController();
    process.stdin.on("end", () => ended.abort()).on("error", () => ended.abort());
    process.stdin.resume();
    return ended.signal;
  },
  async readStdin() {
    const chunks: Buffer[] = [];
    for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString("utf8");
  },
  async confirm(question) {
    if (!process.stdin.isTTY || !process.stderr.isTTY) return null;
    const asking = createInterface({ input: process.stdin, output: process.stderr });
    const answer = await asking.question(`${question} [y/N] `);
    asking.close();
    return /^y(es)?$/i.test(answer.trim());
  },
  async askHidden(question) {
    if (!process.stdin.isTTY || !process.stderr.isTTY) return null;
    process.stderr.write(`${question} `);
    const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
    const asking = createInterface({ input: process.stdin, output: silent, terminal: true });
    const answer = await asking.question("");
    asking.close();
    process.stderr.write("\n");
    return answer.trim();
  },
  async ask(question) {
    if (!process.stdin.isTTY || !process.stderr.isTTY) return null;
    const asking = createInterface({ input: process.stdin, output: process.stderr });
    const answer = await asking.question(`${question} `);
    asking.close();
    return answer.trim();
  },
  // The rooms behind these are read when they are asked for: most commands need one of them, or none.
  async connect(dir, { repair = false }) {
    const { connection } = await import("./cli/connection.ts");
    return connection(dir, { cwd: petrel.cwd, clock, ids: petrel.ids, repair });
  },
  checkNet: async (text, file) => (await fileChecks()).checkNetDoor(text, file, readBeside(petrel.cwd)),
  checkPersona: async (...file) => (await fileChecks()).checkPersonaDoor(petrel)(...file),
  checkConfig: async () => (await fileChecks()).checkConfigDoor(petrel)(),
  schemas: async () => (await fileChecks()).schemaFiles(),
  async fetchJson(url) {
    try {
      const answer = await fetch(url, { signal: AbortSignal.timeout(3000) });
      return (await answer.json()) as Json;
    } catch (cause) {
      throw new Retryable({ code: "monitor-unreachable", message: `${url} does not answer`, cause });
    }
  },
  checkModels: async () => (await import("./cli/processes/model-check.ts")).checkModels(petrel),
};

function fileChecks() {
  return import("./cli/file-checks.ts");
}

const exitCode = await runCli(process.argv.slice(2), petrel, verbsOf);
process.exitCode = unread ?? exitCode;
// A pipe takes 64 KiB at once: the rest goes as it is read, or not at all when nobody reads any more.
await Promise.all([process.stdout, process.stderr].map((stream) => new Promise<void>((done) => stream.write("", () => done()))));
// Nothing else may keep a finished command alive.
process.exit();
