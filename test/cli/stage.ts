/** A command line on a stage: real verbs, the in-memory broker, a master that answers from a script, and a captured terminal. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { PetrelDoors } from "../../src/cli/doors.ts";
import { runCli } from "../../src/cli/program.ts";
import { readRuntime } from "../../src/cli/runtime-file.ts";
import type { Verb } from "../../src/cli/verb.ts";
import { verbsOf } from "../../src/cli/verbs/all.ts";
import type { Clock } from "../../src/contract/clock.ts";
import { errorData } from "../../src/contract/errors.ts";
import type { NetEvent } from "../../src/contract/event.ts";
import { hashJson } from "../../src/contract/hash.ts";
import type { Json, JsonObject } from "../../src/contract/json.ts";
import { parseJsonFile } from "../../src/contract/json-file.ts";
import { type MemoryBroker, memoryBroker } from "../../src/jetstream/memory/broker.ts";
import { MemoryHub } from "../../src/jetstream/memory/hub.ts";
import { checkNetFile } from "../../src/net/check.ts";
import { checkPersonaFile } from "../../src/personas/check-persona.ts";

export const NOW = Date.parse("2026-03-01T12:00:00Z");
/** Timers fire at once: what waits on this clock waits for nothing. */
const clock: Clock = {
  now: () => NOW,
  after: (_, call) => {
    queueMicrotask(call);
    return { cancel: () => {} };
  },
};

export interface Request {
  net: string | null;
  verb: string;
  body: Json;
}
type Script = Record<string, Json | Error | ((body: JsonObject) => Json)>;

export class Stage {
  readonly folder = mkdtempSync(join(tmpdir(), "petrel-cli-test-"));
  readonly hub = new MemoryHub(clock);
  readonly master: MemoryBroker = memoryBroker(this.hub);
  readonly requests: Request[] = [];
  readonly interrupt = new AbortController();
  readonly written: { stdout: string[]; stderr: string[] } = { stdout: [], stderr: [] };
  /** Another one where something is to be waited for. */
  clock: Clock = clock;
  stdin = "";
  answer: boolean | null = null;
  monitor: Record<string, Json> = {};
  env: Record<string, string> = {};
  /** The real ones; a test may give others. */
  verbsOf: (word?: string) => Promise<readonly Verb[]> = verbsOf;

  /** Makes the state folder look like that of a running system. */
  running(nats: JsonObject = {}, dir = ".petrel"): void {
    const login = { url: "nats://127.0.0.1:4222", user: "master", password: "m" };
    this.file(`${dir}/runtime.json`, JSON.stringify({ pid: 1, nats: { ...login, ...nats } }));
  }

  file(path: string, content: string): string {
    const full = join(this.folder, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, content);
    return full;
  }

  /** Serves a net, or with null the runtime, from a script of answers by verb. */
  async serves(net: string | null, script: Script): Promise<void> {
    if (net !== null) await this.master.declareNet(net);
    await this.master.commands.serve(net, async (verb, body) => {
      this.requests.push({ net, verb, body });
      const told = script[verb];
      if (told === undefined) return { ok: false, error: { outlook: "terminal", code: "unknown-verb", message: `no verb ${verb}` } };
      if (told instanceof Error) return { ok: false, error: errorData(told) };
      return { ok: true, value: typeof told === "function" ? told(body as JsonObject) : told };
    });
  }

  async logs(net: string, events: Partial<NetEvent>[]): Promise<void> {
    await this.master.declareNet(net);
    const log = this.master.log(net);
    let last = await log.read(0, () => {});
    for (const event of events) {
      const whole = {
        seq: last + 1,
        ts: "2026-03-01T11:59:00.000Z",
        category: "token",
        type: "noted",
        status: "ok",
        summary: "Something happened.",
        net,
        ...event,
      };
      await log.append(last, { id: `entry-${last}`, epoch: 1, events: [whole as NetEvent] });
      last += 1;
    }
  }

  async run(...argv: string[]): Promise<{ code: number; out: string; err: string; json: Json }> {
    this.written.stdout = [];
    this.written.stderr = [];
    const code = await runCli(argv, this.#doors(), this.verbsOf);
    const out = this.written.stdout.join("");
    return {
      code,
      out,
      err: this.written.stderr.join(""),
      get json() {
        return JSON.parse(out) as Json;
      },
    };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  #doors(): PetrelDoors {
    let id = 0;
    return {
      version: "0.1.0",
      // No verb on this stage starts a process.
      entry: this.file("home/bin/petrel", ""),
      root: process.cwd(),
      random: () => 0.5,
      stdinEnds: () => new AbortController().signal,
      cwd: this.folder,
      env: { HOME: join(this.folder, "home"), PATH: join(this.folder, "home", "bin"), ...this.env },
      clock: this.clock,
      ids: { next: () => `id-${++id}` },
      user: "ada",
      stdout: { write: (text) => this.written.stdout.push(String(text)) },
      stderr: { write: (text) => this.written.stderr.push(String(text)) },
      readStdin: async () => this.stdin,
      confirm: async () => this.answer,
      askHidden: async () => null,
      ask: async () => null,
      signal: this.interrupt.signal,
      connect: async (dir) => {
        readRuntime(dir, this.folder);
        const broker = memoryBroker(this.hub);
        return { broker, close: () => broker.close() };
      },
      checkNet: async (text, file) => {
        const { definition, problems } = checkNetFile(text, file);
        const warnings = problems.filter((problem) => problem.severity === "warning");
        return definition
          ? { ok: true, definition: definition as unknown as JsonObject, hash: hashJson(definition), warnings }
          : { ok: false, problems };
      },
      checkPersona: async (text, file, exists) => {
        const { persona, problems } = checkPersonaFile(text, file, { exists });
        if (!persona) return { ok: false, problems };
        const raw = parseJsonFile(text, file).source.value as JsonObject;
        return { ok: true, persona: raw, name: persona.persona, knowledge: persona.knowledge, warnings: problems };
      },
      checkConfig: async () => [],
      schemas: async () => ({ "net.schema.json": { title: "net" }, "persona.schema.json": { title: "persona" } }),
      fetchJson: async (url) => {
        const found = this.monitor[new URL(url).pathname];
        if (found === undefined) throw new Error("connection refused");
        return found;
      },
      checkModels: async () => [
        { tier: "frontier", model: "large", ok: true, says: "answered in 0.4 s" },
        { tier: "economy", model: "small", ok: false, says: "the key was refused", hint: "set ANTHROPIC_API_KEY" },
      ],
    };
  }
}
