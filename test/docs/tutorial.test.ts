/** The tutorial, pasted block by block into a shell in an empty folder, with what it says that it prints. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { waitUntil } from "../support/wait-until.ts";
import { type Fence, fencesOf } from "./pages.ts";

const root = resolve(".");
const folder = mkdtempSync(join(tmpdir(), "petrel-tutorial-"));
const bin = join(folder, "bin");
const shell = join(folder, "shell-state");
let background: { child: ChildProcess; log: string } | null = null;

const environment = () => ({
  ...process.env,
  PATH: `${bin}${delimiter}${process.env.PATH}`,
  PETREL: root,
  XDG_CONFIG_HOME: join(folder, "config"),
  NO_COLOR: "1",
});

beforeAll(() => {
  mkdirSync(bin);
  mkdirSync(join(folder, "work"));
  program("petrel", join(root, "dist", "petrel.js"));
  const own = (process.env.PATH ?? "").split(delimiter).some((each) => existsSync(join(each, "nats")));
  if (!own) program("nats", join(root, "test", "docs", "nats-stand-in.mjs"));
  writeFileSync(shell, `cd '${join(folder, "work")}'\n`);
});

afterAll(async () => {
  await stopBackground();
  rmSync(folder, { recursive: true, force: true });
});

function program(name: string, script: string): void {
  writeFileSync(join(bin, name), `#!/bin/sh\nexec '${process.execPath}' '${script}' "$@"\n`, { mode: 0o755 });
}

/** Runs a block where the one before ended. Its output, both streams. */
function paste(text: string): Promise<string> {
  const script = `. '${shell}'\nset -e\n${text}\necho "cd '$PWD'" > '${shell}'\n`;
  return new Promise((done, failed) => {
    execFile("bash", ["-c", script], { env: environment(), timeout: 180_000 }, (error, stdout, stderr) =>
      error ? failed(new Error(`${text}\n${stdout}\n${stderr}`, { cause: error })) : done(stdout + stderr),
    );
  });
}

async function stopBackground(): Promise<void> {
  const running = background;
  background = null;
  if (!running || running.child.exitCode !== null) return;
  const over = new Promise((done) => running.child.once("exit", done));
  running.child.kill("SIGINT");
  await over;
}

async function startBackground(fence: Fence, wanted: string[]): Promise<void> {
  await stopBackground();
  const log = join(folder, "background.log");
  rmSync(log, { force: true });
  const child = spawn("bash", ["-c", `. '${shell}'\nexec ${fence.text.trim()} > '${log}' 2>&1`], { env: environment() });
  background = { child, log };
  const says = () => (existsSync(log) ? readFileSync(log, "utf8") : "");
  await waitUntil(`${fence.text.trim()} says ${wanted.join(", ")}`, () => {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}: ${says()}`);
    return wanted.every((line) => squeezed(says()).includes(squeezed(line)));
  });
}

/** Tables are as wide as their content, so runs of blanks count as one. */
function squeezed(text: string): string {
  return text.replace(/[ \t]+/g, " ");
}

test("docs/tutorial.md does what it says", { timeout: 480_000 }, async () => {
  const fences = fencesOf("docs/tutorial.md");
  for (const [at, fence] of fences.entries()) {
    const next = fences[at + 1];
    const wanted = next?.kind === "prints" ? next.text.split("\n").filter((line) => line !== "") : [];
    const where = `docs/tutorial.md:${fence.line}`;
    if (fence.kind === "sh background") await startBackground(fence, wanted);
    if (fence.kind === "sh run" || fence.kind === "sh nats") {
      const said = squeezed(await paste(fence.text));
      for (const line of wanted) expect(said, where).toContain(squeezed(line));
    }
    if (fence.kind === "sh eventually") {
      await waitUntil(where, async () => {
        const said = squeezed(await paste(fence.text));
        return wanted.every((line) => said.includes(squeezed(line)));
      });
    }
  }
  expect(fences.filter(({ kind }) => kind === "sh run").length).toBeGreaterThan(8);
});
