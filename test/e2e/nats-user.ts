/** A person with the NATS CLI, or a program with a NATS client: both do the same things with a context that Petrel wrote. */
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect, jwtAuthenticator, type NatsConnection } from "@nats-io/transport-node";
import type { Desk } from "../support/petrel-process.ts";

export interface NatsUser {
  /** Streams by name. */
  streams(): Promise<Map<string, { messages: number; description: string }>>;
  /** The messages of a stream, as text. */
  view(stream: string): Promise<string[]>;
  /** Listens from now on; `next` gives the first `count` messages. */
  sub(subject: string, count: number): Promise<{ next: Promise<string[]> }>;
  req(subject: string, payload: string): Promise<string>;
  pub(subject: string, payload: string): Promise<void>;
  close(): Promise<void>;
}

interface Context {
  url: string;
  user_jwt: string;
  user_seed: string;
  jetstream_api_prefix: string;
}

function contextOf(desk: Desk, context: string): Context {
  return JSON.parse(readFileSync(join(desk.config, "nats", "context", `${context}.json`), "utf8")) as Context;
}

/** Reads the context as the NATS CLI would. */
export async function connectAs(desk: Desk, context: string): Promise<NatsConnection> {
  const { url, user_jwt, user_seed } = contextOf(desk, context);
  return connect({ servers: url, authenticator: jwtAuthenticator(user_jwt, Buffer.from(user_seed)), maxReconnectAttempts: 0 });
}

/** The protocol alone. */
export async function rawUser(desk: Desk, context: string): Promise<NatsUser> {
  const connection = await connectAs(desk, context);
  const manager = await jetstreamManager(connection, { apiPrefix: contextOf(desk, context).jetstream_api_prefix, timeout: 60_000 });
  return {
    streams: async () => {
      const found = new Map<string, { messages: number; description: string }>();
      for await (const { config, state } of manager.streams.list())
        found.set(config.name, { messages: state.messages, description: config.description ?? "" });
      return found;
    },
    view: async (stream) => {
      const { state } = await manager.streams.info(stream);
      const texts: string[] = [];
      for (let seq = state.first_seq; state.messages > 0 && seq <= state.last_seq; seq++) {
        const message = await manager.streams.getMessage(stream, { seq }).catch(() => null);
        if (message) texts.push(message.string());
      }
      return texts;
    },
    sub: async (subject, count) => {
      const subscription = connection.subscribe(subject, { max: count });
      await connection.flush();
      const next = (async () => {
        const texts: string[] = [];
        for await (const message of subscription) texts.push(message.string());
        return texts;
      })();
      return { next };
    },
    req: async (subject, payload) => (await connection.request(subject, payload, { timeout: 60_000 })).string(),
    pub: async (subject, payload) => {
      connection.publish(subject, payload);
      await connection.flush();
    },
    close: () => connection.close(),
  };
}

/** The real NATS CLI. */
export function cliUser(desk: Desk, nats: string, context: string): NatsUser {
  const run = async (...args: string[]) => {
    const ran = await desk.exec(nats, ["--context", context, ...args]).ended;
    if (ran.code !== 0) throw new Error(`nats ${args.join(" ")} ended with ${ran.code}: ${ran.stdout}${ran.stderr}`);
    return ran.stdout;
  };
  const info = async (name: string) =>
    JSON.parse(await run("stream", "info", name, "--json")) as { config: { description?: string }; state: { messages: number } };
  return {
    streams: () =>
      steady(async () => {
        // What a person sees is the table; the numbers in it are read from `info`, and must stand in the table's row.
        const table = (await run("stream", "ls")).split("\n");
        const found = new Map<string, { messages: number; description: string }>();
        for (const name of (await run("stream", "ls", "--names")).split("\n").map((line) => line.trim())) {
          // Buckets have lists of their own: the table of streams leaves them out, `--names` does not.
          if (!name || /^(KV|OBJ)_/.test(name)) continue;
          const { config, state } = await info(name);
          const row = table.find((line) => line.split(/[│|]/).some((cell) => cell.trim() === name));
          if (!row?.split(/[│|]/).some((cell) => cell.trim().replaceAll(",", "") === String(state.messages)))
            throw new Error(`${name} with its ${state.messages} messages is not in:\n${table.join("\n")}`);
          found.set(name, { messages: state.messages, description: config.description ?? "" });
        }
        return found;
      }),
    // It pages through a stream, and asks for a terminal to do so.
    view: async (stream) => {
      const words = [nats, "--context", context, "stream", "view", stream, "100", "--raw"];
      const { code, stdout, stderr } = await desk.exec("script", ["-qec", words.map((word) => `'${word}'`).join(" "), "/dev/null"]).ended;
      if (code !== 0) throw new Error(`nats stream view ${stream} ended with ${code}: ${stdout}${stderr}`);
      return stdout.split(/\r?\n/).filter((line) => line.trimStart().startsWith("{"));
    },
    sub: async (subject, count) => {
      const listening = desk.exec(nats, ["--context", context, "sub", subject, "--count", String(count)]);
      await listening.says(/Subscribing on/);
      const next = listening.ended.then(({ stdout }) => stdout.split("\n").filter((line) => line.startsWith("{")));
      return { next };
    },
    req: async (subject, payload) => (await run("req", subject, payload, "--raw")).trim(),
    pub: async (subject, payload) => void (await run("pub", subject, payload)),
    close: async () => {},
  };
}

/** What is under way when a net is paused still ends: a look between two counts is repeated. */
async function steady<T>(look: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await look();
    } catch (error) {
      if (tries === 5) throw error;
    }
  }
}

/** Most milliseconds that fetching and building the NATS CLI may take. */
export const INSTALL_MS = 240_000;

/** Where `go` is: the NATS CLI in the user's cache folder, built on the first call. Otherwise why there is none. */
export async function natsCli(desk: Desk): Promise<{ path: string } | { none: string }> {
  const cache =
    process.env.XDG_CACHE_HOME || (process.platform === "darwin" ? join(homedir(), "Library", "Caches") : join(homedir(), ".cache"));
  const folder = join(cache, "petrel", "natscli");
  const path = join(folder, "nats");
  if ((await desk.paste("command -v script")).code !== 0) return { none: "there is no script(1) on this machine to give it a terminal" };
  if (existsSync(path)) return { path };
  const go = await desk.paste("command -v go");
  if (go.code !== 0) return { none: "there is no go on this machine" };
  mkdirSync(folder, { recursive: true });
  const install = desk.exec("env", [`GOBIN=${folder}`, "go", "install", "github.com/nats-io/natscli/nats@latest"]);
  const force = setTimeout(() => install.child.kill("SIGKILL"), INSTALL_MS);
  const { code, stderr } = await install.ended;
  clearTimeout(force);
  return code === 0 && existsSync(path) ? { path } : { none: `go install did not bring it: ${stderr.trim().split("\n").at(-1)}` };
}
