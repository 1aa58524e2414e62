import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { WorkResult } from "../../src/contract/envelope.ts";
import { newOrderKeys, signOrder } from "../../src/executors/order-signature.ts";
import { until } from "../support/wait-until.ts";
import { DEVELOPER, type ExecutorBench, goodValue, startBench } from "./bench.ts";
import { YES } from "./memory-owner.ts";

let bench: ExecutorBench;
afterEach(() => bench?.end());

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A zombie that nobody has waited for yet still takes a signal.
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}
async function pidIn(path: string): Promise<number> {
  return await until(`a pid in ${path}`, () => {
    try {
      return Number(readFileSync(path, "utf8")) || null;
    } catch {
      return null;
    }
  });
}

test("an order is claimed, worked on and answered; the result leaves the disk when the owner has it", async () => {
  bench = await startBench();
  const { owner, dir } = bench;
  let inLog = false;
  owner.onClaim = ({ verb }) => (verb === "settled" && !inLog ? { ok: false, code: "not-in-log", message: "not yet" } : YES);
  const order = bench.order("shell.run", { argv: ["sh", "-c", "echo $PETREL_FIRING; echo $HOME; exit 3"] });
  owner.offer(order);
  const result = await until("a result", () => owner.resultOf(order));
  expect(goodValue(result)).toMatchObject({ exitCode: 3, timedOut: false });
  expect(String(goodValue(result).stdout).split("\n")).toEqual([order.key, join(dir, "work/team.f1.1/home"), ""]);
  expect(readdirSync(join(dir, "results"))).toEqual(["team.f1.1.json"]);
  inLog = true;
  await until("the shelf to empty", () => readdirSync(join(dir, "results")).length === 0);
  expect(owner.verbs("f1")[0]).toBe("claim");
  await until("the work folder to go", () => readdirSync(join(dir, "work")).length === 0);
  expect(readdirSync(join(dir, "claims"))).toEqual([]);
  expect(owner.beats[0]).toMatchObject({ name: "hands-1", pools: ["code"], slots: 4, pid: process.pid });
});

test("commands see nothing of the executor's own environment", async () => {
  bench = await startBench({ environment: { PATH: process.env.PATH, SECRET_OF_MINE: "hush", GIT_DIR: "/tmp/x" } });
  const result = await bench.run("shell.run", { argv: ["env"], env: { GIVEN: "1" } });
  const names = String(goodValue(result).stdout)
    .trim()
    .split("\n")
    .map((line) => line.split("=")[0]);
  expect(names).toEqual(expect.arrayContaining(["PATH", "HOME", "LANG", "PETREL_FIRING", "GIT_TERMINAL_PROMPT", "GIVEN"]));
  expect(names).not.toContain("SECRET_OF_MINE");
  expect(names).not.toContain("GIT_DIR");
});

test("a claim that is refused starts nothing", async () => {
  bench = await startBench();
  bench.owner.onClaim = () => ({ ok: false, code: "taken", message: "another has it" });
  const mark = join(bench.dir, "ran");
  bench.owner.offer(bench.order("shell.run", { argv: ["touch", mark] }));
  await until("the claim", () => bench.owner.verbs("f1").length === 1 && bench.executor().busy() === 0);
  expect(readdirSync(bench.dir)).not.toContain("ran");
  expect(bench.owner.delivered).toEqual([]);
});

test("a wrong signature, a changed order and a wrong shape are dropped without a claim", async () => {
  bench = await startBench();
  const { owner } = bench;
  const order = bench.order("shell.run", { argv: ["true"] }, { firing: "bad1" });
  owner.offer(order, newOrderKeys().privateKey);
  const signed = signOrder({ ...order, firing: "bad2" }, owner.keys.privateKey);
  const bytes = Uint8Array.from(signed.order);
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  owner.offerSigned("code", { ...signed, order: bytes });
  owner.offerSigned("code", { order: signed.order, signature: new Uint8Array(3) });
  owner.offer({ ...order, firing: "../../etc" });
  const good = await bench.run("shell.run", { argv: ["true"] }, { firing: "good" });
  expect(good.outcome.ok).toBe(true);
  expect(new Set(owner.claims.map(({ firing }) => firing))).toEqual(new Set(["good"]));
});

