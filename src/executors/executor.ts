/**
 * The executor process: it dials out, pulls offers, claims them, works, and answers for its results (design section 9, E8).
 * X1 At most `slots` attempts at once; an offer beyond them waits here unclaimed, and lapses to others when it waits too long.
 * X2 What a former process under this folder left is settled first: results delivered, claims given back, processes ended.
 * X3 While it is stopped by a kill it leaves offers to others, and asks now and then whether it still is.
 * X4 While there is no room on its disk it leaves offers to others, says so, and goes on by itself when there is.
 */
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import type { ExecutorLine } from "../contract/broker.ts";
import { type Clock, delay, isoTime, type Timer } from "../contract/clock.ts";
import type { SignedOrder, WorkOrder } from "../contract/envelope.ts";
import { Cancelled, errorData, Refused, Terminal } from "../contract/errors.ts";
import type { IdSource } from "../contract/ids.ts";
import type { Logger } from "../contract/logger.ts";
import type { Serving } from "../contract/serving.ts";
import { carryOutOrder, stoodStill } from "./attempt.ts";
import type { Bench } from "./bench.ts";
import type { Environment } from "./clean-environment.ts";
import { ControlGroups, limitsText } from "./control-groups.ts";
import { DiskRoom } from "./disk-room.ts";
import type { HandDefinition } from "./hand.ts";
import { type HandTable, handTable } from "./hand-table.ts";
import { clearLocks } from "./hands/code/mirror.ts";
import { KeyedLock } from "./keyed-lock.ts";
import { type MachinePolicy, OPEN_POLICY } from "./machine-policy.ts";
import { type Key, orderReader } from "./order-signature.ts";
import { OutlivingWatch } from "./outliving-watch.ts";
import { removeTree } from "./remove-tree.ts";
import { startCourier } from "./result-courier.ts";
import { attemptKey, openShelves } from "./result-shelf.ts";
import { findSandbox, isolationText } from "./sandbox.ts";
import { startSandboxProxy } from "./sandbox-proxy.ts";
import { Slots } from "./slots.ts";
import { noteEnding, startBefore } from "./start-file.ts";
import { killProcessesWith } from "./stray-processes.ts";
import { ToolDesk } from "./tool-desk.ts";
import { TreeWatch } from "./tree-limits.ts";
import { leftBehind } from "./work-folder.ts";

export interface ExecutorOptions {
  line: ExecutorLine;
  /** Folder of this executor alone. */
  dir: string;
  name: string;
  pools: string[];
  labels?: string[];
  slots: number;
  clock: Clock;
  ids: IdSource;
  /** The masters' Ed25519 key. */
  publicKey: Key;
  logger: Logger;
  /** The environment whose PATH commands get, and which git's talk with origins runs in. */
  environment: Environment;
  version?: string;
  host?: string;
  /** Loaded besides those that come with Petrel. */
  hands?: readonly HandDefinition[];
  /** What this machine lets orders do; default: what they are signed for. */
  policy?: MachinePolicy;
  /** Besides its own folder: where keys lie that no command in a sandbox is to see. */
  hidden?: readonly string[];
  /** Besides its own folder: files and folders that no hand reads for an order; default: what is hidden. */
  unread?: readonly string[];
  /** Another process has this name, and the masters want this one to end. It ends its work before this is called. */
  surplus?: (error: Terminal) => void;
}

export interface RunningExecutor {
  readonly name: string;
  /** Attempts under way. */
  busy(): number;
  /** Takes nothing new, waits up to `graceMs` for what runs and for its results, gives the rest back, and stops. For SIGTERM. */
  drain(graceMs?: number): Promise<void>;
  /** Ends everything now; results stay on disk for the next start. */
  stop(): Promise<void>;
}

type ReadOrder = ReturnType<typeof orderReader>;
const HEARTBEAT_MS = 2000;
const SHOWN_LEASES = 200;
const REST_MS = 2000;

