/** The tools of a workspace, each with calls that are allowed and calls that are refused, on a real executor with real git. */
import { rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FLAGS } from "../../src/contract/capability.ts";
import type { ToolCallAnswer, WorkOrder } from "../../src/contract/envelope.ts";
import type { Json, JsonObject } from "../../src/contract/json.ts";
import { toolCatalogue } from "../../src/tools/catalogue.ts";
import { type GitRepo, makeGitRepo } from "../support/git-repo.ts";
import { until } from "../support/wait-until.ts";
import { type ExecutorBench, startBench } from "./bench.ts";

const EXECUTOR_TOOLS = [...toolCatalogue.values()].filter(({ runs, needs }) => runs === "executor" && !needs?.includes("browser"));
const ALL = EXECUTOR_TOOLS.map(({ name }) => name);
const FILES = {
  "package.json": JSON.stringify({ name: "x", type: "module", scripts: { test: "node --test" } }),
  ".gitignore": "built/\n",
  ".hidden/notes.txt": "a needle hidden\n",
  "src/sum.js": "// adds\nexport const sum = (a, b) => a + b;\n// a needle here\n",
  "src/deep/more.ts": "needle 42\nneedleless\n",
  "docs/read.md": "nothing\n",
  "test/sum.test.js":
    'import assert from "node:assert/strict";\nimport { test } from "node:test";\nimport { sum } from "../src/sum.js";\n\ntest("sums", () => assert.equal(sum(1, 2), 3));\n',
};
let repo: GitRepo;
let bench: ExecutorBench;
let work: WorkOrder;
beforeAll(async () => {
  repo = makeGitRepo(FILES);
  bench = await startBench({ slots: 12 });
  work = await open("rwxhl", ALL);
});
afterAll(async () => {
  await bench?.end();
  repo?.remove();
});

let count = 0;
async function open(flags: string, tools: string[], over: Partial<WorkOrder> = {}): Promise<WorkOrder> {
  count += 1;
  const input = { repo: repo.origin, base: "main", branch: `task/${count}`, seed: "2026-03-01T10:00:00Z" };
  const order = bench.order("code.session", input, { persona: { name: "worker", flags, tools }, ...over });
  bench.owner.offer(order);
  await until("the session", async () => (await bench.owner.callOnce(order, "git.status", {}, "probe")).state !== "running");
  return order;
}
async function ok(name: string, input: Json = {}, order = work): Promise<JsonObject> {
  const answer = await bench.owner.call(order, name, input);
  if (answer.state !== "done") throw new Error(`${name}: ${JSON.stringify(answer)}`);
  const fits = toolCatalogue.get(name)?.output.safeParse(answer.output);
  expect(fits?.success, `${name}: ${JSON.stringify(answer.output).slice(0, 300)}`).toBe(true);
  return answer.output as JsonObject;
}
const code = (answer: ToolCallAnswer) => (answer.state === "failed" ? answer.error.code : answer.state);
const refused = async (name: string, input: Json, order = work) => code(await bench.owner.call(order, name, input));

test("each needs its flag and its line on the list, where it runs", async () => {
  const unlisted = await open("rwxhl", ["git.status"]);
  const lacking = new Map<string, WorkOrder>();
  for (const flag of ["r", "w", "x"]) lacking.set(flag, await open(FLAGS.map((each) => (each === flag ? "-" : each)).join(""), ALL));
  for (const { name, flag } of EXECUTOR_TOOLS) {
    const order = lacking.get(flag ?? "") as WorkOrder;
    expect(await refused(name, {}, order), name).toBe("flag-missing");
    if (name !== "git.status") expect(await refused(name, {}, unlisted), name).toBe("tool-not-listed");
  }
  // What does not run here is not here, whatever the list says.
  const greedy = await open("rwxhl", [...ALL, "http.get", "place.emit", "time.now"]);
  for (const name of ["place.emit", "http.get", "time.now"])
    expect(["tool-not-here", "tool-not-wired"]).toContain(await refused(name, {}, greedy));
  for (const order of [unlisted, greedy, ...lacking.values()]) await bench.owner.call(order, "session.close", {});
});

