/** `session.keep`: what an attempt has done so far, given while it goes on (T2). */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { WorkOrder } from "../../src/contract/envelope.ts";
import type { JsonObject } from "../../src/contract/json.ts";
import { sealFor } from "../../src/contract/sealed.ts";
import { type GitRepo, gitIn, makeGitRepo } from "../support/git-repo.ts";
import { until } from "../support/wait-until.ts";
import { DEVELOPER, type ExecutorBench, startBench } from "./bench.ts";
import { YES } from "./memory-owner.ts";

const FILES = {
  "package.json": JSON.stringify({ name: "x", type: "module", scripts: { test: "node --test" } }),
  "sum.js": "export const sum = 0;\n",
  ".gitignore": "secret.env\n",
  "never.test.js": 'import { test } from "node:test";\ntest("waits", () => new Promise((end) => setTimeout(end, 600_000)));\n',
};
let repo: GitRepo;
let bench: ExecutorBench;
let programs = "";
beforeEach(async () => {
  repo = makeGitRepo(FILES);
  programs = mkdtempSync(join(tmpdir(), "petrel-kept-"));
  // Stands for Claude Code: it writes, and does not come to its end.
  writeFileSync(join(programs, "claude"), "#!/bin/sh\necho by hand > said.txt\nexec sleep 600\n");
  chmodSync(join(programs, "claude"), 0o755);
  bench = await startBench({ environment: { ...process.env, PATH: `${programs}:${process.env.PATH}` } });
});
afterEach(async () => {
  await bench?.end();
  repo?.remove();
  rmSync(programs, { recursive: true, force: true });
});

const keep = async (order: WorkOrder, call: string) => {
  const answer = await until("what it has done", async () => {
    const given = await bench.owner.callOnce(order, "session.keep", {}, call);
    return given.state === "done" || given.state === "failed" ? given : null;
  });
  if (answer.state !== "done") throw new Error(JSON.stringify(answer));
  return answer.output as JsonObject | null;
};

/** Files of the commit that the bundle holds, in a clone that has nothing but the origin. */
function filesIn(bundle: unknown, of: string): string {
  const clone = mkdtempSync(join(programs, "clone-"));
  gitIn(clone, "clone", "-q", repo.origin, ".");
  writeFileSync(join(clone, "kept.bundle"), Buffer.from(String(bundle), "base64"));
  gitIn(clone, "fetch", "-q", "kept.bundle", "+refs/heads/*:refs/kept/*");
  return gitIn(clone, "diff", "--name-status", "main", of);
}

test("of a session it is given while its tests run, commits and changes apart, and the session goes on as it was", async () => {
  const order = bench.order("code.session", { repo: repo.origin, branch: "task/one" }, { persona: DEVELOPER, timeoutMs: 600_000 });
  bench.owner.offer(order);
  const ask = async (tool: string, input: JsonObject) => {
    const answer = await bench.owner.call(order, tool, input);
    if (answer.state !== "done") throw new Error(`${tool}: ${JSON.stringify(answer)}`);
    return answer.output as JsonObject;
  };
  await until("the session", async () => (await bench.owner.callOnce(order, "git.status", {}, "probe")).state === "done");
  expect(await keep(order, "k0")).toBeNull();
  await ask("fs.write", { path: "one.js", text: "1\n" });
  const { sha } = await ask("git.commit", { message: "One" });
  expect(await keep(order, "k1")).toMatchObject({ head: sha, loose: null, commits: 1, files: 0 });
  await ask("fs.write", { path: "two.js", text: "2\n" });
  await ask("fs.delete", { path: "sum.js" });
  await ask("fs.write", { path: "secret.env", text: "x\n" });
  const status = await ask("git.status", {});
  // This call holds the session for ten minutes.
  expect((await bench.owner.callOnce(order, "tests.run", {}, "endless")).state).toBe("running");
  const kept = await keep(order, "k2");
  expect(kept).toMatchObject({ head: sha, commits: 1, files: 2, loose: expect.stringMatching(/^[0-9a-f]{40}$/) });
  expect(filesIn(kept?.bundle, String(kept?.loose))).toBe("A\tone.js\nD\tsum.js\nA\ttwo.js");
  // Two who ask at once do not take each other's away.
  const [one, other] = await Promise.all([keep(order, "k3"), keep(order, "k4")]);
  for (const each of [one, other]) expect(filesIn(each?.bundle, String(each?.loose))).toBe("A\tone.js\nD\tsum.js\nA\ttwo.js");
  const tree = join(bench.dir, "work", `team.${order.firing}.1`, "tree");
  expect(gitIn(tree, "rev-parse", "HEAD")).toBe(sha);
  expect(gitIn(tree, "status", "--porcelain", "-uall").split("\n")).toHaveLength((status.files as JsonObject[]).length);
  expect(gitIn(tree, "for-each-ref", "refs/heads/kept")).toBe("");
});

test("of a session of Claude Code too, which takes no other call", async () => {
  bench.owner.onClaim = ({ verb, key }) =>
    verb === "claim"
      ? {
          ok: true,
          leaseMs: 30_000,
          timeLeftMs: 600_000,
          secrets: { ANTHROPIC_API_KEY: sealFor(key ?? "", "ANTHROPIC_API_KEY", "a-key-of-it") },
        }
      : YES;
  const order = bench.order("code.claude", { repo: repo.origin, branch: "task/two", ask: "Write." }, { timeoutMs: 600_000 });
  bench.owner.offer(order);
  let asked = 0;
  const kept = await until("what it has written", async () => {
    const answer = await bench.owner.callOnce(order, "session.keep", {}, `k${++asked}`);
    return answer.state === "done" && answer.output !== null ? (answer.output as JsonObject) : null;
  });
  expect(kept).toMatchObject({ commits: 0, files: 1 });
  expect(filesIn(kept.bundle, String(kept.loose))).toBe("A\tsaid.txt");
  expect(await bench.owner.callOnce(order, "fs.read", { path: "said.txt" }, "r")).toMatchObject({ state: "failed" });
});
