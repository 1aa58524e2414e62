/** Who leaves session, environment and parent, where there is no control group: whoever was seen once is counted, and ended. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import type { BirthBook } from "../../src/executors/outliving-watch.ts";
import { statOf } from "../../src/executors/process-start.ts";
import { type CommandResult, runCommand } from "../../src/executors/process-tree.ts";
import { TreeWatch } from "../../src/executors/tree-limits.ts";
import { until } from "../support/wait-until.ts";
import { realClock } from "./bench.ts";

const dir = mkdtempSync(join(tmpdir(), "petrel-strays-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
let count = 0;
let runs = 0;
let strays: number[] = [];
let gone: number[] = [];
beforeEach(() => {
  count += 1;
  strays = [];
  gone = [];
});
const births: BirthBook = {
  ready: () => {},
  group: () => () => {},
  stray: (pid) => {
    strays.push(pid);
    return () => void gone.push(pid);
  },
  heard: async () => {},
};
const file = (name: string) => join(dir, `${count}-${name}`);
const said = (name: string) => existsSync(file(name)) && readFileSync(file(name), "utf8").endsWith("\n");
const pidIn = (name: string) => Number(readFileSync(file(name), "utf8"));
const isThere = (pid: number) => statOf(pid)?.over === false;
function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}
/** Waits for a file, as long as the test's folder is there. */
const waitsFor = (name: string) => `while [ -d ${dir} ] && [ ! -e ${file(name)} ]; do sleep 0.05; done`;
/** Begins a script with no mark, in a session of its own, as the child of one that ends when the file `leave` is there. */
function away(script: string): string {
  const [stray, parent] = [file("stray.sh"), file("parent.sh")];
  writeFileSync(stray, `exec >/dev/null 2>&1 </dev/null; echo $$ > ${file("pid")}; ${script}\n`);
  writeFileSync(parent, `setsid env -i PATH="$PATH" sh ${stray} & ${waitsFor("leave")}\n`);
  return `sh ${parent}`;
}

function run(script: string, { processes = 100, signal }: { processes?: number; signal?: AbortSignal } = {}): Promise<CommandResult> {
  const mark = `PETREL_RUN=strays-${process.pid}-${++runs}.`;
  const [name = "", value = ""] = mark.split("=");
  const limits = { watch: new TreeWatch(realClock, births), memoryMb: 1000, processes };
  const env = { PATH: process.env.PATH ?? "", [name]: value };
  return runCommand(
    {
      argv: ["sh", "-c", script],
      cwd: dir,
      env,
      timeoutMs: 60_000,
      graceMs: 30_000,
      mark,
      limits,
      births,
      group: null,
      ...(signal ? { signal } : {}),
    },
    realClock,
  );
}
async function left(): Promise<number> {
  await until("it is away", () => said("pid"));
  const pid = pidIn("pid");
  await until("it was seen", () => strays.includes(pid));
  writeFileSync(file("leave"), "");
  return pid;
}

describe("a stray that was seen once", () => {
  beforeEach(({ skip }) => skip(!TreeWatch.possible, "there is no table of processes here"));
  it("ends with its command", async () => {
    const running = run(`${away(`trap '' TERM; ${waitsFor("never")}`)}; ${waitsFor("go")}`);
    const pid = await left();
    await until("nobody is its parent any more", () => !commandOf(statOf(pid)?.parent ?? 0).includes("parent.sh"));
    writeFileSync(file("go"), "");
    expect((await running).exitCode).toBe(0);
    expect(isThere(pid)).toBe(false);
  }, 180_000);

  it("is counted with what it starts afterwards", async () => {
    const many = "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 600 & done; wait";
    const running = run(`${away(`${waitsFor("multiply")}; ${many}`)}; ${waitsFor("go")}`, { processes: 10 });
    const ended = expect(running).rejects.toMatchObject({ code: "process-limit" });
    const pid = await left();
    writeFileSync(file("multiply"), "");
    await ended;
    expect(isThere(pid)).toBe(false);
  }, 180_000);

  it("is told, and ended, when its command is called off", async () => {
    const abort = new AbortController();
    const told = `trap 'echo told > ${file("told")}' TERM; ${waitsFor("never")}`;
    const running = run(`${away(`${told}`)}; trap '' TERM; touch ${file("ready")}; ${waitsFor("told")}`, { signal: abort.signal });
    const ended = expect(running).rejects.toMatchObject({ code: "aborted" });
    const pid = await left();
    await until("the leader is deaf", () => existsSync(file("ready")));
    abort.abort();
    await ended;
    expect(isThere(pid)).toBe(false);
    expect(existsSync(file("told")), "TERM before KILL").toBe(true);
  }, 180_000);

  it("is forgotten when it has ended, and another command's processes are never its own", async () => {
    const first = run(`${away(`${waitsFor("leave")}`)}; ${waitsFor("go")}`);
    const pid = await left();
    await until("it is known to be gone", () => gone.includes(pid));
    const other = run(`echo $$ > ${file("other")}; ${waitsFor("on")}; echo good`);
    await until("the other runs", () => said("other"));
    writeFileSync(file("go"), "");
    expect((await first).exitCode).toBe(0);
    writeFileSync(file("on"), "");
    expect((await other).stdout).toBe("good\n");
  }, 180_000);
});