test.each([
  ["code.deliver", { repo: "/nowhere" }, DEVELOPER],
  ["code.deliver", { repo: "/nowhere" }, null],
  ["shell.run", { argv: ["git", "-C", "/nowhere", "push", "origin", "main"] }, DEVELOPER],
  ["shell.run", { argv: ["sh", "-c", "cd /nowhere && git push"] }, null],
])("%s by a persona without x is refused before anything happens", async (hand, input, persona) => {
  bench = await startBench();
  const result = await bench.run(hand, input, { persona });
  expect(result.outcome).toMatchObject({ ok: false, error: { outlook: "refused", code: "capability-x-missing" } });
  expect(bench.owner.verbs("f1")[0]).toBe("claim");
});

test("an unknown hand, a missing program and a bad input are failed results that say what to do", async () => {
  bench = await startBench();
  expect((await bench.run("shell.fly", {})).outcome).toMatchObject({ error: { code: "unknown-hand" } });
  expect((await bench.run("shell.run", { argv: ["no-such-program-here"] })).outcome).toMatchObject({
    error: { code: "command-not-found" },
  });
  expect((await bench.run("shell.run", { argv: "ls" })).outcome).toMatchObject({ error: { code: "bad-input", where: "team/work" } });
});

test("a time limit ends the whole tree: a grandchild that ignores SIGTERM, and one in a session of its own", async () => {
  bench = await startBench();
  const script = `
    sh -c 'trap "" TERM; echo $$ > ${bench.dir}/child; while :; do sleep 1; done' &
    setsid sh -c 'trap "" TERM; echo $$ > ${bench.dir}/stray; while :; do sleep 1; done' &
    trap "" TERM; while :; do sleep 1; done`;
  const begun = () => ["child", "stray"].every((name) => existsSync(join(bench.dir, name)));
  // A machine that stands still may use a short limit up before anything has begun.
  for (const timeoutMs of [1500, 10_000, 40_000]) {
    const result = await bench.run("shell.run", { argv: ["sh", "-c", script] }, { timeoutMs });
    expect(result.outcome).toMatchObject({ ok: false, error: { outlook: "retryable" } });
    if (begun()) break;
  }
  for (const name of ["child", "stray"]) expect(alive(await pidIn(join(bench.dir, name))), name).toBe(false);
});

test("what a command leaves in the background ends with it", async () => {
  bench = await startBench();
  const result = await bench.run("shell.run", {
    argv: ["sh", "-c", `(trap "" TERM HUP; sleep 300) & echo $! > ${bench.dir}/left; echo done`],
  });
  expect(goodValue(result)).toMatchObject({ exitCode: 0, stdout: "done\n" });
  expect(alive(await pidIn(join(bench.dir, "left")))).toBe(false);
});

test("a flood of output is kept at its head and its tail", async () => {
  bench = await startBench();
  const result = await bench.run("shell.run", { argv: ["sh", "-c", "echo first; yes 0123456789 | head -c 50000000; echo last"] });
  const { stdout, truncated } = goodValue(result) as { stdout: string; truncated: boolean };
  expect(truncated).toBe(true);
  expect(stdout.startsWith("first\n")).toBe(true);
  expect(stdout.endsWith("last\n")).toBe(true);
  expect(stdout).toMatch(/bytes left out/);
  expect(stdout.length).toBeLessThan(30_000);
});

test("when a renewal says that the attempt is gone, its tree ends and nothing is delivered", async () => {
  bench = await startBench();
  const { owner } = bench;
  owner.onClaim = ({ verb }) =>
    verb === "renew"
      ? { ok: false, code: "not-open", message: "attempt 2 is open" }
      : { ...YES, ok: true, leaseMs: 600, timeLeftMs: 60_000, secrets: {} };
  owner.offer(bench.order("shell.run", { argv: ["sh", "-c", `echo $$ > ${bench.dir}/pid; sleep 300`] }));
  const pid = await pidIn(join(bench.dir, "pid"));
  await until("the process to end", () => !alive(pid));
  await until("the slot to be free", () => bench.executor().busy() === 0);
  expect(owner.delivered).toEqual([]);
  expect(owner.verbs("f1")).toEqual(["claim", "renew"]);
});

