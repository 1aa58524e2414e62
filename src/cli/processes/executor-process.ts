/** An executor as a process: it dials out with its own narrow user, and drains when it is told to stop. */
import { hostname } from "node:os";
import { join } from "node:path";
import { startExecutor } from "../../executors/executor.ts";
import { connectExecutorLine } from "../../jetstream/connect.ts";
import { addExecutorUser } from "../../jetstream/server/executor-user.ts";
import type { PetrelDoors } from "../doors.ts";
import { readRuntime } from "../runtime-file.ts";
import { aborted } from "./master-process.ts";
import { processLogger } from "./process-logger.ts";
import { orderKeys, stateFolder } from "./state-folder.ts";

export interface ExecutorOptions {
  dir: string;
  name: string;
  pools: string[];
  labels: string[];
  slots: number;
  logLevel: string;
  drainMs: number;
}

export async function runExecutor(petrel: PetrelDoors, options: ExecutorOptions, signal: AbortSignal, ready: () => void): Promise<void> {
  const folder = stateFolder(options.dir);
  const logger = processLogger(folder.logs, `executor-${options.name}`, options.logLevel);
  const { nats } = readRuntime(options.dir, petrel.cwd);
  const { clock, ids } = petrel;
  const { user, password } = await addExecutorUser(folder.nats, options.name, { clock, servers: nats.url });
  const line = await connectExecutorLine({ url: nats.url, user, password, name: options.name, clock });
  const executor = await startExecutor({
    line,
    dir: join(folder.executor(options.name)),
    name: options.name,
    pools: options.pools,
    labels: options.labels,
    slots: options.slots,
    clock,
    ids,
    publicKey: orderKeys(folder).publicKey,
    logger,
    environment: petrel.env,
    version: petrel.version,
    host: hostname(),
  });
  logger.info({ pid: process.pid, pools: options.pools }, "executor is up");
  ready();
  await aborted(signal);
  await executor.drain(options.drainMs);
  await line.close();
}
