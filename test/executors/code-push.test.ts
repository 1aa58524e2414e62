import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { WorkOrder } from "../../src/contract/envelope.ts";
import type { Json, JsonObject } from "../../src/contract/json.ts";
import { machinePolicySchema, OPEN_POLICY } from "../../src/executors/machine-policy.ts";
import { findSandbox } from "../../src/executors/sandbox.ts";
import { type GitRepo, gitIn, makeGitRepo } from "../support/git-repo.ts";
import { testFolder } from "../support/nats-server.ts";
import { until } from "../support/wait-until.ts";
import { DEVELOPER, DEVOPS, type ExecutorBench, goodValue, startBench } from "./bench.ts";
import { YES } from "./memory-owner.ts";

const FILES = {
  "package.json": JSON.stringify({ name: "x", type: "module", scripts: { test: "node --test" } }),
  "a.txt": "a\n",
};
let repo: GitRepo;
let bench: ExecutorBench;
beforeEach(async () => {
  repo = makeGitRepo(FILES);
  bench = await startBench();
});
afterEach(async () => {
  await bench?.end();
  repo?.remove();
});

async function open(branch: string, over: Partial<WorkOrder> = {}): Promise<WorkOrder> {
  const order = bench.order("code.session", { repo: repo.origin, base: "main", branch }, { persona: DEVELOPER, ...over });
  bench.owner.offer(order);
  await until("the session", async () => (await bench.owner.callOnce(order, "git.status", {}, "probe")).state === "done");
  return order;
}
async function ok(order: WorkOrder, tool: string, input: Json = {}): Promise<JsonObject> {
  const answer = await bench.owner.call(order, tool, input);
  if (answer.state !== "done") throw new Error(`${tool}: ${JSON.stringify(answer)}`);
  return answer.output as JsonObject;
}
/** One task from its session to its work, which is what a push is given. */
async function work(branch: string, path: string, text: string): Promise<JsonObject> {
  const order = await open(branch);
  await ok(order, "fs.write", { path, text });
  await ok(order, "git.commit", { message: `Write ${path}` });
  return await ok(order, "session.close");
}
async function push({ branch, head, bundle, seen }: JsonObject, over: JsonObject = {}, about: Partial<WorkOrder> = {}) {
  const input = { repo: repo.origin, branch: branch ?? "", head: head ?? "", bundle: bundle ?? null, lease: seen ?? null, ...over };
  return await bench.run("code.push", input, { persona: DEVOPS, ...about });
}

test("a branch that the origin has not is pushed once, with persona and firing in its commit", async () => {
  const done = await work("petrel/t1", "b.txt", "b\n");
  expect(done.seen).toBeNull();
  const first = goodValue(await push(done, {}, { firing: "p1" }));
  expect(first).toMatchObject({ ok: true, pushed: true, alreadyPushed: false, replaced: false, reason: null, stands: done.head });
  expect(bench.owner.verbs("p1")).toContain("confirm");
  const again = goodValue(await push(done, {}, { firing: "p1", attempt: 2 }));
  expect(again).toMatchObject({ ok: true, pushed: false, alreadyPushed: true });
  expect(repo.reflog("petrel/t1")).toHaveLength(1);
  expect(gitIn(repo.origin, "log", "-1", "--format=%an <%ae>%n%B", "petrel/t1")).toMatch(
    /^developer <developer@petrel>\nWrite b\.txt\n\nPetrel-Persona: developer\nPetrel-Firing: team\/work\/f\d+$/,
  );
});

test("a branch that others moved meanwhile is left as it is, also where a plain push would go", async () => {
  const done = await work("petrel/t1", "b.txt", "b\n");
  goodValue(await push(done));
  const seen = repo.head("petrel/t1");
  const more = await work("petrel/t1", "c.txt", "c\n");
  expect(more.seen).toBe(seen);
  // Set back by somebody to where it began: the new commits would follow on it without force.
  gitIn(repo.origin, "update-ref", "refs/heads/petrel/t1", repo.head("main"));
  const value = goodValue(await push(more, { replace: true }));
  expect(value).toMatchObject({ ok: false, pushed: false, reason: "moved", stands: repo.head("main") });
  expect(value.told).toContain("Nothing was pushed");
  expect(repo.head("petrel/t1")).toBe(repo.head("main"));
});

