/** The executor's own git in trees that commands have written to: nothing there has it run a program (G1) or leads it elsewhere (G2). */
import { existsSync, mkdirSync, readdirSync, readlinkSync, writeFileSync } from "node:fs";
import { delimiter, join, relative } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { WorkOrder } from "../../src/contract/envelope.ts";
import type { Json, JsonObject } from "../../src/contract/json.ts";
import { machinePolicySchema } from "../../src/executors/machine-policy.ts";
import { findSandbox } from "../../src/executors/sandbox.ts";
import { type GitRepo, gitIn, makeGitRepo } from "../support/git-repo.ts";
import { testFolder } from "../support/nats-server.ts";
import { until } from "../support/wait-until.ts";
import { DEVELOPER, DEVOPS, type ExecutorBench, startBench } from "./bench.ts";

const sandbox = await findSandbox(process.env);
const ran = join(testFolder("ran"), "ran");
/** Settings of a repository by which git runs a program: it stands for what a command wants to run outside. */
const SETTINGS = [
  "git config core.bare false",
  `git config core.fsmonitor "touch ${ran} #"`,
  `git config filter.x.clean "touch ${ran}; cat"`,
  "git config core.hooksPath .git/hooks",
  "mkdir -p .git/hooks .git/info && echo '* filter=x' >.git/info/attributes",
  `printf '#!/bin/sh\\ntouch ${ran}\\n' >.git/hooks/post-commit && chmod +x .git/hooks/post-commit`,
].join("\n");
const PACKAGE = { name: "x", type: "module", scripts: { test: "sh do.sh; node --test" } };
const TEST = 'import { test } from "node:test";\ntest("sums", () => {});\n';
let repo: GitRepo;
let bench: ExecutorBench;

beforeEach(async () => {
  repo = makeGitRepo({ "package.json": JSON.stringify(PACKAGE), "do.sh": "true\n", "test/sum.test.js": TEST });
  bench = await startBench();
});
afterEach(async () => {
  await bench?.end();
  repo?.remove();
});

async function open(input: JsonObject): Promise<WorkOrder> {
  const order = bench.order(
    "code.session",
    { base: "main", branch: "task/one", seed: "2026-03-01T10:00:00Z", ...input },
    { persona: { ...DEVELOPER, flags: "rwx--", tools: [...DEVELOPER.tools, "git.merge", "command.run"] } },
  );
  bench.owner.offer(order);
  await until("the session", async () => (await bench.owner.callOnce(order, "git.status", {}, "probe")).state === "done");
  return order;
}
async function ok(order: WorkOrder, tool: string, input: Json = {}): Promise<JsonObject> {
  const answer = await bench.owner.call(order, tool, input);
  if (answer.state !== "done") throw new Error(`${tool}: ${JSON.stringify(answer)}`);
  return answer.output as JsonObject;
}
/** Has the project's test run do it, then uses every tool of git. Gives the files of the commit; `uncommitted`: what is left as it is. */
async function after(order: WorkOrder, script: string, uncommitted = 0): Promise<unknown> {
  await ok(order, "fs.write", { path: "do.sh", text: `${script}\ntrue\n` });
  expect(await ok(order, "tests.run")).toMatchObject({ ok: true });
  await ok(order, "git.status");
  await ok(order, "git.diff");
  await ok(order, "fs.search", { text: "sums" });
  const { files } = await ok(order, "git.commit", { message: "Done" });
  await ok(order, "fs.write", { path: "more.txt", text: "more" });
  await ok(order, "git.diff", { since: "base" });
  await ok(order, "git.status");
  await ok(order, "git.commit", { message: "More" });
  expect((await ok(order, "session.close")).uncommitted).toBe(uncommitted);
  return files;
}

test("a tree's own git is not asked: what a command made of it runs nothing, and the work is committed where it belongs", async () => {
  const order = await open({ repo: repo.origin });
  const files = await after(
    order,
    `common=$(git rev-parse --git-common-dir); rm .git; cp -r "$common" .git; rm -rf .git/worktrees; ${SETTINGS}`,
  );
  expect(files).toEqual(["do.sh"]);
  expect(existsSync(ran)).toBe(false);
});