test("search leaves out hidden, ignored and binary files unless they are asked for", async () => {
  await ok("fs.write", { path: "built/out.js", text: "a needle built\n" });
  await ok("fs.write", { path: "src/new file.js", text: "one\ntwo needle\nthree\n" });
  await ok("fs.write", { path: "src/blob.bin", text: "needle\0" });
  const found = async (input: JsonObject) =>
    ((await ok("fs.search", input)).matches as JsonObject[]).map(({ path, line }) => `${path}:${line}`);
  expect(await found({ text: "needle" })).toEqual(["src/deep/more.ts:1", "src/deep/more.ts:2", "src/new file.js:2", "src/sum.js:3"]);
  expect(await found({ text: "needle", hidden: true })).toContain(".hidden/notes.txt:1");
  expect(await found({ text: "needle", ignored: true })).toContain("built/out.js:1");
  expect(await found({ pattern: "needle\\s\\d+" })).toEqual(["src/deep/more.ts:1"]);
  expect(await found({ text: "needle", wholeWord: true, glob: "*.ts" })).toEqual(["src/deep/more.ts:1"]);
  expect(await found({ text: "needle", glob: "!*.ts" })).toEqual(["src/new file.js:2", "src/sum.js:3"]);
  expect(await found({ text: "needle", path: "src/deep" })).toEqual(["src/deep/more.ts:1", "src/deep/more.ts:2"]);
  expect(await found({ text: "needle", path: "src", glob: "*.js" })).toEqual(["src/new file.js:2", "src/sum.js:3"]);
  expect(await found({ text: "NEEDLE 42", ignoreCase: true })).toEqual(["src/deep/more.ts:1"]);
  expect(await found({ text: "two needle", context: 1 })).toEqual(["src/new file.js:1", "src/new file.js:2", "src/new file.js:3"]);
  expect(await found({ text: "needle", filesOnly: true })).toEqual(["src/deep/more.ts:1", "src/new file.js:1", "src/sum.js:1"]);
  expect((await ok("fs.search", { text: "needle", limit: 1 })).truncated).toBe(true);
  expect(await found({ text: "-e" })).toEqual([]);
  expect(await refused("fs.search", { pattern: "(" })).toBe("pattern-unsound");
  expect(await refused("fs.search", { text: "x", path: "../.." })).toBe("path-outside");
  expect(await refused("fs.search", { text: "x", pattern: "x" })).toBe("tool-input");
});

test("a pattern that backtracks without end does not hold the executor up", async () => {
  await ok("fs.write", { path: "src/long.txt", text: `${"a".repeat(60)}b\n` });
  const answer = await refused("fs.search", { pattern: "(a+)+$(?<!b)c", path: "src" });
  expect(["done", "search-too-long", "pattern-unsound"]).toContain(answer);
  await ok("fs.delete", { path: "src/long.txt" });
}, 180_000);

test("files are moved within the project, over nothing, and not out of protection", async () => {
  await ok("fs.write", { path: "a.txt", text: "a" });
  expect(await ok("fs.move", { from: "a.txt", to: "new/b.txt" })).toEqual({ from: "a.txt", to: "new/b.txt" });
  expect(await refused("fs.move", { from: "a.txt", to: "c.txt" })).toBe("no-such-file");
  expect(await refused("fs.move", { from: "new/b.txt", to: "package.json" })).toBe("file-exists");
  expect(await refused("fs.move", { from: "new", to: "other" })).toBe("is-folder");
  expect(await refused("fs.move", { from: "new/b.txt", to: "../b.txt" })).toBe("path-outside");
  expect(await refused("fs.move", { from: "new/b.txt", to: ".git/hooks/x" })).toBe("path-outside");
  await ok("fs.delete", { path: "new/b.txt" });
  expect(await ok("fs.list", { path: "docs" })).toMatchObject({ entries: ["docs/read.md"] });
  expect(await ok("fs.read", { path: "docs/read.md" })).toMatchObject({ text: "nothing\n" });
  await ok("fs.write", { path: "docs/read.md", text: "something\n" });
  await ok("fs.patch", { path: "docs/read.md", find: "some", replace: "any" });
  expect((await ok("git.diff")).diff).toContain("+anything");
});