test("the origin's own word counts: a branch that moves after the last look is not pushed over", async () => {
  const done = await work("petrel/t1", "b.txt", "b\n");
  let moved = "";
  bench.owner.onClaim = ({ verb }) => {
    if (verb === "confirm" && moved === "") {
      moved = repo.head("main");
      gitIn(repo.origin, "update-ref", "refs/heads/petrel/t1", moved);
    }
    return YES;
  };
  expect(goodValue(await push(done))).toMatchObject({ ok: false, reason: "moved", stands: moved });
  expect(moved).not.toBe("");
  expect(repo.head("petrel/t1")).toBe(moved);
});

test("what another task has fetched meanwhile does not widen the lease", async () => {
  goodValue(await push(await work("petrel/t1", "b.txt", "b\n")));
  const mine = await work("petrel/t1", "c.txt", "c\n");
  const theirs = repo.push("petrel/t1", { "d.txt": "d\n" });
  const other = await open("petrel/t2", { persona: { ...DEVELOPER, tools: ["git.branch", "git.status"] } });
  expect(await ok(other, "git.branch")).toMatchObject({
    branches: expect.arrayContaining([{ name: "origin/petrel/t1", sha: theirs }]) as unknown,
  });
  expect(goodValue(await push(mine, { replace: true }))).toMatchObject({ ok: false, reason: "moved", stands: theirs });
  expect(repo.head("petrel/t1")).toBe(theirs);
  await ok(other, "session.close");
});

test("work made anew takes the place of its branch under the lease, where that is asked for", async () => {
  goodValue(await push(await work("petrel/t1", "b.txt", "wrong\n")));
  const old = repo.head("petrel/t1");
  const anew = await work("petrel/t1", "b.txt", "right\n");
  expect(goodValue(await push(anew))).toMatchObject({ ok: false, reason: "replaces", stands: old });
  expect(repo.head("petrel/t1")).toBe(old);
  expect(goodValue(await push(anew, { replace: true }))).toMatchObject({ ok: true, pushed: true, replaced: true, stands: anew.head });
  expect(repo.show("petrel/t1", "b.txt")).toBe("right");
});

test("branches that others build on are not replaced, whatever the origin calls its own", async () => {
  gitIn(repo.origin, "branch", "home", "main");
  for (const branch of ["main", "home"]) {
    gitIn(repo.origin, "symbolic-ref", "HEAD", `refs/heads/${branch}`);
    const before = repo.head(branch);
    const seen = repo.push(branch, { "elsewhere.txt": `${branch}\n` });
    const anew = { ...(await work("petrel/t1", "b.txt", "b\n")), branch, seen };
    const base = { ...anew, head: before };
    const result = await push(base, { replace: true });
    expect(result.outcome).toMatchObject({ ok: false, error: { outlook: "refused", code: "branch-protected" } });
    expect(repo.head(branch)).toBe(seen);
  }
});

test("a branch that the machine's owner protects takes no push of any hand", async () => {
  await bench.restart({ policy: { ...OPEN_POLICY, protectedBranches: ["main", "release/*"] } });
  const done = await work("petrel/t1", "b.txt", "b\n");
  const refused = { ok: false, error: { outlook: "refused", code: "policy-branch" } };
  expect((await push(done, { branch: "release/1.2" })).outcome).toMatchObject(refused);
  const branches = [{ task: "t1", branch: "petrel/t1", head: done.head ?? "", bundle: done.bundle ?? null }];
  const deliver = { repo: repo.origin, target: "main", base: "main", branches, message: "Deliver", test: "true" };
  expect((await bench.run("code.deliver", deliver, { persona: DEVOPS })).outcome).toMatchObject(refused);
  const releasing = await open("work", {
    persona: { name: "devops", flags: "rwx--", tools: ["fs.write", "git.commit", "git.push", "git.status"] },
    release: true,
  });
  await ok(releasing, "fs.write", { path: "c.txt", text: "c\n" });
  await ok(releasing, "git.commit", { message: "Release" });
  expect(await bench.owner.call(releasing, "git.push", {})).toMatchObject({ state: "failed", error: { code: "policy-branch" } });
  await ok(releasing, "session.close");
  expect(repo.reflog("main")).toHaveLength(1);
  expect(goodValue(await push(done))).toMatchObject({ ok: true, pushed: true });
});

