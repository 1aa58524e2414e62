/** An executor is killed with SIGKILL while it runs commands, or stands still for good: what it ran ends all the same. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { ControlGroups } from "../../src/executors/control-groups.ts";
import { OutlivingWatch } from "../../src/executors/outliving-watch.ts";
import { OUTLIVING_WATCH } from "../../src/executors/outliving-watch-script.ts";
import { statOf } from "../../src/executors/process-start.ts";
import { processesWith } from "../../src/executors/stray-processes.ts";
import { freezeGroup, freezeProcess, processesInGroup } from "../support/freeze.ts";
import { until } from "../support/wait-until.ts";
import { realClock } from "./bench.ts";

const dir = mkdtempSync(join(tmpdir(), "petrel-mortal-"));
const program = join(dir, "mortal.mjs");
const grouped = (await ControlGroups.open(dir, realClock)).groups !== null;
let count = 0;
let mark = "";
const children: ChildProcess[] = [];

beforeAll(() =>
  build({
    entryPoints: [join(import.meta.dirname, "mortal-process.ts")],
    outfile: program,
    bundle: true,
    platform: "node",
    format: "esm",
    banner: { js: 'import { createRequire as makeRequire } from "node:module"; const require = makeRequire(import.meta.url);' },
    logLevel: "error",
  }),
);
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** The process that runs the scripts, and the pid of its watcher. */
async function mortal(
  how: "alone" | "groups",
  scripts: string[],
  leaseMs = 0,
  more: Record<string, string> = {},
): Promise<{ child: ChildProcess; watcher: number; told(): string }> {
  mark = `PETREL_RUN=mortal-${process.pid}-${++count}.`;
  const child = spawn(process.execPath, [program, dir, how, mark, ...scripts], {
    ...{ stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, MORTAL_LEASE_MS: String(leaseMs), ...more } },
  });
  children.push(child);
  let told = "";
  child.stdout?.on("data", (piece: Buffer) => {
    told += String(piece);
  });
  const watcher = await until("it names its watcher", () => Number(/^(\d+)\n/m.exec(told)?.[1] ?? 0));
  return { child, watcher, told: () => told };
}
const file = (name: string) => join(dir, `${count}-${name}`);
const next = (name: string) => join(dir, `${count + 1}-${name}`);
const pidIn = (name: string) => Number(readFileSync(file(name), "utf8"));
/** One that has ended counts as gone, also where nobody looks at its end. */
const isThere = (pid: number) => statOf(pid)?.over === false;
const said = (name: string) => existsSync(file(name)) && readFileSync(file(name), "utf8").endsWith("\n");
async function killed(child: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => child.once("exit", (_, signal) => resolve(signal)));
  child.kill("SIGKILL");
  expect(await gone).toBe("SIGKILL");
}

beforeEach(({ skip }) => skip(!existsSync("/proc/self/environ"), "there is no /proc here"));
it("what ends at TERM, what ignores it, what has a session of its own, and who cleared its environment within its group", async () => {
  const { child, watcher } = await mortal("alone", [
    `echo $$ > ${next("a")}; while :; do sleep 0.1; done`,
    `trap '' TERM HUP; echo $$ > ${next("b")}; while :; do sleep 1; done`,
    `setsid sh -c 'trap "" TERM; echo $$ > ${next("c")}; while :; do sleep 1; done' & wait`,
    `env -i PATH="$PATH" sh -c 'trap "" TERM; echo $$ > ${next("d")}; while :; do sleep 1; done' & exec sleep 600`,
  ]);
  await until("all run", () => ["a", "b", "c", "d"].every(said));
  const pids = ["a", "b", "c", "d"].map(pidIn);
  expect(pids.every(isThere)).toBe(true);
  await killed(child);
  await until("all are dead", () => !pids.some(isThere) && processesWith(mark).length === 0);
  await until("the watcher is gone too", () => !isThere(watcher));
}, 180_000);

it("without control groups also who left session and environment, when it was seen once", async () => {
  const { child, watcher, told } = await mortal("alone", [
    `setsid env -i PATH="$PATH" sh -c 'trap "" TERM; echo $$ > ${next("a")}; while :; do sleep 1; done' & sleep 600`,
  ]);
  await until("it is away", () => said("a"));
  const pid = pidIn("a");
  await until("it was seen", () => told().includes(`stray ${pid}\n`));
  await killed(child);
  await until("it is dead, and the watcher gone", () => !isThere(pid) && !isThere(watcher));
}, 180_000);