export async function startExecutor(given: ExecutorOptions): Promise<RunningExecutor> {
  const options = { ...given, dir: resolve(given.dir) };
  const { line, name, clock, logger } = options;
  mkdirSync(options.dir, { recursive: true });
  const stopping = new AbortController();
  const pulling = new AbortController();
  const shelves = openShelves(options.dir, (aside, error) =>
    logger.error({ file: aside, error: errorData(error) }, "what a former process wrote cannot be read, and was put aside"),
  );
  const courier = startCourier({ line, name, shelves, clock, logger, signal: stopping.signal });
  const desk = new ToolDesk(clock);
  const policy = options.policy ?? OPEN_POLICY;
  const sandbox = await findSandbox(options.environment);
  const proxied = sandbox.kind === "bubblewrap" && typeof policy.network !== "string" && policy.network.length > 0;
  const proxy = proxied ? await startSandboxProxy(policy.network as string[]) : null;
  const groups = await ControlGroups.open(options.dir, clock);
  const mark = `${process.pid}.${options.ids.next()}.`;
  const start = mark.slice(0, -1);
  const { after, wasEnding } = startBefore(options.dir, start);
  let endAll = () => {};
  const births = new OutlivingWatch({
    ...{ mark: `PETREL_RUN=${mark}`, groups: groups.groups?.prefix ?? null, path: options.environment.PATH, clock },
    stoodStill: () => endAll(),
  });
  const { ids, environment } = options;
  const workshop = { dir: options.dir, clock, ids, environment, locks: new KeyedLock(), memo: new Map(), trees: new Map(), births };
  const { hands, lacks } = await handsHere(options, logger);
  const offered = [...hands.keys()].filter((hand) => policy.hands?.includes(hand) ?? true);
  let restsUntil = 0;
  let beatNow = () => {};
  let endSurplus = (_: string) => {};
  const disk = new DiskRoom(options.dir, () => {
    if (disk.full === null) logger.info({ dir: options.dir }, "there is room on the disk again");
    else logger.error({ dir: options.dir }, `no new work is taken: ${disk.full}`);
    beatNow();
  });
  await disk.look();
  const bench: Bench = {
    line,
    name,
    mark,
    workshop,
    shelves,
    courier,
    desk,
    hands,
    policy,
    sandbox,
    hidden: [options.dir, ...(options.hidden ?? [])],
    unread: [options.dir, ...(options.unread ?? options.hidden ?? [])],
    proxy,
    births,
    watch: new TreeWatch(clock, births),
    groups: groups.groups,
    disk,
    logger,
    rest: () => {
      restsUntil = clock.now() + REST_MS; // X3
    },
  };
  const slots = new Slots(options.slots);
  const running = new Map<string, { order: WorkOrder; abort: AbortController; over: Promise<void> }>();
  /** Of those, what was called off and runs no more, though its folder is there. */
  const ended = new Set<string>();
  endAll = () => {
    const error = stoodStill();
    logger.error({ attempts: [...running.keys()], error: errorData(error) }, "what ran was ended");
    for (const { abort } of running.values()) abort.abort(error);
  };

  const servings: Serving[] = [
    await line.serveTools(name, (request) => desk.answer(request)),
    await line.onCancel(name, (about) => {
      if (about.surplus !== undefined) {
        if (about.surplus === start) endSurplus(about.kept ?? "elsewhere");
        return;
      }
      running.get(attemptKey(about))?.abort.abort(new Cancelled({ code: "cancelled-by-owner", message: "the owner called it off" }));
    }),
  ];
  const beat = startHeartbeat(
    options,
    { running, ended },
    {
      ...{ start, ...(after === null ? {} : { after }) },
      ...{ isolation: isolationText(sandbox, policy, offered), limits: limitsText(groups, TreeWatch.possible) },
      ...{ hands: offered, lacks },
      disk,
    },
  );
  beatNow = beat.now;
  // An offer that comes again must not be worked on again under the claim of a former process: the owner begins the next attempt.
  const former = new Set(shelves.claims.all().map(attemptKey));
  // After the first heartbeat: an owner that learns of our new pid later would free what we claim anew.
  await tidyUp(options.dir, bench, wasEnding, stopping.signal); // X2
  const take = (order: WorkOrder) => {
    const key = attemptKey(order);
    if (running.has(key) || former.has(key)) return slots.free();
    const abort = new AbortController();
    // Who called it off waits to hear that it is over.
    const tell = () => {
      if (
        ![...running].some(
          ([
            other,
            {
              abort: { signal },
            },
          ]) => signal.aborted && !ended.has(other),
        )
      )
        beatNow();
    };
    const over = carryOutOrder(bench, order, abort, () => {
      ended.add(key);
      tell();
    }).finally(() => {
      running.delete(key);
      ended.delete(key);
      slots.free();
      if (abort.signal.aborted) tell();
    });
    running.set(key, { order, abort, over });
  };
  const read = orderReader(options.publicKey);
  const suits = (signed: SignedOrder) =>
    disk.full === null && clock.now() >= restsUntil && mayTake(options, { read, hands: new Set(offered) }, signed);
  const pulls = options.pools.map((pool) => pullOffers(options, { pool, suits, read }, slots, pulling.signal, take));
  logger.info({ name, pools: options.pools, slots: options.slots }, "executor started");

  let isSurplus = false;
  const stop = async () => {
    pulling.abort();
    // The name goes on to be heard: it is the other one's.
    if (!isSurplus) beat.leave();
    for (const { abort } of running.values())
      abort.abort(new Cancelled({ code: "executor-stopping", message: "the executor is stopping" }));
    await Promise.all([...running.values()].map(({ over }) => over));
    stopping.abort();
    if (!isSurplus) beat.leave();
    beat.stop();
    await Promise.all([...pulls, ...servings.map((serving) => serving.stop())]);
    await courier.idle();
    desk.stop();
    births.end();
    await proxy?.stop();
    logger.info({ name }, "executor stopped");
  };
  endSurplus = (kept) => {
    if (isSurplus) return;
    isSurplus = true;
    const error = surplusError(name, kept);
    logger.error({ error: errorData(error) }, "another executor has this name");
    void stop().then(() => options.surplus?.(error));
  };
  const drain = async (graceMs = 10_000) => {
    noteEnding(options.dir, start);
    pulling.abort();
    beat.leave();
    const finished = Promise.all([...running.values()].map(({ over }) => over)).then(() => courier.idle());
    const grace = new AbortController();
    await Promise.race([finished, delay(clock, graceMs, grace.signal).catch(() => {})]);
    grace.abort();
    await stop();
  };
  return { name, busy: () => running.size, drain, stop };
}

