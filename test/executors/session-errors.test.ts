/** Each error that a tool of a workspace names, provoked once, by a real executor on real files and git; and no error that it does not name. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { WorkOrder } from "../../src/contract/envelope.ts";
import type { JsonObject } from "../../src/contract/json.ts";
import { toolCatalogue } from "../../src/tools/catalogue.ts";
import { type GitRepo, makeGitRepo } from "../support/git-repo.ts";
import { until } from "../support/wait-until.ts";
import { type ExecutorBench, startBench } from "./bench.ts";

const TOOLS = [...toolCatalogue.values()].filter(({ runs }) => runs === "executor");
const ALL = TOOLS.map(({ name }) => name);
const LONG = "n".repeat(300);
let repo: GitRepo;
let bench: ExecutorBench;
let work: WorkOrder;
let tree: string;
beforeAll(async () => {
  repo = makeGitRepo({ "a.txt": "one two one\n", "src/b.txt": "b\n" });
  bench = await startBench({ slots: 4 });
  work = await open({ repo: repo.origin, base: "main", branch: "task/errors", seed: "2026-03-01T10:00:00Z" });
  tree = join(bench.dir, "work", `team.${work.firing}.1`, "tree");
  writeFileSync(join(tree, "blob.bin"), "a\0b");
  writeFileSync(join(tree, "huge.txt"), "");
  truncateSync(join(tree, "huge.txt"), 4 * 1024 * 1024 + 1);
  await bench.owner.call(work, "git.commit", { message: "Odd files" });
  // Whoever opens a pipe that nobody writes into or reads from stands still: the executor must not.
  execFileSync("mkfifo", [join(tree, "pipe"), join(tree, "package.json"), join(tree, "Makefile")]);
});
afterAll(async () => {
  await bench?.end();
  repo?.remove();
});

async function open(input: JsonObject, over: Partial<WorkOrder> = {}): Promise<WorkOrder> {
  const order = bench.order("code.session", input, { persona: { name: "worker", flags: "rwxhl", tools: ALL }, ...over });
  bench.owner.offer(order);
  await until(
    "the session",
    async () =>
      existsSync(join(bench.dir, "work", `team.${order.firing}.1`, "tree", "a.txt")) &&
      (await bench.owner.call(order, "git.status", {})).state === "done",
  );
  return order;
}
/** Its worktree has lost its repository. */
let broken: WorkOrder | null = null;
async function openBroken(): Promise<WorkOrder> {
  if (broken) return broken;
  broken = await open({ repo: repo.origin, base: "main", branch: "task/broken", seed: "2026-03-01T10:00:00Z" });
  // git's own folder of the tree, which lies in the mirror.
  const noted = readFileSync(join(bench.dir, "work", `team.${broken.firing}.1`, "tree", ".git"), "utf8");
  rmSync(noted.replace("gitdir: ", "").trim(), { recursive: true });
  return broken;
}
async function codeOf(name: string, input: JsonObject, order = work): Promise<string> {
  const answer = await bench.owner.call(order, name, input);
  return answer.state === "failed" ? answer.error.code : answer.state;
}