it("with control groups also who left session and environment", async ({ skip }) => {
  skip(!grouped, "no control group can be made here");
  const { child, watcher } = await mortal("groups", [
    `setsid env -i PATH="$PATH" sh -c 'trap "" TERM; echo $$ > ${next("a")}; while :; do sleep 1; done' & sleep 600`,
  ]);
  await until("it is away", () => said("a"));
  const pid = pidIn("a");
  expect(isThere(pid)).toBe(true);
  await killed(child);
  await until("it is dead, and the watcher gone", () => !isThere(pid) && !isThere(watcher));
}, 180_000);

const STUBBORN = (name: string) => `trap '' TERM HUP; echo $$ > ${next(name)}; while :; do sleep 1; done`;
it("frozen between the birth of a command and the word of it: it ends all the same", async () => {
  const script = `echo $$ > ${next("a")}; while :; do sleep 0.1; done`;
  const { child, watcher, told } = await mortal("alone", [script], 5000, { MORTAL_FREEZE: "1" });
  await until("its command runs", () => said("a"));
  await freezeProcess(child.pid ?? 0);
  const pid = pidIn("a");
  await until("the command is dead, and the watcher gone", () => !isThere(pid) && !isThere(watcher));
  // Again and again, for it may have been frozen just before it does that itself.
  await until("it goes on to its end", () => {
    child.kill("SIGCONT");
    return child.exitCode !== null;
  });
  expect(child.exitCode).toBe(0);
  expect(told()).toContain("still\nstood-still\n");
}, 180_000);

it("frozen for longer than its lease: what it runs ends meanwhile, and thawed it does not take that for the commands' own end", async () => {
  const { child, watcher, told } = await mortal(
    "alone",
    [
      STUBBORN("a"),
      `echo $$ > ${next("b")}; while :; do sleep 0.1; done`,
      `setsid sh -c 'trap "" TERM; echo $$ > ${next("c")}; while :; do sleep 1; done' & wait`,
    ],
    10_000,
  );
  await until("all run", () => ["a", "b", "c"].every(said));
  await freezeProcess(child.pid ?? 0);
  const pids = ["a", "b", "c"].map(pidIn);
  await until("all are dead, and the watcher gone", () => !pids.some(isThere) && processesWith(mark).length === 0 && !isThere(watcher));
  expect(told()).not.toContain("still");
  const over = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGCONT");
  expect(await over).toBe(0);
  expect(told().split("\n").slice(-5)).toEqual(["still", "stood-still", "stood-still", "stood-still", ""]);
}, 180_000);

it("where all stand still together for longer than a lease, as in a machine that sleeps, nobody is ended", async () => {
  const { child, watcher, told } = await mortal("alone", [STUBBORN("a"), `while [ ! -e ${next("go")} ]; do sleep 0.05; done`], 10_000);
  await until("both run", () => said("a") && processesWith(mark).length >= 2);
  // Whoever is frozen before has not begun to look.
  await until("the watcher has its ear and its clock", () => processesInGroup(watcher).length >= 4, 60_000);
  await freezeGroup(watcher);
  await freezeProcess(child.pid ?? 0);
  const since = performance.now();
  await until("a lease is over", () => performance.now() - since > 11_000);
  process.kill(-watcher, "SIGCONT");
  child.kill("SIGCONT");
  const thawed = performance.now();
  await until("a lease more is over", () => performance.now() - thawed > 11_000);
  expect(isThere(pidIn("a"))).toBe(true);
  writeFileSync(file("go"), "");
  await until("it hears how its command ended", () => told().includes("exit 0\n"));
  expect(told()).not.toContain("still");
}, 180_000);

/** The watcher alone, told by lines; ticks are lines too, so that no time has to pass. */
function watcherAlone(): { say(...lines: string[]): void; close(): void; said(): string; over: Promise<void> } {
  const child = spawn("/bin/sh", ["-c", OUTLIVING_WATCH, "petrel-watch", "600"], {
    ...{ cwd: "/", env: { PATH: process.env.PATH }, detached: true, stdio: ["pipe", "pipe", "ignore"] },
  });
  children.push(child);
  let told = "";
  child.stdout?.on("data", (piece: Buffer) => {
    told += String(piece);
  });
  return {
    say: (...lines) => void child.stdin?.write(`${lines.join("\n")}\n`),
    close: () => void child.stdin?.end(),
    said: () => told,
    over: new Promise((resolve) => child.once("exit", () => resolve())),
  };
}
const ticks = (count: number) => new Array<string>(count).fill("tick");
/** A process group that notes the signals that it is sent. */
async function sleeper(name: string): Promise<{ child: ChildProcess; end: Promise<unknown> }> {
  const child = spawn("sh", ["-c", `echo $$ > ${file(name)}; exec sleep 600`], { detached: true, env: { PATH: process.env.PATH } });
  children.push(child);
  await until("it runs", () => said(name));
  return { child, end: new Promise((resolve) => child.once("exit", (_, signal) => resolve(signal))) };
}