function surplusError(name: string, kept: string): Terminal {
  return new Terminal({
    code: "executor-runs-already",
    message: `the executor ${name} runs already (${kept}), and two of one name would end one another's work`,
    hint: "enroll this one under a name of its own, on the masters' side: petrel executor enroll another",
  });
}

/** X2 */
async function tidyUp(dir: string, bench: Bench, wasEnding: boolean, signal: AbortSignal): Promise<void> {
  // HOME of every command lies in the work folder: that tells ours from all others, in whatever group they are.
  killProcessesWith(`HOME=${join(dir, "work")}/`);
  const work = join(dir, "work");
  await removeTree(work).catch((error: unknown) => leftBehind(bench.logger, work, error));
  clearLocks(dir);
  for (const result of bench.shelves.results.all()) bench.courier.send(result);
  for (const claim of bench.shelves.claims.all()) {
    bench.shelves.claims.remove(claim);
    if (bench.shelves.results.has(claim)) continue;
    void bench.line
      .claim(claim.net, claim.firing, claim.attempt, {
        verb: "release",
        executor: bench.name,
        note: "the executor was restarted",
        ...(wasEnding ? { leaving: true } : { died: true }),
      })
      .catch((error: unknown) => {
        // The owner finds out by the lease.
        if (!signal.aborted) bench.logger.debug({ ...claim, error: errorData(error) }, "release not heard");
      });
  }
}