/** Provoked where more is needed: an origin that refuses, a policy, a clock. */
const ELSEWHERE = new Set([
  "fs.search search-too-long",
  // An executor without python3.
  "command.script command-not-found",
  ...[
    "push-rejected",
    "push-refused",
    "policy-branch",
    "policy-repository",
    "origin-unreachable",
    "uncommitted-changes",
    "not-confirmed",
  ].map((code) => `git.push ${code}`),
  "git.merge uncommitted-changes",
  ...["fs.write", "fs.patch", "fs.move", "fs.delete"].map((name) => `${name} file-protected`),
]);
const outside = { path: "../x" };
const none = { path: "none.txt" };
const PROVOKED: [tool: string, input: JsonObject, code: string][] = [
  ["fs.read", outside, "path-outside"],
  ["fs.read", { path: "/etc/passwd" }, "path-outside"],
  ["fs.read", { path: ".git/config" }, "path-outside"],
  ["fs.read", none, "no-such-file"],
  ["fs.read", { path: "a.txt/under" }, "no-such-file"],
  ["fs.read", { path: LONG }, "no-such-file"],
  ["fs.read", { path: "src" }, "not-a-file"],
  ["fs.read", { path: "pipe" }, "not-a-file"],
  ["fs.read", { path: "blob.bin" }, "binary-file"],
  ["fs.read", { path: "huge.txt" }, "file-too-large"],
  ["fs.list", outside, "path-outside"],
  ["fs.list", { path: "none" }, "no-such-file"],
  ["fs.search", { text: "x", ...outside }, "path-outside"],
  ["fs.search", { text: "x", path: "none" }, "no-such-file"],
  ["fs.search", { pattern: "(" }, "pattern-unsound"],
  ["fs.write", { text: "x", ...outside }, "path-outside"],
  ["fs.write", { text: "x", path: "src" }, "is-folder"],
  ["fs.write", { text: "x", path: "a.txt/under" }, "not-a-folder"],
  ["fs.write", { text: "x", path: "pipe" }, "not-a-file"],
  ["fs.write", { text: "x", path: LONG }, "name-too-long"],
  ["fs.move", { from: "a.txt", to: `new/${LONG}` }, "name-too-long"],
  ["fs.patch", { find: "a", replace: "b", ...outside }, "path-outside"],
  ["fs.patch", { find: "a", replace: "b", ...none }, "no-such-file"],
  ["fs.patch", { find: "a", replace: "b", path: "src" }, "not-a-file"],
  ["fs.patch", { find: "zz", replace: "b", path: "a.txt" }, "text-not-found"],
  ["fs.patch", { find: "one", replace: "b", path: "a.txt" }, "text-not-unique"],
  ["fs.patch", { find: "a", replace: "b", path: "blob.bin" }, "binary-file"],
  ["fs.patch", { find: "a", replace: "b", path: "huge.txt" }, "file-too-large"],
  ["fs.move", { from: "../x", to: "y" }, "path-outside"],
  ["fs.move", { from: "none.txt", to: "y" }, "no-such-file"],
  ["fs.move", { from: "src", to: "y" }, "is-folder"],
  ["fs.move", { from: "a.txt", to: "src/b.txt" }, "file-exists"],
  ["fs.move", { from: "a.txt", to: "src/b.txt/c" }, "not-a-folder"],
  ["fs.delete", outside, "path-outside"],
  ["fs.delete", none, "no-such-file"],
  ["fs.delete", { path: "src" }, "is-folder"],
  ["git.blame", outside, "path-outside"],
  ["git.blame", none, "no-such-file"],

  ["git.branch", { name: "task/errors" }, "branch-exists"],
  ["git.commit", { message: "Nothing" }, "nothing-to-commit"],
  ["git.diff", outside, "path-outside"],
  ["git.merge", { from: "nowhere" }, "no-such-commit"],
  ["git.show", { commit: "nowhere" }, "no-such-commit"],
  ["git.show", outside, "path-outside"],
  ["git.show", none, "no-such-file"],
  ["command.run", { argv: ["ls"], folder: ".." }, "path-outside"],
  ["command.run", { argv: ["ls"], folder: "none" }, "no-such-file"],
  ["command.run", { argv: ["no-such-program"] }, "command-not-found"],
  ["command.run", { argv: ["git", "push"] }, "command-pushes"],
  ["command.script", { script: "ls", folder: ".." }, "path-outside"],
  ["command.script", { script: "ls", folder: "none" }, "no-such-file"],
  ["command.script", { script: "git push" }, "command-pushes"],
  ["tests.run", {}, "no-test-command"],
];

test.each(PROVOKED)("%s with %j: %s", async (tool, input, code) => {
  expect(await codeOf(tool, input)).toBe(code);
  expect(Object.keys(toolCatalogue.get(tool)?.errors ?? {})).toContain(code);
});

test.each(["status", "diff", "log", "branch", "commit", "merge"].map((name) => `git.${name}`))("%s where git says no", async (tool) => {
  const broken = await openBroken();
  const inputs: Record<string, JsonObject> = {
    "git.commit": { message: "Mine" },
    "git.merge": { from: "main" },
  };
  expect(await codeOf(tool, inputs[tool] ?? {}, broken)).toBe("git-failed");
});

test("each error that is named has been provoked", () => {
  const provoked = new Set(PROVOKED.map(([tool, , code]) => `${tool} ${code}`));
  // Those of files, git and commands; other tools that run on an executor bring tests of their own.
  const own = TOOLS.filter(({ name }) => /^(fs|git|command|tests)\./.test(name));
  const named = own.flatMap(({ name, errors }) => Object.keys(errors).map((code) => `${name} ${code}`));
  const rest = named.filter((each) => !provoked.has(each) && !ELSEWHERE.has(each) && !each.endsWith(" git-failed"));
  expect(rest).toEqual([]);
  expect([...ELSEWHERE].filter((each) => !named.includes(each))).toEqual([]);
});