it.each([
  ["one tick more", "tick", "silent\n"],
  ["none more", "bye", ""],
])(
  "only so many ticks in a row without a line, and only while something runs, are a silence: %s",
  async (_, last, word) => {
    count += 1;
    const { child, end } = await sleeper("one");
    const { say, said: told, over } = watcherAlone();
    const who = `g${child.pid}:-`;
    say("mark PETREL_RUN=nobody-at-all.", "patience 6", ...ticks(20), `+ ${who}`, ...ticks(5), "alive", ...ticks(5));
    say(`- ${who}`, ...ticks(20), `+ ${who}`, ...ticks(5), last);
    await over;
    expect(told()).toBe(word);
    expect(isThere(child.pid ?? 0)).toBe(word === "");
    if (word !== "") expect(await end).toBe("SIGTERM");
  },
  60_000,
);

it("without a lease that was granted, no silence is too long", async () => {
  count += 1;
  const { child } = await sleeper("one");
  const { say, said: told, over } = watcherAlone();
  say("mark PETREL_RUN=nobody-at-all.", `+ g${child.pid}:-`, ...ticks(500), "bye");
  await over;
  expect(told()).toBe("");
  expect(isThere(child.pid ?? 0)).toBe(true);
}, 180_000);

it("a watcher of which a part was killed ends nobody, and the next command has another", async () => {
  count += 1;
  const { child } = await sleeper("one");
  const births = new OutlivingWatch({
    ...{ mark: `PETREL_RUN=nobody-${process.pid}.`, groups: null, path: process.env.PATH, clock: realClock, stoodStill: () => {} },
  });
  births.lease(600_000);
  births.group(child.pid ?? 0);
  const first = births.pid ?? 0;
  const group = await until("all of it is there", () => {
    const pids = processesInGroup(first);
    return pids.length >= 4 ? pids : null;
  });
  process.kill(first, "SIGKILL");
  await until("all of it is gone", () => !group.some(isThere));
  expect(isThere(child.pid ?? 0)).toBe(true);
  births.ready();
  expect(births.pid).not.toBe(first);
  expect(births.pid).not.toBe(null);
  births.end();
}, 180_000);

it("a process that ends in order takes its watcher with it, which ends nobody", async () => {
  const bystander = spawn("sleep", ["600"], { env: { PATH: process.env.PATH, PETREL_RUN: `mortal-${process.pid}-${count + 1}.x` } });
  children.push(bystander);
  const { child, watcher } = await mortal("alone", [`while [ ! -e ${next("go")} ]; do sleep 0.05; done`]);
  expect(isThere(watcher)).toBe(true);
  const over = new Promise((resolve) => child.once("exit", resolve));
  writeFileSync(file("go"), "");
  expect(await over).toBe(0);
  await until("the watcher is gone", () => !isThere(watcher));
  expect(isThere(bystander.pid ?? 0)).toBe(true);
}, 180_000);

it("a pid that is another process by now is left alone, and what is over is forgotten", async () => {
  const others = [0, 1].map(() => spawn("sleep", ["600"], { detached: true, env: { PATH: process.env.PATH } }));
  const ours = spawn("sleep", ["600"], { detached: true, env: { PATH: process.env.PATH } });
  children.push(...others, ours);
  const births = new OutlivingWatch({
    mark: `PETREL_RUN=nobody-${process.pid}.`,
    groups: null,
    path: process.env.PATH,
    clock: realClock,
    stoodStill: () => {},
  });
  births.stray(others[0]?.pid ?? 0, "1");
  births.group(others[1]?.pid ?? 0)();
  births.group(ours.pid ?? 0);
  const watcher = births.pid ?? 0;
  const gone = new Promise((resolve) => ours.once("exit", (_, signal) => resolve(signal)));
  // As the end of this process would: the pipe closes without a goodbye.
  births.lost();
  expect(await gone).toBe("SIGTERM");
  await until("the watcher is gone", () => !isThere(watcher));
  for (const { pid } of others) expect(isThere(pid ?? 0)).toBe(true);
}, 180_000);
