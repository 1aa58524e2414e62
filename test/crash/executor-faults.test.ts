/**
 * Executors in real processes, and what may befall them. After each: no token lost, no effect done twice without the log showing one
 * attempt more, and no process left on the machine.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { NetEvent } from "../../src/contract/event.ts";
import { processesWith } from "../../src/executors/stray-processes.ts";
import { eventsOf, logAgreesWithPlaces } from "../support/log-check.ts";
import { eachTokenOnce } from "../support/once-check.ts";
import { CLI, isAlive, ROOT } from "../support/petrel-process.ts";
import { System } from "../support/state-folder.ts";
import { TcpProxy } from "../support/tcp-proxy.ts";
import { until, waitUntil } from "../support/wait-until.ts";

/** Of this run alone: processes are looked for by it on the whole machine. */
const NET = `faults-${process.pid}`;
/** As `System` starts its masters. */
const LEASE = 3000;
const LONG = 60_000;
/** How long a wire is cut: twenty leases. */
const CUT_MS = 60_000;

const step = (place: string, more: object) => ({
  ...{ kind: "command", pool: "code", in: [{ place, as: "job" }], argv: ["sh", "-c", "${job.script}"], timeout: "5m", concurrency: 20 },
  out: [
    { to: "done", when: "$result.exitCode == 0", value: { n: "${job.n}", said: "${$result.stdout}" } },
    { to: "failed", otherwise: true, value: { n: "${job.n}", exit: "${$result.exitCode}", said: "${$result.stderr}" } },
    { to: "failed", error: true, value: { n: "${job.n}", code: "${$error.code}" } },
  ],
  ...more,
});
const definition = {
  net: NET,
  places: { jobs: { open: true }, short: { open: true }, done: { sink: true }, failed: { sink: true } },
  transitions: { work: step("jobs", {}), hurry: step("short", { timeout: "2s", retry: { max: 1 } }) },
};

let system: System;
const put: string[] = [];
beforeEach(async () => {
  system = await System.start();
  put.length = 0;
  await system.master("m1");
  await system.apply(definition);
}, 180_000);
afterEach(() => system?.end());

const file = (name: string) => join(system.dir, name);
const machine = (name: string) => file(`machine-${name}`);
const events = (): Promise<NetEvent[]> => eventsOf(system.broker, NET);
/** Of every run of a command, the key of its effect. */
const runs = () => (existsSync(file("runs")) ? readFileSync(file("runs"), "utf8").trim().split("\n") : []);
const told = (all: NetEvent[], ...types: string[]) =>
  all.filter(({ type }) => types.includes(type)).map(({ type, attempt }) => `${type} ${attempt}`);
/** The first claim was lost, and a later attempt did it: on a slow machine an offer in between may have found nobody. */
function expectSecondHand(all: NetEvent[]): void {
  const [first, second, end] = told(all, "claimed", "fired");
  const attempt = Number(second?.split(" ")[1]);
  expect([first, second, end]).toEqual(["claimed 1", `claimed ${attempt}`, `fired ${attempt}`]);
  expect(attempt).toBeGreaterThan(1);
}
const living = () => processesWith(`PETREL_FIRING=${NET}/`);

/** An executor with credentials and a folder of its own; `url`: how it reaches the broker. */
async function executor(name: string, how: { url?: string; policy?: object; preload?: string } = {}): Promise<void> {
  mkdirSync(machine(name), { recursive: true });
  const creds = file(`${name}.creds`);
  const url = how.url === undefined ? [] : ["--url", how.url];
  if (!existsSync(creds))
    execFileSync(process.execPath, [CLI, "executor", "enroll", name, "--out", creds, "--dir", system.dir, ...url], { cwd: ROOT });
  if (how.policy) writeFileSync(join(machine(name), "policy.json"), JSON.stringify(how.policy));
  const policy = how.policy ? ["--policy", join(machine(name), "policy.json")] : [];
  const before = process.env.NODE_OPTIONS;
  if (how.preload) process.env.NODE_OPTIONS = `--import=${how.preload}`;
  try {
    await system.spawn(name, ["executor", "start", "--creds", creds, ...policy, "--slots", "8"], ROOT, machine(name));
  } finally {
    if (before === undefined) delete process.env.NODE_OPTIONS;
    else process.env.NODE_OPTIONS = before;
  }
}
async function job(n: number, script: string, place = "jobs"): Promise<void> {
  put.push(await system.put(NET, place, { n, script }, `k${n}`));
}
/** Notes that it runs, and ends when the file is there, or when the test is gone. */
const waits = (go: string) =>
  `echo "$PETREL_FIRING" >> ${file("runs")}; while [ -d ${system.dir} ] && [ ! -e ${file(go)} ]; do sleep 0.1; done; echo over`;