test("without its broker for one lease the executor kills its own trees", async () => {
  bench = await startBench();
  const { owner } = bench;
  owner.onClaim = () => ({ ok: true, leaseMs: 900, timeLeftMs: 60_000, secrets: {} });
  owner.offer(bench.order("shell.run", { argv: ["sh", "-c", `echo $$ > ${bench.dir}/pid; sleep 300`] }));
  const pid = await pidIn(join(bench.dir, "pid"));
  await until("a renewal", () => owner.verbs("f1").includes("renew"));
  expect(alive(pid)).toBe(true);
  owner.up = false;
  await until("the process to end", () => !alive(pid));
  expect(owner.delivered).toEqual([]);
});

test("a cancel ends the tree within two seconds", async () => {
  bench = await startBench();
  // The best of three: a machine that stands still once says nothing of the executor.
  const took: number[] = [];
  while (took.length < 3 && !took.some((ms) => ms < 2000)) {
    const file = join(bench.dir, `pid-${took.length}`);
    const order = bench.order("shell.run", { argv: ["sh", "-c", `trap "" TERM; echo $$ > ${file}; while :; do sleep 1; done`] });
    bench.owner.offer(order);
    const pid = await pidIn(file);
    const from = performance.now();
    bench.owner.cancel(order);
    await until("the process to end", () => !alive(pid));
    took.push(performance.now() - from);
    await until("the slot to be free", () => bench.executor().busy() === 0);
    expect(bench.owner.delivered).toEqual([]);
    // At once, not with the next regular one: who killed it waits for this word.
    expect(bench.owner.beats.at(-1)).toMatchObject({ busy: 0, leases: [] });
  }
  expect(Math.min(...took)).toBeLessThan(2000);
});

test("one that is one too many ends its work and itself, and goes on to be heard as the other; a restart names the start before it", async () => {
  bench = await startBench();
  const start = bench.owner.beats[0]?.start ?? "";
  bench.owner.offer(bench.order("shell.run", { argv: ["sh", "-c", `echo $$ > ${bench.dir}/pid; sleep 300`] }));
  const pid = await pidIn(join(bench.dir, "pid"));
  const call = { net: "", firing: "", attempt: 0, kept: "process 1 on there" };
  bench.owner.cancel({ ...call, surplus: "another" });
  expect(alive(pid)).toBe(true);
  bench.owner.cancel({ ...call, surplus: start });
  await until("the process to end", () => !alive(pid));
  await until("its work to be over", () => bench.executor().busy() === 0);
  expect(bench.owner.beats.filter(({ leaving }) => leaving)).toEqual([]);
  await bench.restart();
  expect(bench.owner.beats.at(-1)?.after).toBe(start);
  expect(bench.owner.beats.at(-1)?.start).not.toBe(start);
});

test("a result that could not be delivered is delivered after a restart, and claims without a result are given back", async () => {
  bench = await startBench();
  const { owner, dir } = bench;
  owner.onClaim = ({ verb }) => (verb === "settled" ? { ok: false, code: "not-in-log", message: "not yet" } : YES);
  const result: WorkResult = await bench.run("shell.run", { argv: ["echo", "kept"] });
  await bench.executor().stop();
  expect(readdirSync(join(dir, "results"))).toEqual(["team.f1.1.json"]);
  writeFileSync(join(dir, "claims", "team.f9.2.json"), JSON.stringify({ net: "team", firing: "f9", attempt: 2 }));
  owner.delivered.length = 0;
  owner.onClaim = () => YES;
  await bench.restart();
  expect(await until("the result again", () => owner.delivered[0])).toEqual(result);
  await until("the shelf to empty", () => readdirSync(join(dir, "results")).length === 0);
  await until("the release", () => owner.verbs("f9").includes("release"));
  expect(readdirSync(join(dir, "claims"))).toEqual([]);
});

test("what a former process left was given up where that was told to end, and lost with it where it was not", async () => {
  bench = await startBench();
  const { owner, dir } = bench;
  const released = async (firing: string) => {
    writeFileSync(join(dir, "claims", `team.${firing}.1.json`), JSON.stringify({ net: "team", firing, attempt: 1 }));
    await bench.restart();
    await until("the release", () => owner.verbs(firing).includes("release"));
    return owner.claims.find((claim) => claim.firing === firing && claim.request.verb === "release")?.request;
  };
  await bench.executor().drain(0);
  const ended = await released("f1");
  expect(ended).toMatchObject({ leaving: true });
  expect(ended?.died).toBeUndefined();
  const killed = await released("f2");
  expect(killed).toMatchObject({ died: true });
  expect(killed?.leaving).toBeUndefined();
});