/** What this machine has not got is left out: its orders are another's. */
async function handsHere({ hands, environment }: ExecutorOptions, logger: Logger): Promise<{ hands: HandTable; lacks: string[] }> {
  const table = new Map(handTable(hands));
  const lacks: string[] = [];
  for (const hand of [...table.values()]) {
    const lack = (await hand.lack?.({ environment })) ?? null;
    const short = lack === null ? ((await hand.shortOf?.({ environment })) ?? null) : null;
    if (short !== null) lacks.push(`${hand.name}: ${short}`);
    if (lack === null) continue;
    lacks.push(`${hand.name} is not offered: ${lack}`);
    logger.info({ hand: hand.name, lack }, "a hand is not offered here");
    table.delete(hand.name);
  }
  return { hands: table, lacks };
}

async function pullOffers(
  options: ExecutorOptions,
  { pool, suits, read }: { pool: string; suits(signed: SignedOrder): boolean; read: ReadOrder },
  slots: Slots,
  signal: AbortSignal,
  take: (order: WorkOrder) => void,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await slots.wait(signal);
      for await (const signed of options.line.pull(pool, signal, suits)) {
        const order = verified(options, { pool, read }, signed);
        if (order) {
          await slots.take(signal);
          take(order);
        }
        await slots.wait(signal); // X1
      }
      if (!signal.aborted) await delay(options.clock, 200, signal);
    } catch (error) {
      if (signal.aborted) return;
      options.logger.warn({ pool, error: errorData(error) }, "offers cannot be pulled now");
      await delay(options.clock, 1000, signal).catch(() => {});
    }
  }
}

/** Whether this executor has what an order needs. What is no sound order is taken, to be refused aloud. */
function mayTake(options: ExecutorOptions, { read, hands }: { read: ReadOrder; hands: ReadonlySet<string> }, signed: SignedOrder): boolean {
  try {
    const { labels = [], hand } = read(signed);
    return hands.has(hand) && labels.every((label) => options.labels?.includes(label));
  } catch {
    return true;
  }
}

/** An order with a bad signature names nobody whom we could answer: it is dropped, loudly. */
function verified(options: ExecutorOptions, { pool, read }: { pool: string; read: ReadOrder }, signed: SignedOrder): WorkOrder | null {
  try {
    const order = read(signed);
    if (order.pool !== pool) {
      throw new Refused({ code: "wrong-pool", message: `an order for the pool ${order.pool} lay in the queue of the pool ${pool}` });
    }
    return order;
  } catch (error) {
    options.logger.error({ pool, error: errorData(error) }, "a work order was refused");
    return null;
  }
}

function startHeartbeat(
  options: ExecutorOptions,
  { running, ended }: { running: ReadonlyMap<string, { order: WorkOrder }>; ended: ReadonlySet<string> },
  {
    disk,
    ...offers
  }: { start: string; after?: string; isolation: string; limits: string; hands: string[]; lacks: string[]; disk: DiskRoom },
): { now(): void; leave(): void; stop(): void } {
  let timer: Timer | null = null;
  let leaving = false;
  const beat = () => {
    timer?.cancel();
    void disk.look();
    options.line.heartbeat({
      name: options.name,
      pools: options.pools,
      labels: options.labels ?? [],
      version: options.version ?? "0",
      pid: process.pid,
      host: options.host ?? "localhost",
      busy: running.size,
      slots: options.slots,
      at: isoTime(options.clock.now()),
      leases: [...running]
        .filter(([key]) => !ended.has(key))
        .slice(0, SHOWN_LEASES)
        .map(([, { order }]) => `${order.key}.${order.attempt}`),
      ...offers,
      ...(leaving ? { leaving } : {}),
      ...(disk.full === null ? {} : { full: disk.full }),
    });
    timer = options.clock.after(HEARTBEAT_MS, beat);
  };
  beat();
  const leave = () => {
    leaving = true;
    beat();
  };
  let stopped = false;
  return {
    now: () => {
      if (!stopped) beat();
    },
    leave,
    stop: () => {
      stopped = true;
      timer?.cancel();
    },
  };
}