async function settled(count: number): Promise<NetEvent[]> {
  const ended = async () => (await events()).filter(({ type, attributes }) => type === "fired" || (type === "failed" && attributes?.final));
  await waitUntil(`${count} jobs are over`, async () => (await ended()).length >= count, 2 * LONG);
  return await events();
}

/** What must hold after every fault. */
async function nothingLost(): Promise<NetEvent[]> {
  const { state, events: all } = await logAgreesWithPlaces(system.broker, NET, LONG);
  eachTokenOnce(state, all, put);
  const counts = new Map<string, number>();
  for (const key of runs()) counts.set(key, (counts.get(key) ?? 0) + 1);
  for (const [key, count] of counts) {
    const claims = all.filter(({ type, firing }) => type === "claimed" && key.endsWith(`/${firing}`)).map(({ attempt }) => attempt);
    expect(count, `runs of ${key}, of which the log has claims ${claims.join(", ")}`).toBeLessThanOrEqual(new Set(claims).size);
  }
  await waitUntil("no process is left", () => living().length === 0, LONG);
  return all;
}

it("killed in the middle of a command: what it ran is ended though nobody starts it again, and another has attempt 2", async () => {
  await executor("one");
  const away = "setsid sh -c 'trap \"\" TERM HUP; while :; do sleep 1; done' & ";
  await job(1, `trap '' TERM; ${away}${waits("go")}`);
  const orphans = await until(
    "the command runs",
    () => {
      const all = living();
      return runs().length === 1 && all.length >= 3 ? all : null;
    },
    LONG,
  );
  await system.kill("one");
  await waitUntil("all that it ran is dead, without a new start", () => living().length === 0, LONG);
  expect(orphans.length, "the fault: it was killed in the middle of them").toBeGreaterThanOrEqual(3);
  await executor("two");
  await waitUntil("it runs again", () => runs().length === 2, LONG);
  writeFileSync(file("go"), "");
  const all = await settled(1);
  expectSecondHand(all);
  expect(told(all, "claimed", "fired")).toHaveLength(3);
  expect(new Set(runs()).size).toBe(1);
  await nothingLost();
}, 300_000);

it("a start ends what a killed executor and its watcher left", async () => {
  await executor("one");
  await job(1, `trap '' TERM; ${waits("go")}`);
  await waitUntil("the command runs", () => runs().length === 1, LONG);
  const programs = () => childrenOf(system.pid("one")).filter((pid) => commandOf(pid).includes("petrel-watch"));
  await waitUntil("its watcher is there", () => programs().length === 1, LONG);
  const [watcher = Number.NaN] = programs();
  process.kill(-watcher, "SIGKILL");
  const orphans = living();
  await system.kill("one");
  // The fault: the command has nobody any more, and goes on. Its shell sleeps in one short process after the other.
  expect(living().filter((pid) => orphans.includes(pid))).not.toEqual([]);
  await executor("one");
  await waitUntil("its left-overs are gone", () => living().every((pid) => !orphans.includes(pid)), LONG);
  writeFileSync(file("go"), "");
  await settled(1);
  await nothingLost();
}, 300_000);

