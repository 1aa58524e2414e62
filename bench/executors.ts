/**
 * Commands through real processes: nats-server at fsync, a master, executors. What a command that does nothing costs beyond starting it, how many
 * a second, and how long a kill of 50 on three executors and a revoke take.
 */
import { execFile, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { NetEvent } from "../src/contract/event.ts";
import { processesWith } from "../src/executors/stray-processes.ts";
import { CLI, ROOT } from "../test/support/petrel-process.ts";
import { System } from "../test/support/state-folder.ts";
import { waitUntil } from "../test/support/wait-until.ts";
import { report } from "./report.ts";

const exec = promisify(execFile);
const COMMANDS = Number(process.env.BENCH_COMMANDS ?? 1000);
const ONE_BY_ONE = 200;
const NET = "bench";
const payload = new TextEncoder().encode('{"n":1}');

const step = (place: string, argv: string[], more: object) => ({
  ...{ kind: "command", pool: "code", in: [{ place }], out: [{ to: "done", value: {} }], argv, timeout: "10m" },
  ...more,
});
const definition = {
  net: NET,
  places: { jobs: { open: true }, long: { open: true }, done: { sink: true } },
  transitions: {
    nothing: step("jobs", ["true"], { concurrency: 64 }),
    stay: step("long", ["sh", "-c", "trap '' TERM; sleep 3600 & sleep 3600; wait"], { concurrency: 50 }),
  },
};

/** Milliseconds. */
const median = (numbers: number[]) => [...numbers].sort((one, other) => one - other)[Math.floor(numbers.length / 2)] ?? Number.NaN;

/** What starting `true` alone takes, one after the other. */
async function plain(): Promise<number> {
  const times: number[] = [];
  for (let n = 0; n < ONE_BY_ONE; n += 1) {
    const began = performance.now();
    await new Promise<void>((done, fail) => {
      const child = spawn("true", { stdio: "ignore", detached: true });
      child.once("close", () => done());
      child.once("error", fail);
    });
    times.push(performance.now() - began);
  }
  return median(times);
}

/** Counts commands that have fired. */
function counting(system: System, signal: AbortSignal): { fired(): number; until(count: number): Promise<void> } {
  let fired = 0;
  let wake = () => {};
  void (async () => {
    for await (const { events } of system.broker.log(NET).follow(0, signal)) {
      fired += events.filter(({ type, transition }: NetEvent) => type === "fired" && transition === "nothing").length;
      wake();
    }
  })().catch(() => {});
  const until = (count: number) =>
    new Promise<void>((done) => {
      wake = () => fired >= count && done();
      wake();
    });
  return { fired: () => fired, until };
}

async function put(system: System, place: string): Promise<void> {
  const answer = await system.broker.door.put(NET, place, payload);
  if (!answer.ok) throw new Error(answer.error.message);
}

async function oneByOne(system: System, count: ReturnType<typeof counting>): Promise<number> {
  const times: number[] = [];
  for (let n = 0; n < ONE_BY_ONE; n += 1) {
    const began = performance.now();
    const next = count.fired() + 1;
    await put(system, "jobs");
    await count.until(next);
    times.push(performance.now() - began);
  }
  return median(times);
}

async function allAtOnce(system: System, count: ReturnType<typeof counting>): Promise<number> {
  const began = performance.now();
  const wanted = count.fired() + COMMANDS;
  let left = COMMANDS;
  const lane = async () => {
    while (left > 0) {
      left -= 1;
      await put(system, "jobs");
    }
  };
  await Promise.all(Array.from({ length: 16 }, lane));
  await count.until(wanted);
  return COMMANDS / ((performance.now() - began) / 1000);
}

const petrel = (system: System, args: string[]) => exec(process.execPath, [CLI, ...args, "--dir", system.dir], { cwd: ROOT });

/** From the moment at which the command is typed to the death of the last process. */
async function killed(system: System): Promise<number> {
  for (let n = 0; n < 50; n += 1) await put(system, "long");
  const running = () => processesWith(`PETREL_FIRING=${NET}/stay/`).length;
  await waitUntil("a shell and two sleeps each", () => running() >= 150, 120_000);
  const began = performance.now();
  // On a busy machine the executors' word may come too late for its answer: what counts here is the dead.
  const kill = petrel(system, ["kill", "--yes"]).catch((error: { code?: unknown }) => {
    if (error.code !== 1) throw error;
  });
  while (running() > 0) await new Promise((done) => setTimeout(done, 10));
  const dead = performance.now() - began;
  await kill;
  return dead;
}

async function revoked(system: System, name: string): Promise<number> {
  const { nats } = JSON.parse(readFileSync(join(system.dir, "runtime.json"), "utf8")) as { nats: { monitor: string } };
  const there = async () => (await (await fetch(`${nats.monitor}/connz?limit=1000`)).text()).includes(`"${name}"`);
  if (!(await there())) throw new Error(`${name} is not connected`);
  const began = performance.now();
  const revoke = petrel(system, ["executor", "revoke", name]);
  while (await there()) await new Promise((done) => setTimeout(done, 10));
  const gone = performance.now() - began;
  await revoke;
  return gone;
}

async function joinThree(system: System): Promise<void> {
  await system.spawn("local", ["executor", "start", "--name", "local", "--slots", "20"]);
  for (const name of ["second", "third"]) {
    await petrel(system, ["executor", "enroll", name, "--out", join(system.dir, `${name}.creds`)]);
    const from = ["--creds", join(system.dir, `${name}.creds`)];
    await system.spawn(name, ["executor", "start", ...from, "--slots", "20"], ROOT, join(system.dir, `machine-${name}`));
  }
}

const stop = new AbortController();
const system = await System.start();
try {
  const alone = await plain();
  await system.master("m1");
  await system.spawn("first", ["executor", "start", "--name", "local", "--slots", "8"]);
  await system.ask(null, "apply-net", { definition });
  const count = counting(system, stop.signal);
  await put(system, "jobs");
  await count.until(1);
  const through = await oneByOne(system, count);
  const rate = await allAtOnce(system, count);
  await system.kill("first");
  await joinThree(system);
  const kill = await killed(system);
  const revoke = await revoked(system, "third");
  report([
    {
      case: "executors: a command that does nothing, beyond starting it, p50",
      value: through - alone,
      unit: "ms",
      target: 25,
      better: "less",
    },
    { case: "executors: starting it alone, p50", value: alone, unit: "ms", target: null, better: "less" },
    { case: "executors: commands a second, one executor with 8 slots", value: rate, unit: "/s", target: 50, better: "more" },
    { case: "executors: kill of 50 commands on 3 executors, from the key pressed", value: kill, unit: "ms", target: 2000, better: "less" },
    { case: "executors: revoke, from the key pressed", value: revoke, unit: "ms", target: 2000, better: "less" },
  ]);
} finally {
  stop.abort();
  await system.end();
}
