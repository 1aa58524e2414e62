/** Control groups around commands: where they lie, what is written there, and on a kernel that lets us, what they hold. */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { type GroupFiles, kernelFiles, ownPlace, placeIn } from "../../src/executors/control-group-files.ts";
import { ControlGroups, limitsText } from "../../src/executors/control-groups.ts";
import { openProcess } from "../../src/executors/open-process.ts";
import { runCommand } from "../../src/executors/process-tree.ts";
import { TreeWatch } from "../../src/executors/tree-limits.ts";
import { until } from "../support/wait-until.ts";
import { goodValue, realClock, startBench } from "./bench.ts";

const dir = mkdtempSync(join(tmpdir(), "petrel-groups-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const LIMITS = { memoryMb: 300, processes: 100 };

describe("where they lie", () => {
  const v1 = "38 31 0:31 / /sys/fs/cgroup/pids rw,relatime shared:9 - cgroup cgroup rw,pids";
  const cpu = "36 31 0:29 / /sys/fs/cgroup/cpu rw,relatime shared:7 - cgroup cgroup rw,cpu,cpuacct";
  const v2 = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate";
  it("is the process's own group, of the hierarchy that has the pids controller", () => {
    expect(placeIn("8:pids:/\n7:cpu,cpuacct:/a\n0::/\n", [cpu, v1, v2].join("\n"))).toEqual({ version: 1, base: "/sys/fs/cgroup/pids" });
    expect(placeIn("0::/user.slice/run-1.scope\n", v2)).toEqual({ version: 2, base: "/sys/fs/cgroup/user.slice/run-1.scope" });
  });
  it("is below what a container sees, and nowhere when its own group is outside of that", () => {
    const inContainer = v1.replace("0:31 / ", "0:31 /docker/abc ").replace("/sys/fs/cgroup/pids", "/sys/fs/cgroup/my\\040pids");
    expect(placeIn("8:pids:/docker/abc/x\n", inContainer)).toEqual({ version: 1, base: "/sys/fs/cgroup/my pids/x" });
    expect(placeIn("8:pids:/docker/other\n", inContainer)).toMatchObject({ why: expect.stringMatching(/pids controller is mounted/) });
    expect(placeIn("7:cpu,cpuacct:/a\n", cpu)).toHaveProperty("why");
  });
});

/** A folder that stands for the unified hierarchy: a group has its files when it is made, and goes with them. */
function standIn(over: Partial<GroupFiles> = {}): { files: GroupFiles; base: string; written: string[] } {
  const base = mkdtempSync(join(dir, "v2-"));
  const written: string[] = [];
  const lay = (group: string) => {
    for (const name of ["cgroup.procs", "cgroup.type", "cgroup.subtree_control", "cgroup.kill", "pids.max", "pids.events"])
      writeFileSync(join(group, name), "");
    for (const name of ["memory.max", "memory.oom.group", "memory.swap.max", "memory.events"]) writeFileSync(join(group, name), "");
    writeFileSync(join(group, "cgroup.controllers"), "cpu memory pids\n");
  };
  lay(base);
  const files: GroupFiles = {
    ...kernelFiles,
    make: (group) => {
      mkdirSync(group);
      lay(group);
    },
    remove: (group) => rmSync(group, { recursive: true }),
    write: (file, text) => {
      written.push(`${file.slice(base.length + 1).replace(/petrel-[0-9a-f]{12}-/, "")} ${text}`);
      kernelFiles.write(file, text);
    },
    ...over,
  };
  return { files, base, written };
}

describe("the protocol of version 2, in a folder that stands for it", () => {
  it("moves the executor below, hands on the controllers, and sets the limits before anybody enters", async () => {
    const { files, base, written } = standIn();
    const { groups } = await ControlGroups.open(dir, realClock, files, { version: 2, base });
    expect(written.slice(0, 3)).toEqual(["self/cgroup.procs 0", "cgroup.subtree_control +pids", "cgroup.subtree_control +memory"]);
    written.length = 0;
    const group = groups?.make(LIMITS);
    const name = `${process.pid}-2`;
    group?.inside(() => written.push("forked"));
    expect(written).toEqual([
      ...[`${name}/pids.max 800`, `${name}/memory.max ${300 * 1024 * 1024}`, `${name}/memory.oom.group 1`, `${name}/memory.swap.max 0`],
      ...[`${name}/cgroup.procs 0`, "forked", "self/cgroup.procs 0"],
    ]);
    const folder = join(base, readdirSync(base).find((entry) => entry.endsWith(name)) ?? "");
    expect(group?.excess()).toBeNull();
    writeFileSync(join(folder, "pids.events"), "max 3\n");
    expect(group?.excess()).toMatchObject({ code: "process-limit", outlook: "terminal" });
    writeFileSync(join(folder, "memory.events"), "low 0\nmax 9\noom 1\noom_kill 1\noom_group_kill 1\n");
    expect(group?.excess()).toMatchObject({ code: "memory-limit" });
    writeFileSync(join(folder, "cgroup.procs"), "2147483600\n");
    written.length = 0;
    await group?.end();
    expect(written, "the kernel ends them, all at once").toEqual([`${name}/pids.max 0`, `${name}/cgroup.kill 1`]);
    expect(existsSync(folder)).toBe(false);
  });

  it.each([
    ["comes to its own end", "exit 0", 60_000, { exitCode: 0, timedOut: false }],
    ["is ended at its time limit", "trap '' TERM; while :; do sleep 1; done", 50, { timedOut: true }],
  ])("who tries to fork while its end is under way makes no excess of a command that %s (C4)", async (_, script, timeoutMs, result) => {
    const { base, files } = standIn();
    let refused = 0;
    const forks = (file: string, text: string) => {
      files.write(file, text);
      if (basename(file) === "pids.max" && text === "0") files.write(join(file, "../pids.events"), `max ${++refused}\n`);
    };
    const { groups } = await ControlGroups.open(dir, realClock, { ...files, write: forks }, { version: 2, base });
    refused = 0;
    const limits = { watch: new TreeWatch(realClock), memoryMb: 1000, processes: 1000 };
    const env = { PATH: process.env.PATH ?? "", PETREL_RUN: "late." };
    const parts = { argv: ["sh", "-c", script], cwd: dir, env, timeoutMs, graceMs: 20, mark: "PETREL_RUN=late.", limits };
    expect(await runCommand({ ...parts, group: groups?.make(LIMITS) ?? null }, realClock)).toMatchObject(result);
    expect(refused, "the fault").toBeGreaterThan(0);
  });

  it("ends with a process that stays open, at its end and when it cannot be started", async () => {
    const { base, files, written } = standIn();
    const { groups } = await ControlGroups.open(dir, realClock, files, { version: 2, base });
    const open = (...argv: string[]) =>
      openProcess({ argv, cwd: dir, env: {}, signal: new AbortController().signal, group: groups?.make(LIMITS) ?? null });
    const its = () => readdirSync(base).filter((entry) => /-\d+-\d+$/.test(entry));
    const sleep = open("/bin/sleep", "600");
    const over = new Promise<void>((resolve) => sleep.onEnd(() => resolve()));
    expect(its()).toHaveLength(1);
    written.length = 0;
    sleep.end();
    expect(written[0]).toMatch(/pids\.max 0$/);
    await over;
    await until("it is gone", () => its().length === 0);
    expect(() => open("/bin/echo", "\0")).toThrow(/null bytes/);
    await until("that one is gone too", () => its().length === 0);
  });

  it("moves back where others are in its group, and says why there is none", async () => {
    const { base, files } = standIn();
    const busy = (file: string, text: string) => {
      if (text === "+pids") throw new Error("EBUSY: device or resource busy, write");
      files.write(file, text);
    };
    const here = await ControlGroups.open(dir, realClock, { ...files, write: busy }, { version: 2, base });
    expect(limitsText(here, true)).toMatch(
      /^processes and memory: looked at 4 times a second, but for who leaves parent, session and environment between two looks \(no control group: none can be made in .*EBUSY/,
    );
    expect(readFileSync(join(base, "cgroup.procs"), "utf8")).toBe("0");
    expect(readdirSync(base).filter((entry) => entry.startsWith("petrel-"))).toEqual([]);
  });

  it("says what to do where the controller was not delegated", async () => {
    const { base, files } = standIn();
    writeFileSync(join(base, "cgroup.controllers"), "cpu\n");
    expect(await ControlGroups.open(dir, realClock, files, { version: 2, base })).toMatchObject({
      why: expect.stringMatching(/Delegate=yes/),
    });
  });
});

const real = await ControlGroups.open(dir, realClock);
const place = ownPlace(kernelFiles);
const left = () => ("base" in place ? readdirSync(place.base).filter((entry) => entry.startsWith("petrel-")) : []);

describe("on this kernel", () => {
  beforeEach(({ skip }) => skip(real.groups === null, "why" in real ? real.why : ""));
  const pids: number[] = [];
  afterEach(() => {
    for (const pid of pids.splice(0)) expect(isThere(pid), `${pid} is left`).toBe(false);
  });
  /** The least bound is 256, which no test need reach. */
  const narrow: GroupFiles = {
    ...kernelFiles,
    write: (file, text) => kernelFiles.write(file, basename(file) === "pids.max" && text !== "0" ? "40" : text),
  };

  it("what multiplies is bounded while it does, and ends with its reason", async () => {
    const { groups } = await ControlGroups.open(dir, realClock, narrow);
    const watch = new TreeWatch(realClock);
    const cwd = mkdtempSync(join(dir, "forks-"));
    // A hundred and fifty at most, each of which says that it is there.
    const script = 'i=0; while [ $i -lt 150 ]; do i=$((i+1)); sh -c "echo >> began; sleep 60" & done; wait';
    const env = { PATH: process.env.PATH ?? "", PETREL_RUN: "forks." };
    const limits = { watch, memoryMb: 1000, processes: 1000 };
    const parts = { argv: ["sh", "-c", script], cwd, env, timeoutMs: 60_000, mark: "PETREL_RUN=forks.", limits };
    const ended = runCommand({ ...parts, group: groups?.make(limits) ?? null }, realClock);
    await expect(ended).rejects.toMatchObject({ code: "process-limit", message: expect.stringMatching(/processes and threads/) });
    const began = readFileSync(join(cwd, "began"), "utf8").length;
    expect(began, "the kernel has refused the rest").toBeLessThanOrEqual(40);
  }, 180_000);

  it("who took the mark out of its environment is counted by its group", async () => {
    const { groups } = await ControlGroups.open(dir, realClock);
    const watch = new TreeWatch(realClock);
    const script = "i=0; while [ $i -lt 20 ]; do i=$((i+1)); env -i /bin/sleep 60 & done; wait";
    const env = { PATH: process.env.PATH ?? "", PETREL_RUN: "bare." };
    const limits = { watch, memoryMb: 1000, processes: 10 };
    const parts = { argv: ["sh", "-c", script], cwd: dir, env, timeoutMs: 60_000, mark: "PETREL_RUN=bare.", limits };
    const ended = runCommand({ ...parts, group: groups?.make(limits) ?? null }, realClock);
    await expect(ended).rejects.toMatchObject({ code: "process-limit", message: expect.stringMatching(/ processes, and 10 are allowed/) });
  }, 180_000);

  it("who took the mark out of its environment and left group and session is ended all the same", async () => {
    const bench = await startBench();
    try {
      const away = 'setsid env -i /bin/sh -c "exec >/dev/null 2>&1 </dev/null; while :; do /bin/sleep 1; done" & echo $!';
      const { stdout } = goodValue(await bench.run("shell.run", { argv: ["sh", "-c", away] }));
      expect(Number(stdout)).toBeGreaterThan(1);
      pids.push(Number(stdout));
      expect(bench.owner.beats[0]?.limits).toMatch(/^processes(: kernel; memory: looked at 4 times a second| and memory: kernel)$/);
    } finally {
      await bench.end();
    }
  });

  it("the end of a process that stays open is heard, though one that left it holds its output", async () => {
    const { groups } = await ControlGroups.open(dir, realClock);
    const away = 'setsid env -i /bin/sh -c "echo \\$\\$; exec /bin/sleep 600" & read -r word';
    const env = { PATH: process.env.PATH ?? "" };
    const parts = { argv: ["sh", "-c", away], cwd: dir, env, signal: new AbortController().signal };
    const open = openProcess({ ...parts, group: groups?.make(LIMITS) ?? null });
    const over = new Promise<void>((resolve) => open.onEnd(() => resolve()));
    const pid = Number(await new Promise((resolve) => open.onLine(resolve)));
    expect(isThere(pid), "it is away").toBe(true);
    open.write("the leader may end");
    await over;
    await until("whoever left it is gone", () => !isThere(pid));
  });

  it("a start ends and removes what a former process of the same folder left, and nothing of others", async () => {
    const one = mkdtempSync(join(dir, "one-"));
    const former = await ControlGroups.open(one, realClock);
    const { groups } = await ControlGroups.open(mkdtempSync(join(dir, "other-")), realClock);
    const without = left();
    const other = groups?.make(LIMITS);
    const [others = "none"] = left().filter((entry) => !without.includes(entry) && entry.includes(`-${process.pid}-`));
    const born = former.groups?.make(LIMITS)?.inside(() => spawn("sleep", ["600"], { env: { PATH: process.env.PATH ?? "" } }));
    const pid = born?.pid ?? 0;
    const gone = new Promise((resolve) => born?.once("exit", (_, signal) => resolve(signal)));
    await until("it is in a group of its own", () => readFileSync(`/proc/${pid}/cgroup`, "utf8").includes("petrel-"));
    const [formers = "none"] = left().filter((entry) => readFileSync(`/proc/${pid}/cgroup`, "utf8").includes(entry));
    await ControlGroups.open(one, realClock);
    expect(await gone).toBe("SIGKILL");
    pids.push(pid);
    expect(left()).toContain(others);
    expect(left()).not.toContain(formers);
    expect(formers, "it was there").not.toBe("none");
    await other?.end();
    expect(left()).not.toContain(others);
  });

  it("an executor that was killed inside of a command leaves nothing either", async () => {
    const { groups } = await ControlGroups.open(dir, realClock);
    const outer = groups?.make(LIMITS);
    const born = outer?.inside(() => spawn("sleep", ["600"], { env: { PATH: process.env.PATH ?? "" } }));
    const gone = new Promise((resolve) => born?.once("exit", (_, signal) => resolve(signal)));
    const own = readFileSync(`/proc/${born?.pid}/cgroup`, "utf8").split("\n");
    const name = own.map((line) => /petrel-[0-9a-f]{12}-\d+-\d+$/.exec(line)?.[0]).find(Boolean) ?? "none";
    const inner = join("base" in place ? place.base : "", name, "petrel-inner");
    mkdirSync(inner);
    kernelFiles.write(join(inner, "cgroup.procs"), String(born?.pid));
    await outer?.end();
    expect(await gone).toBe("SIGKILL");
    expect(left()).not.toContain(name);
  });

  it("nothing of it stays", async () => {
    const bench = await startBench();
    const { stdout } = goodValue(await bench.run("shell.run", { argv: ["cat", "/proc/self/cgroup"] }));
    const [name] = /petrel-[0-9a-f]{12}-/.exec(String(stdout)) ?? [];
    expect(name, "the command was in a group").toBeDefined();
    await bench.end();
    expect(left().filter((entry) => entry.startsWith(name ?? ""))).toEqual([]);
    expect(readFileSync("/proc/self/cgroup", "utf8"), "the executor is where it was").not.toMatch(/petrel-[0-9a-f]{12}-\d/);
  });
});

function isThere(pid: number): boolean {
  return !stateOf(pid).startsWith("Z");
}

function stateOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2);
  } catch {
    return "Z";
  }
}