test("processes that a killed executor left are ended when it starts again", async () => {
  bench = await startBench();
  await bench.executor().stop();
  const env = { PATH: process.env.PATH ?? "", HOME: join(bench.dir, "work", "team.f1.1", "home") };
  const left = spawn("sh", ["-c", 'trap "" TERM; while :; do sleep 1; done'], { env, detached: true, stdio: "ignore" });
  const pid = left.pid ?? 0;
  expect(alive(pid)).toBe(true);
  await bench.restart();
  await until("the process to end", () => !alive(pid));
});

test("a drain lets the short work finish, gives the long one back, and takes nothing new", async () => {
  bench = await startBench();
  const { owner } = bench;
  const short = bench.order("shell.run", { argv: ["sh", "-c", `touch ${bench.dir}/short; sleep 0.3; echo finished`] });
  const long = bench.order("shell.run", { argv: ["sh", "-c", `echo $$ > ${bench.dir}/pid; sleep 300`] });
  owner.offer(short);
  owner.offer(long);
  const pid = await pidIn(join(bench.dir, "pid"));
  await until("the short one to begin", () => readdirSync(bench.dir).includes("short"));
  // Room for the short one on a machine that stands still meanwhile; the long one takes all of it.
  const draining = bench.executor().drain(15_000);
  owner.offer(bench.order("shell.run", { argv: ["true"] }, { firing: "late" }));
  // Masters are told at once, and at its end that it is gone.
  expect(owner.beats.at(-1)).toMatchObject({ leaving: true, busy: expect.any(Number) });
  await draining;
  expect(owner.beats.at(-1)).toMatchObject({ leaving: true, busy: 0 });
  expect(goodValue(owner.resultOf(short) as WorkResult).stdout).toBe("finished\n");
  expect(owner.resultOf(long)).toBeUndefined();
  expect(owner.verbs(long.firing).at(-1)).toBe("release");
  const given = owner.claims.filter(({ firing }) => firing === long.firing).at(-1)?.request;
  expect(given, "it is no lapse of its own").toMatchObject({ verb: "release", leaving: true });
  expect(owner.verbs("late")).toEqual([]);
  expect(alive(pid)).toBe(false);
});

test("no more attempts run at once than there are slots", async () => {
  bench = await startBench({ slots: 2 });
  const orders = [1, 2, 3, 4, 5].map(() => bench.order("shell.run", { argv: ["sh", "-c", "sleep 0.15"] }));
  let most = 0;
  bench.owner.onClaim = ({ verb }) => {
    if (verb === "claim") most = Math.max(most, bench.executor().busy());
    return YES;
  };
  for (const order of orders) bench.owner.offer(order);
  await until("all results", () => orders.every((order) => bench.owner.resultOf(order)));
  expect(most).toBeLessThanOrEqual(2);
});

test("commands that were ended while the executor stood still are no result: the attempt is given back with the reason, and it works on", async () => {
  bench = await startBench();
  const { owner, dir } = bench;
  const leaseMs = 2000;
  owner.onClaim = () => ({ ...YES, leaseMs });
  const script = `echo $$ > ${join(dir, "pid")}; while :; do sleep 0.1; done`;
  const order = bench.order("shell.run", { argv: ["sh", "-c", script] });
  owner.offer(order);
  const pid = await pidIn(join(dir, "pid"));
  // The executor is this process: its event loop stands still, and nothing else does.
  const since = performance.now();
  const stillFor = () => performance.now() - since;
  while ((alive(pid) && stillFor() < 60_000) || stillFor() < 3 * leaseMs) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
  await until("it is given back", () => owner.verbs("f1").includes("release"));
  const given = owner.claims.find(({ request }) => request.verb === "release")?.request;
  expect(given?.note).toBe("the executor stood still for longer than its lease, and the commands that it ran were ended");
  expect(given?.leaving).toBeUndefined();
  await until("it is over", () => bench.executor().busy() === 0);
  expect(owner.delivered).toEqual([]);
  const next = await bench.run("shell.run", { argv: ["echo", "again"] });
  expect(goodValue(next).stdout).toBe("again\n");
}, 180_000);
