/** A study has a process of its own, one at a time, which ends at its limits and with whoever started it (L1, L2). */
import { spawn } from "node:child_process";
import { afterEach, describe, expect, it } from "vitest";
import { type StudyOptions, type StudyProcesses, studyProcesses } from "../../src/executors/studies/study-processes.ts";
import { descendants, isAlive } from "../support/petrel-process.ts";
import { waitUntil } from "../support/wait-until.ts";
import { realClock } from "./real-clock.ts";

const READ = `let text = ""; process.stdin.on("data", (some) => { text += some; }); process.stdin.on("end", () => { `;
const ECHO = `${READ} process.stdout.write(process.pid + " " + text); });`;
const FOREVER = "setInterval(() => {}, 1000);";

let studies: StudyProcesses;
afterEach(() => studies?.close());
const start = (script: string, more: Partial<StudyOptions> = {}) => {
  studies = studyProcesses({ clock: realClock, program: ["-e", script], ...more });
};
const isRunning = () => waitUntil("it runs", () => studies.pids().length === 1);

describe("a study", () => {
  it("gets every line, more than a pipe holds, and gives its answer whole", { timeout: 180_000 }, async () => {
    start(ECHO);
    const lines = Array.from({ length: 3000 }, (_, at) => `${at} ${"x".repeat(1000)}`);
    const said = await studies.run(lines);
    const answer = said.slice(said.indexOf(" ") + 1);
    expect(answer.length).toBe(lines.join("\n").length + 1);
    expect(answer.trim().split("\n")).toEqual(lines);
  });
  it("waits for the one before it, which may have failed, and has a process of its own", { timeout: 180_000 }, async () => {
    start(`${READ} if (text.startsWith("bad")) process.exit(3); process.stdout.write(String(process.pid)); });`);
    const all = [studies.run(["a"]), studies.run(["bad"]), studies.run(["b"])];
    let most = 0;
    const looking = setInterval(() => {
      most = Math.max(most, studies.pids().length);
    }, 1);
    const [one, two, three] = await Promise.allSettled(all);
    clearInterval(looking);
    expect(most).toBe(1);
    expect(two).toMatchObject({ status: "rejected", reason: { code: "study-failed", message: expect.stringContaining("exit code 3") } });
    expect([one, three]).toMatchObject([{ status: "fulfilled" }, { status: "fulfilled" }]);
    expect(one).not.toEqual(three);
  });
  it.each([
    ["that ends at once", "process.exit(7)", "exit code 7"],
    ["that throws", 'throw new Error("no such rule")', "no such rule"],
  ])("of a program %s fails and says so", { timeout: 180_000 }, async (_, script, words) => {
    start(script);
    const lines = Array.from({ length: 2000 }, () => "x".repeat(1000));
    await expect(studies.run(lines)).rejects.toMatchObject({ code: "study-failed", message: expect.stringContaining(words) });
  });
  it("that somebody kills fails and names the signal", { timeout: 180_000 }, async () => {
    start(FOREVER);
    const failed = expect(studies.run(["a"])).rejects.toMatchObject({ code: "study-failed", message: expect.stringContaining("SIGKILL") });
    await isRunning();
    process.kill(studies.pids()[0] as number, "SIGKILL");
    await failed;
  });
  it("ends at its limit of time, though it computes and hears nothing", { timeout: 180_000 }, async () => {
    start("for (;;);", { timeoutMs: 300 });
    await expect(studies.run(["a"])).rejects.toMatchObject({ code: "study-too-long", message: expect.stringContaining("300 ms") });
    expect(studies.pids()).toEqual([]);
  });
  it("ends at its limit of memory", { timeout: 180_000 }, async () => {
    start("const all = []; for (;;) all.push(new Array(1000).fill({}));", { memoryMb: 32 });
    await expect(studies.run(["a"])).rejects.toMatchObject({ code: "study-too-much", message: expect.stringContaining("32 MB") });
  });
  it("is given up at the end, with those that wait", { timeout: 180_000 }, async () => {
    start(FOREVER);
    const all = Promise.allSettled([studies.run(["a"]), studies.run(["b"])]);
    await isRunning();
    const [pid = 0] = studies.pids();
    studies.close();
    for (const one of await all) expect(one).toMatchObject({ status: "rejected", reason: { outlook: "cancelled", code: "stopped" } });
    expect(isAlive(pid)).toBe(false);
  });
  it("sees nothing of the environment", { timeout: 180_000 }, async () => {
    start(`${READ} process.stdout.write(Object.keys(process.env).join()); });`);
    expect(await studies.run([])).toBe("");
  });
});

it("the built program ends when the one that started it is killed", { timeout: 180_000 }, async () => {
  start(ECHO);
  // It waits for the end of what it reads, as it would while it learns: nothing but its second thread looks after its parent.
  const starts = `const { spawn } = require("node:child_process");
    const child = spawn(process.execPath, ["dist/petrel.js", "learn", String(process.pid)], { stdio: [3, "ignore", "ignore"] });
    console.log(child.pid); setInterval(() => {}, 1000);`;
  const parent = spawn(process.execPath, ["-e", starts], { stdio: ["ignore", "pipe", "inherit", "pipe"] });
  let said = "";
  parent.stdout?.on("data", (bytes) => {
    said += String(bytes);
  });
  await waitUntil("it has started", () => /\d+\n/.test(said));
  const pid = Number(said);
  await waitUntil("it runs", () => descendants(process.pid).some((one) => one.pid === pid && one.command.includes("learn")));
  parent.kill("SIGKILL");
  await waitUntil("it is gone", () => !isAlive(pid));
});