describe("git", () => {
  test("blame and show tell what the commits hold", async () => {
    expect((await ok("git.blame", { path: "src/sum.js" })).lines).toMatchObject([{ line: 1, text: "// adds" }, { line: 2 }, { line: 3 }]);
    expect(await ok("git.show", {})).toMatchObject({
      sha: repo.head("main"),
      subject: "First commit",
      text: expect.stringContaining("+// adds"),
    });
    expect(await ok("git.show", { commit: "HEAD", path: "src/deep/more.ts" })).toMatchObject({ text: "needle 42\nneedleless\n" });
    expect(await refused("git.show", { commit: "--output=/tmp/x" })).toBe("no-such-commit");
    expect(await refused("git.show", { commit: "nope" })).toBe("no-such-commit");
    expect(await refused("git.show", { path: "../../x" })).toBe("path-outside");
    expect(await refused("git.blame", { path: "none.js" })).toBe("no-such-file");
    expect(await refused("git.blame", { path: "/etc/passwd" })).toBe("path-outside");
  });

  test("branch, merge, status and log, with a conflict that changes nothing", async () => {
    repo.push("main", { "src/sum.js": "// adds well\nexport const sum = (a, b) => a + b;\n// a needle here\n" });
    expect(await refused("git.merge", { from: "main" })).toBe("uncommitted-changes");
    await ok("git.commit", { message: "My change" });
    expect(await ok("git.branch", { name: "mark" })).toMatchObject({ created: "mark" });
    expect(await refused("git.branch", { name: "mark" })).toBe("branch-exists");
    expect(await refused("git.branch", { name: "-d" })).toBe("tool-input");
    await ok("fs.patch", { path: "src/sum.js", find: "// adds", replace: "// sums" });
    await ok("git.commit", { message: "A clash" });
    const other = await open("rw---", ALL);
    await bench.owner.call(other, "session.close", {});
    const conflict = await ok("git.merge", { from: "origin/main" });
    expect(conflict).toMatchObject({ merged: false, conflicts: ["src/sum.js"], text: expect.stringContaining("<<<<<<<") });
    expect((await ok("git.status")).clean).toBe(true);
    await ok("fs.patch", { path: "src/sum.js", find: "// sums", replace: "// adds" });
    await ok("git.commit", { message: "As it was" });
    expect(await ok("git.merge", { from: "origin/main", message: "Take over" })).toMatchObject({ merged: true, conflicts: [] });
    expect(((await ok("git.log", { limit: 1 })).commits as JsonObject[])[0]).toMatchObject({ subject: "Take over" });
    expect(await refused("git.merge", { from: "HEAD~1" })).toBe("no-such-commit");
  });

  test("push needs x and the position that releases, asks the owner, and never forces", async () => {
    expect(await refused("git.push", {})).toBe("tool-not-wired");
    const releasing = await open("rwx--", ALL, { release: true });
    const before = repo.head("main");
    await ok("fs.write", { path: "released.txt", text: "1\n" }, releasing);
    expect(await refused("git.push", {}, releasing)).toBe("uncommitted-changes");
    const commit = await ok("git.commit", { message: "Release" }, releasing);
    expect(await ok("git.push", {}, releasing)).toEqual({ branch: "main", sha: commit.sha, pushed: true });
    expect(repo.head("main")).toBe(commit.sha);
    expect(bench.owner.verbs(releasing.firing)).toContain("confirm");
    expect(await ok("git.push", {}, releasing)).toMatchObject({ pushed: false });
    expect(before).not.toBe(commit.sha);
    repo.push("main", { "elsewhere.txt": "2\n" });
    await ok("fs.write", { path: "released.txt", text: "3\n" }, releasing);
    await ok("git.commit", { message: "Late" }, releasing);
    expect(await refused("git.push", {}, releasing)).toBe("push-rejected");
    expect(repo.show("main", "elsewhere.txt")).toBe("2");
    // Without x no position helps.
    const weak = await open("rw---", ALL, { release: true });
    expect(await refused("git.push", {}, weak)).toBe("flag-missing");
    for (const order of [releasing, weak]) await bench.owner.call(order, "session.close", {});
  });
});

describe("commands", () => {
  test("run and script answer with what a command printed, in a clean environment", async () => {
    expect(await ok("command.run", { argv: ["node", "-p", "1 + 1"] })).toMatchObject({ exitCode: 0, stdout: "2\n" });
    expect(await ok("command.run", { argv: ["cat"], input: "in" })).toMatchObject({ stdout: "in" });
    expect(await ok("command.run", { argv: ["sh", "-c", "exit 3"] })).toMatchObject({ exitCode: 3 });
    expect(await ok("command.run", { argv: ["pwd"], folder: "src" })).toMatchObject({ stdout: expect.stringMatching(/\/tree\/src\n$/) });
    expect(await ok("command.script", { script: "for n in 1 2; do echo $n; done" })).toMatchObject({ stdout: "1\n2\n" });
    expect(await ok("command.script", { script: 'console.log("n" + 1)', by: "node" })).toMatchObject({ stdout: "n1\n" });
    expect((await ok("command.run", { argv: ["env"] })).stdout).not.toContain("npm_package_name");
    expect(await ok("command.run", { argv: ["sleep", "30"], seconds: 1 })).toMatchObject({ timedOut: true });
    expect(await refused("command.run", { argv: ["no-such-program"] })).toBe("command-not-found");
    expect(await refused("command.run", { argv: ["ls"], folder: ".." })).toBe("path-outside");
    symlinkSync("/", join(bench.dir, "work", `team.${work.firing}.1`, "tree", "root"));
    expect(await refused("command.run", { argv: ["ls"], folder: "root/etc" })).toBe("path-outside");
    rmSync(join(bench.dir, "work", `team.${work.firing}.1`, "tree", "root"));
    for (const script of ["git push origin HEAD", "cd x; git -c a=b push"])
      expect(await refused("command.script", { script })).toBe("command-pushes");
    expect(await refused("command.run", { argv: ["git", "push"] })).toBe("command-pushes");
  });

  test("tests.run", async () => {
    expect(await ok("tests.run")).toMatchObject({ ok: true, passed: 1 });
  });
});
