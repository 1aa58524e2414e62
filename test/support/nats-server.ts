/** Real nats-servers for tests: own folder, own port, ended at the end. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "../../src/contract/clock.ts";
import type { IdSource } from "../../src/contract/ids.ts";
import { findServerBinary } from "../../src/jetstream/server/binary.ts";
import type { Durability } from "../../src/jetstream/server/config.ts";
import type { ManagedServer, ManagedServerOptions } from "../../src/jetstream/server/managed.ts";
import { startManagedServer } from "../../src/jetstream/server/managed.ts";

export { waitUntil } from "./wait-until.ts";

/** The clock of the wall. */
export const wallClock: Clock = {
  now: () => Date.now(),
  after: (delayMs, call) => {
    const timer = setTimeout(call, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
};

/** Ids that differ between processes and within one. */
export function testIds(prefix = "id"): IdSource {
  let next = 0;
  return { next: () => `${prefix}-${process.pid}-${next++}` };
}

export function testFolder(name: string): string {
  return mkdtempSync(join(tmpdir(), `petrel-${name}-`));
}

export async function serverBinary(): Promise<string> {
  return (await findServerBinary({ environment: process.env, cwd: process.cwd() })).path;
}

export interface TestServer extends ManagedServer {
  dir: string;
  /** Stops the server and removes its folder. */
  remove(): Promise<void>;
}

export async function startTestServer(
  options: Partial<Omit<ManagedServerOptions, "durability">> & { durability?: Durability } = {},
): Promise<TestServer> {
  const dir = options.dir ?? testFolder("nats");
  const binary = options.binary ?? (await serverBinary());
  const server = await startManagedServer({ durability: "os", clock: wallClock, ...options, dir, binary });
  return {
    ...server,
    dir,
    remove: async () => {
      await server.stop();
      rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}