test("a repository inside the tree, also where a submodule belongs, is not looked into", async () => {
  const clone = join(repo.root, "clone");
  gitIn(clone, "update-index", "--add", "--cacheinfo", `160000,${repo.head("main")},sub`);
  gitIn(clone, "update-index", "--add", "--cacheinfo", `160000,${repo.head("main")},gone`);
  gitIn(clone, "commit", "-q", "-m", "Two submodules, which nobody has fetched");
  gitIn(clone, "push", "-q", "origin", "HEAD:refs/heads/main");
  const order = await open({ repo: repo.origin });
  const commit = "echo inner >file && git add file && git -c user.name=a -c user.email=a@example.org commit -q -m Inner";
  const make = (folder: string) => `(mkdir -p ${folder} && cd ${folder} && git init -q . && ${commit} && ${SETTINGS})`;
  expect(await after(order, `${make("sub")}\n${make("new")}\nrmdir gone`, 2)).toEqual(["do.sh", "gone"]);
  expect(existsSync(ran)).toBe(false);
});

test("a merge fetches nothing for a submodule that both sides moved, by a repository that a command made there", async () => {
  const clone = join(repo.root, "clone");
  const moved = (branch: string, commit: string) => {
    gitIn(clone, "update-index", "--add", "--cacheinfo", `160000,${commit},sub`);
    gitIn(clone, "commit", "-q", "-m", `The submodule of ${branch}`);
    gitIn(clone, "push", "-q", "origin", `HEAD:refs/heads/${branch}`);
  };
  moved("main", "1".repeat(40));
  moved("ours", "2".repeat(40));
  gitIn(clone, "reset", "-q", "--hard", "HEAD~1");
  moved("theirs", "3".repeat(40));
  const order = await open({ repo: repo.origin, base: "ours" });
  // Commits that are not there would be fetched from where this says, by what this says.
  const promised = [
    "git config core.repositoryFormatVersion 1 && git config extensions.partialClone origin",
    "git config remote.origin.promisor true && git config remote.origin.partialCloneFilter blob:none",
    `git config remote.origin.url ssh://host/x && git config core.sshCommand "touch ${ran} #"`,
  ].join(" && ");
  await ok(order, "fs.write", {
    path: "do.sh",
    text: `mkdir -p sub && cd sub && git init -q . && ${promised} && echo ${"2".repeat(40)} >.git/HEAD\n`,
  });
  expect(await ok(order, "tests.run")).toMatchObject({ ok: true });
  expect((await ok(order, "git.commit", { message: "Done" })).files).toEqual(["do.sh"]);
  expect(await ok(order, "git.merge", { from: "theirs" })).toMatchObject({ merged: false, conflicts: ["sub"] });
  expect(existsSync(ran)).toBe(false);
});

test("a repository that a command made is no order's to push to, where its hooks would run outside", async () => {
  const order = await open({ repo: repo.origin });
  const hook = `printf '#!/bin/sh\\ntouch ${ran}\\n' >made/hooks/post-receive && chmod +x made/hooks/post-receive`;
  await ok(order, "fs.write", { path: "do.sh", text: `git clone -q --bare . made && git -C made branch main HEAD && ${hook}\n` });
  expect(await ok(order, "tests.run")).toMatchObject({ ok: true });
  const work = String((await ok(order, "command.run", { argv: ["pwd"] })).stdout).trim();
  const head = repo.head("main");
  for (const address of [`${work}/made`, `file://${work}/made`, relative(join(bench.dir, "mirrors", "any.git"), `${work}/made`)]) {
    const pushed = await bench.run("code.push", { repo: address, branch: "b", head, lease: null }, { persona: DEVOPS });
    expect([address, pushed.outcome]).toMatchObject([address, { error: { code: "policy-repository" } }]);
  }
  expect(existsSync(ran)).toBe(false);
});

test("a command sees the mirror of its own repository, and none of others", async ({ skip }) => {
  if (sandbox.kind === "none") skip(sandbox.why);
  const other = makeGitRepo({ "hush.txt": "hush\n" });
  try {
    const theirs = await open({ repo: other.origin });
    const order = await open({ repo: repo.origin, branch: "task/two" });
    const folder = join(bench.dir, "mirrors");
    expect(readdirSync(folder)).toHaveLength(2);
    const seen = await ok(order, "command.run", { argv: ["sh", "-c", `ls ${folder}; git log --format=%s`] });
    expect(String(seen.stdout).trim().split("\n")).toEqual([expect.stringMatching(/\.git$/), "First commit"]);
    await ok(theirs, "session.close");
  } finally {
    other.remove();
  }
});