it("killed by its own command again and again: that one fails with the fourth time, and the executor does the rest", async () => {
  await executor("one");
  let over = false;
  // As a supervisor does.
  const supervised = (async () => {
    while (!over) {
      const pid = system.pid("one");
      await waitUntil("it is over, or the executor died", () => over || !isAlive(pid), 5 * LONG);
      if (!over) await executor("one");
    }
  })();
  await job(1, `echo "$PETREL_FIRING" >> ${file("runs")}; kill -9 $PPID; sleep 60`);
  const failed = async () => (await events()).find(({ type, attributes }) => type === "failed" && attributes?.final === true);
  await waitUntil("it has failed", async () => (await failed()) !== undefined, 5 * LONG);
  expect((await failed())?.attributes).toMatchObject({
    error: { code: "executors-died", message: expect.stringMatching(/4 times: one \(attempts/) },
  });
  await job(2, "echo well");
  await settled(2);
  over = true;
  await supervised;
  const all = await nothingLost();
  expect(runs().length, "the fault: each time the command ran, and killed its executor").toBeGreaterThanOrEqual(4);
  // On a slow machine a loss may not be known for a death.
  expect(runs().length).toBeLessThanOrEqual(8);
  expect(all.filter(({ type, attributes }) => type === "lapsed" && attributes?.died)).toHaveLength(3);
  expect(
    all.filter(({ attributes }) => attributes?.heldOff),
    "the executor is not held off for it",
  ).toEqual([]);
});

it("frozen past its lease and thawed: what the first one says late changes nothing", async () => {
  await executor("one");
  await job(1, waits("go"));
  await waitUntil("the command runs", () => runs().length === 1, LONG);
  const first = living();
  await system.freeze("one");
  await waitUntil("what it ran is ended, though it stands still", () => living().length === 0, LONG);
  expect(first.length, "the fault: it was frozen while a command ran").toBeGreaterThanOrEqual(1);
  await executor("two");
  await waitUntil("the lease is over, and the other has it", () => runs().length === 2, LONG);
  writeFileSync(file("go"), "");
  await settled(1);
  system.thaw("one");
  // It asks about its claim, hears that it is gone, and takes the next job.
  await system.kill("two");
  await job(2, "echo again");
  const all = await settled(2);
  expectSecondHand(all);
  expect(all.filter(({ type }) => type === "fired")).toHaveLength(2);
  await nothingLost();
}, 300_000);

it("cut off both ways for a minute: it ends its commands by itself, and takes work again when the wire is whole", async () => {
  const proxy = await TcpProxy.start(system.url);
  try {
    await executor("one", { url: proxy.url });
    await job(1, waits("go"));
    await waitUntil("the command runs", () => runs().length === 1, LONG);
    proxy.silence();
    await waitUntil("it ends the command by itself", () => living().length === 0, LONG);
    await waitUntil("the owner has noticed", async () => told(await events(), "lapsed").length > 0, LONG);
    const cutAt = Date.now();
    await waitUntil("a minute has passed", () => Date.now() - cutAt > CUT_MS, 2 * LONG);
    proxy.mend();
    await waitUntil("it runs again", () => runs().length >= 2, LONG);
    writeFileSync(file("go"), "");
    const said = told(await settled(1), "claimed", "fired");
    // A busy machine may lose the lease of a later attempt too; each claim is a new attempt, and the last one's result counts, once.
    const claims = said.slice(0, -1);
    expect(claims[0]).toBe("claimed 1");
    expect(claims.length).toBeGreaterThanOrEqual(2);
    expect(new Set(claims).size).toBe(claims.length);
    expect(said.at(-1)).toBe(claims.at(-1)?.replace("claimed", "fired"));
    await nothingLost();
  } finally {
    await proxy.end();
  }
}, 300_000);

it("the broker is killed while commands run: a result waits on the executor's disk and is taken when the broker is back", async () => {
  await executor("one");
  await job(1, waits("go-1"));
  await job(2, waits("go-2"));
  await waitUntil("both run", () => runs().length === 2, LONG);
  await system.killServer();
  writeFileSync(file("go-1"), "");
  const shelf = join(machine("one"), "executors", "one", "results");
  await waitUntil("the result is on the disk", () => existsSync(shelf) && readdirSync(shelf).some((name) => name.endsWith(".json")), LONG);
  await system.startServer();
  await waitUntil("the result is taken, and leaves the disk", () => readdirSync(shelf).length === 0, LONG);
  writeFileSync(file("go-2"), "");
  await settled(2);
  const all = await nothingLost();
  // The first one's work was done once, in its first attempt.
  const first = all.filter(({ type, produced }) => type === "fired" && JSON.stringify(produced).includes('"n":1,'));
  expect(first.map(({ attempt }) => attempt)).toEqual([1]);
}, 300_000);

describe("on a small disk of its own", () => {
  beforeEach(({ skip }) => skip(!mayMount(), "it mounts a small disk, and only root may"));
  it("a disk that is full fails the command that filled it, holds up what comes meanwhile, and kills nothing else", async () => {
    mkdirSync(machine("one"), { recursive: true });
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=6m", "tmpfs", machine("one")]);
    try {
      await executor("one");
      await job(1, `${waits("go")}; true`);
      await waitUntil("the first one runs", () => runs().length === 1, LONG);
      await job(
        2,
        `dd if=/dev/zero of=fill bs=64k count=1000 2>&1; code=$?; touch ${file("full")}; while [ ! -e ${file("enough")} ]; do sleep 0.1; done; exit $code`,
      );
      await waitUntil("the disk is full", () => existsSync(file("full")), LONG);
      const free = () => Number(execFileSync("df", ["--output=avail", machine("one")], { encoding: "utf8" }).split("\n")[1]);
      expect(free()).toBe(0);
      const seen = async () => (await system.broker.work.executors()).find(({ name }) => name === "one");
      await waitUntil("it says that its disk is full", async () => (await seen())?.full !== undefined, LONG);
      await job(3, "echo three");
      await job(4, "echo four");
      const disks = async () => (await events()).flatMap(({ attributes }) => attributes?.disk ?? []);
      await waitUntil("the event line says it", async () => (await disks()).includes("full"), LONG);
      const why = async () => JSON.stringify(await system.ask(NET, "why", { name: "work" }));
      await waitUntil("why says it", async () => (await why()).includes("no room on the disk"), LONG);
      const asked = Date.now();
      await waitUntil("a lease has passed", () => Date.now() - asked > LEASE, LONG);
      writeFileSync(file("enough"), "");
      writeFileSync(file("go"), "");
      const all = await settled(4);
      const failed = all.flatMap(({ produced = [] }) => produced).filter(({ place }) => place === "failed");
      expect(failed.map(({ token }) => token.data)).toEqual([{ n: 2, exit: 1, said: "" }]);
      expect(runs()).toHaveLength(1);
      await nothingLost();
      await waitUntil("it has room again, by itself", async () => (await disks()).includes("room"), LONG);
      await waitUntil("its heartbeat says so too", async () => (await seen())?.full === undefined, LONG);
      await system.kill("one");
    } finally {
      execFileSync("umount", ["-l", machine("one")]);
    }
  }, 300_000);

  it("work goes to another executor while the disk of one is full", async () => {
    mkdirSync(machine("one"), { recursive: true });
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=6m", "tmpfs", machine("one")]);
    try {
      await executor("one");
      const seen = async () => (await system.broker.work.executors()).find(({ name }) => name === "one");
      await waitUntil("it is there", async () => (await seen()) !== undefined, LONG);
      expect((await seen())?.full, "there is room at first").toBeUndefined();
      const filler = join(machine("one"), "filler");
      expect(
        () => execFileSync("dd", ["if=/dev/zero", `of=${filler}`, "bs=64k", "count=1000"], { stdio: "ignore" }),
        "the fault",
      ).toThrow();
      await waitUntil("it says so", async () => (await seen())?.full !== undefined, LONG);
      await executor("two");
      for (const n of [1, 2, 3]) await job(n, `echo "$PETREL_FIRING" >> ${file("runs")}`);
      const all = await settled(3);
      const claimed = all.filter(({ type }) => type === "claimed").map(({ attributes }) => attributes?.executor);
      expect(new Set(claimed)).toEqual(new Set(["two"]));
      await nothingLost();
      await system.kill("two");
      rmSync(filler);
      await waitUntil("it has room again", async () => (await seen())?.full === undefined, LONG);
      await job(4, "echo four");
      await settled(4);
      await nothingLost();
      await system.kill("one");
    } finally {
      execFileSync("umount", ["-l", machine("one")]);
    }
  }, 300_000);
});

it("commands that fork away, ignore TERM, never end, flood 2 GB and eat memory are ended, each with its own reason", async () => {
  await executor("one", { policy: { limits: { memoryMb: 200 } } });
  const note = `echo "$PETREL_FIRING" >> ${file("runs")}`;
  await job(1, `${note}; (setsid sh -c 'trap "" TERM HUP; sleep 3600') & setsid nohup sleep 3600 >/dev/null 2>&1 & echo away`);
  await job(2, `${note}; trap '' TERM; while :; do sleep 1; done`, "short");
  await job(3, `${note}; sleep 3600`, "short");
  await job(4, `${note}; head -c 2147483648 /dev/zero; echo flooded >&2; exit 3`);
  await job(5, `${note}; node -e 'const all = []; setInterval(() => all.push(Buffer.alloc(32 * 1024 * 1024, 1)), 20)'`);
  await settled(5);
  const all = await nothingLost();
  const ends = new Map(
    all
      .filter(({ type, attributes }) => type === "fired" || (type === "failed" && attributes?.final))
      .flatMap(({ produced = [] }) => produced.map(({ token }) => token.data as { n: number; code?: string; exit?: number; said?: string }))
      .map((data) => [data.n, data]),
  );
  expect(ends.get(1)).toMatchObject({ said: "away\n" });
  expect(ends.get(2)?.code).toBe("work-timed-out");
  expect(ends.get(3)?.code).toBe("work-timed-out");
  // It came to its own end: all of its output was taken, and little of it kept.
  expect(ends.get(4)).toMatchObject({ exit: 3, said: "flooded\n" });
  expect(ends.get(5)?.code).toBe("memory-limit");
  const memory = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${system.pid("one")}/status`, "utf8"))?.[1]);
  process.stderr.write(`the executor's own memory after a flood of 2 GB: ${Math.round(memory / 1024)} MB at most\n`);
  expect(memory).toBeLessThan(1024 * 1024);
}, 300_000);

it.each([
  ["an hour fast", 3_600_000],
  ["an hour slow", -3_600_000],
])(
  "an executor whose clock is %s claims, renews and delivers as any other",
  async (_, offset) => {
    const code = `const now = Date.now; Date.now = () => now() + ${offset};`;
    await executor("one", { preload: `data:text/javascript,${encodeURIComponent(code)}` });
    await job(1, waits("go"));
    await waitUntil("the command runs", () => runs().length === 1, LONG);
    const began = Date.now();
    await waitUntil("it has renewed its lease more than once", () => Date.now() - began > 2 * LEASE, LONG);
    writeFileSync(file("go"), "");
    expect(told(await settled(1), "claimed", "fired", "lapsed")).toEqual(["claimed 1", "fired 1"]);
    const { executors } = (await system.ask(null, "status")) as { executors?: { name: string; at: string }[] };
    const [presence] = executors ?? (await system.broker.work.executors());
    // The fault: its own time is that far off.
    expect(Math.abs(Date.parse(presence?.at ?? "") - Date.now() - offset)).toBeLessThan(LONG);
    await nothingLost();
  },
  300_000,
);

function childrenOf(pid: number): number[] {
  const parent = (each: string) => / \S (\d+) /.exec(readIfThere(`/proc/${each}/stat`).replace(/^.*\)/s, ""))?.[1];
  return readdirSync("/proc")
    .filter((each) => /^\d+$/.test(each) && parent(each) === String(pid))
    .map(Number);
}

function commandOf(pid: number): string {
  return readIfThere(`/proc/${pid}/cmdline`);
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

function mayMount(): boolean {
  return process.platform === "linux" && process.getuid?.() === 0;
}
