/** An executor as a process: it dials out with its own narrow user, and drains when it is told to stop. */
import { hostname } from "node:os";
import { join } from "node:path";
import type { Terminal } from "../../contract/errors.ts";
import type { Logger } from "../../contract/logger.ts";
import { startExecutor } from "../../executors/executor.ts";
import { loadHands } from "../../executors/load-hands.ts";
import { POLICY_FILE, readMachinePolicy } from "../../executors/machine-policy.ts";
import { connectExecutorLine } from "../../jetstream/connect.ts";
import type { ExecutorCreds } from "../../jetstream/server/executor-creds.ts";
import { addExecutorUser } from "../../jetstream/server/executor-user.ts";
import type { PetrelDoors } from "../doors.ts";
import { readRuntime } from "../runtime-file.ts";
import { aborted } from "./aborted.ts";
import { takeExecutorFolder } from "./executor-folder.ts";
import { processLogger } from "./process-logger.ts";
import { keptFromHands, orderKeys, type StateFolder, stateFolder } from "./state-folder.ts";
import { outliveStrays } from "./stray-errors.ts";
import { watchWire } from "./wire-watch.ts";

export interface ExecutorOptions {
  dir: string;
  name: string;
  pools: string[];
  labels: string[];
  slots: number;
  logLevel: string;
  drainMs: number;
  /** From `executor enroll`; without them the state folder of the masters is at hand. */
  creds: ExecutorCreds | null;
  /** What its name was enrolled for, where it is started without credentials all the same. */
  bound: { pools: string[]; labels: string[] } | null;
  credsFile: string | null;
  /** So long another process of this executor may take to end; then this one gives up. */
  waitMs: number;
  /** File of what this machine allows; null for the usual one, if it is there. */
  policy: string | null;
  /** Folders of hands to load. */
  hands: string[];
}

/** Throws Terminal `executor-runs-already`, and what stands in its way. */
export async function runExecutor(petrel: PetrelDoors, options: ExecutorOptions, signal: AbortSignal, ready: () => void): Promise<void> {
  const { name, waitMs } = options;
  const letGo = await takeExecutorFolder(stateFolder(options.dir).executor(name), { name, clock: petrel.clock, waitMs, signal });
  try {
    const logger = processLogger(stateFolder(options.dir).logs, `executor-${name}`, options.logLevel);
    const unhear = options.hands.length > 0 ? outliveStrays(petrel, logger) : () => {};
    try {
      await runHere(petrel, options, { logger, signal, ready });
    } finally {
      unhear();
    }
  } finally {
    letGo();
  }
}

async function runHere(
  petrel: PetrelDoors,
  options: ExecutorOptions,
  { logger, signal, ready }: { logger: Logger; signal: AbortSignal; ready: () => void },
): Promise<void> {
  const folder = stateFolder(options.dir);
  const { clock, ids } = petrel;
  const policy = readMachinePolicy(options.policy ?? join(folder.executor(options.name), POLICY_FILE), options.policy !== null);
  const hands = await loadHands(options.hands, { signal });
  const { url, user, password, orders, ca } = options.creds ?? (await ownCreds(petrel, folder, options));
  const tls = ca === undefined ? {} : { ca };
  let failed: Terminal | null = null;
  const over = new AbortController();
  const credentials = options.credsFile === null ? [] : [options.credsFile];
  const line = await connectExecutorLine({ url, user, password, name: options.name, clock, ...tls });
  const executor = await startExecutor({
    line,
    dir: join(folder.executor(options.name)),
    name: options.name,
    pools: options.pools,
    labels: options.labels,
    slots: options.slots,
    clock,
    ids,
    publicKey: orders,
    policy,
    hidden: [folder.dir, ...credentials],
    unread: [...keptFromHands(folder), ...credentials],
    hands,
    logger,
    environment: petrel.env,
    version: petrel.version,
    host: hostname(),
    surplus: (error) => {
      failed = error;
      over.abort();
    },
  });
  logger.info({ pid: process.pid, pools: options.pools }, "executor is up");
  const unwatch = watchWire({
    ...{ connected: () => line.connected(), refusal: () => line.refusal?.() ?? null, clock },
    say: (text) => {
      logger.warn({}, text);
      // That a broker is away is known beside its masters already; that it lets this one in no more is not.
      if (options.creds) petrel.stderr.write(`petrel: ${text}\n`);
      else if ((line.refusal?.() ?? null) !== null)
        petrel.stderr.write(`petrel: ${text}. If it was revoked: petrel executor enroll ${options.name}, then petrel up anew\n`);
    },
  });
  ready();
  await aborted(AbortSignal.any([signal, over.signal]));
  unwatch();
  if (failed === null) await executor.drain(options.drainMs);
  await line.close();
  if (failed !== null) throw failed;
}

/** Beside its masters: the user is made on the spot. */
async function ownCreds(petrel: PetrelDoors, folder: StateFolder, { dir, name, labels, bound }: ExecutorOptions) {
  const { nats } = readRuntime(dir, petrel.cwd);
  const { user, password } = await addExecutorUser(folder.nats, name, {
    // No wider for being started here: as it was enrolled.
    ...(bound ?? { labels }),
    ...{ clock: petrel.clock, servers: nats.url, ca: nats.ca },
  });
  return { url: nats.url, user, password, orders: orderKeys(folder).publicKey, ca: nats.ca };
}