test("without a repository git's own data cannot be changed either", async ({ skip }) => {
  if (sandbox.kind === "none") skip(sandbox.why);
  const order = await open({});
  await ok(order, "fs.write", { path: "package.json", text: JSON.stringify(PACKAGE) });
  await ok(order, "fs.write", { path: "test/sum.test.js", text: TEST });
  await after(
    order,
    `G=$(git rev-parse --git-common-dir); mv "$G" "$G.former"; rm -rf "$G"; ${SETTINGS}; git config core.fsmonitor "touch ${ran} #"`,
  );
  expect(existsSync(ran)).toBe(false);
});

test("a command in a sandbox cannot put something else where its worktree is", async ({ skip }) => {
  if (sandbox.kind === "none") skip(sandbox.why);
  const order = await open({ repo: repo.origin });
  const secret = testFolder("elsewhere");
  const files = await after(order, `cd .. && { mv tree former && ln -s ${secret} tree; ln -s ${secret} earlier; }`);
  expect(files).toEqual(["do.sh"]);
});

/** A git that first does what a link in the place of what git has looked at would have it do: it reads there, and writes what git runs by. */
function ledGit(): string {
  const bin = join(testFolder("bin"), "bin");
  mkdirSync(bin);
  const git = (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, "git"));
  const real = git.find((file) => existsSync(file));
  writeFileSync(
    join(bin, "git"),
    `#!/bin/sh
    if [ -n "$GIT_WORK_TREE" ]; then
      { echo "git $1"; cat "$GIT_WORK_TREE/led/file" "$GIT_WORK_TREE/led-home/start"; readlink /proc/self/ns/net
        for file in config hooks/post-commit refs/heads/planted worktrees/other; do echo >>"$GIT_DIR/../../$file" && echo "wrote $file"; done
        for file in commondir gitdir; do echo >>"$GIT_DIR/$file" && echo "wrote $file"; done
      } >>"$GIT_WORK_TREE/seen.txt" 2>/dev/null
    fi
    exec ${real} "$@"\n`,
    { mode: 0o755 },
  );
  return bin;
}

test.for(["off", "code"])(
  "what git opens elsewhere is not there, and of its own data it changes what a commit does; sandbox %s",
  async (kind, { skip }) => {
    if (sandbox.kind === "none") skip(sandbox.why);
    await bench.end();
    const environment = { ...process.env, PATH: `${ledGit()}${delimiter}${process.env.PATH}` };
    bench = await startBench({ environment, policy: machinePolicySchema.parse({ sandbox: kind }) });
    const elsewhere = testFolder("elsewhere");
    writeFileSync(join(elsewhere, "file"), "hush\n");
    const order = await open({ repo: repo.origin });
    await ok(order, "command.run", { argv: ["sh", "-c", `ln -s ${elsewhere} led; ln -s ${bench.dir} led-home; echo mine >own.txt`] });
    expect(await ok(order, "fs.search", { text: "mine" })).toMatchObject({ matches: [{ path: "own.txt" }] });
    await ok(order, "git.diff");
    expect((await ok(order, "git.commit", { message: "Done" })).files).toEqual(["led", "led-home", "own.txt", "seen.txt"]);
    const seen = String((await ok(order, "command.run", { argv: ["cat", "seen.txt"] })).stdout)
      .trim()
      .split("\n");
    const lines = new Set(seen);
    for (const verb of ["status", "grep", "diff", "add", "commit", "log"]) expect(lines).toContain(`git ${verb}`);
    const others = [...lines].filter((line) => !line.startsWith("git ")).sort();
    const network = readlinkSync("/proc/self/ns/net");
    // Without a sandbox it reaches all of it, which shows that the look is one.
    if (kind === "off")
      expect(others).toEqual(expect.arrayContaining(["hush", network, "wrote config", "wrote hooks/post-commit", "wrote commondir"]));
    else expect(others.filter((line) => !line.startsWith("net:") || line === network)).toEqual([]);
  },
);