test("a repository whose hooks a command in a sandbox can write takes no push of any hand, and others do", async ({ skip }) => {
  const sandbox = await findSandbox(process.env);
  if (sandbox.kind === "none") skip(sandbox.why);
  const done = await work("petrel/t1", "b.txt", "b\n");
  const elsewhere = testFolder("paths");
  const policy = (paths: string[], kind = "required") => machinePolicySchema.parse({ sandbox: kind, paths });
  const refused = { ok: false, error: { outlook: "refused", code: "policy-repository" } };
  // A command there can do it: this is what it would have run outside.
  const ran = join(elsewhere, "ran");
  await bench.restart({ policy: policy([repo.root]) });
  const script = `printf '#!/bin/sh\\ntouch ${ran}\\n' >hooks/post-receive && chmod +x hooks/post-receive`;
  expect(goodValue(await bench.run("shell.run", { script, cwd: repo.origin }))).toMatchObject({ exitCode: 0 });
  expect((await push(done)).outcome).toMatchObject(refused);
  const branches = [{ task: "t1", branch: "petrel/t1", head: done.head ?? "", bundle: done.bundle ?? null }];
  const deliver = { repo: repo.origin, target: "main", base: "main", branches, message: "Deliver", test: "true" };
  expect((await bench.run("code.deliver", deliver, { persona: DEVOPS })).outcome).toMatchObject(refused);
  const tools = ["fs.write", "git.commit", "git.push", "git.status"];
  const releasing = await open("work", { persona: { name: "devops", flags: "rwx--", tools }, release: true });
  await ok(releasing, "fs.write", { path: "c.txt", text: "c\n" });
  await ok(releasing, "git.commit", { message: "Release" });
  expect(await bench.owner.call(releasing, "git.push", {})).toMatchObject({ state: "failed", error: { code: "policy-repository" } });
  await ok(releasing, "session.close");
  // Also where only a folder inside it is open.
  await bench.restart({ policy: policy([join(repo.origin, "hooks")]) });
  expect((await push(done)).outcome).toMatchObject(refused);
  expect(existsSync(ran)).toBe(false);
  await bench.restart({ policy: policy([elsewhere]) });
  expect(goodValue(await push(done))).toMatchObject({ ok: true, pushed: true });
});

test("a push needs the flag x", async () => {
  const done = await work("petrel/t1", "b.txt", "b\n");
  const result = await push(done, {}, { persona: DEVELOPER });
  expect(result.outcome).toMatchObject({ ok: false, error: { code: "capability-x-missing" } });
});

test("tasks on one repository at the same time do not disturb each other, nor does a push between them", async () => {
  const names = ["t1", "t2", "t3", "t4"];
  const start = repo.head("main");
  const orders = await Promise.all(names.map((name) => open(`petrel/${name}`)));
  // All write the same file and one of their own, step by step beside each other.
  await Promise.all(orders.map((order, at) => ok(order, "fs.write", { path: "a.txt", text: `${names[at]}\n` })));
  const moved = repo.push("main", { "elsewhere.txt": "x\n" });
  await Promise.all(orders.map((order, at) => ok(order, "git.commit", { message: `First of ${names[at]}` })));
  await Promise.all(orders.map((order, at) => ok(order, "fs.write", { path: `${names[at]}.txt`, text: "own\n" })));
  await Promise.all(orders.map((order) => ok(order, "git.commit", { message: "Second" })));
  const works = await Promise.all(orders.map((order) => ok(order, "session.close")));
  expect(works.map((one) => [one.base, one.start, (one.commits as Json[]).length])).toEqual(names.map(() => [start, start, 2]));
  const pushes = await Promise.all(works.map((one) => push(one)));
  expect(pushes.map((one) => goodValue(one).pushed)).toEqual(names.map(() => true));
  for (const name of names) {
    expect(repo.show(`petrel/${name}`, "a.txt")).toBe(name);
    expect(gitIn(repo.origin, "diff", "--name-only", start, `petrel/${name}`).split("\n")).toEqual(["a.txt", `${name}.txt`]);
  }
  expect(repo.head("main")).toBe(moved);
});
