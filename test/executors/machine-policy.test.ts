/** `executor.policy.json`: what the machine's owner allows, and what no order can widen (M1 to M3). */
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { checkAgainstPolicy, hostMatches, machinePolicySchema, readMachinePolicy } from "../../src/executors/machine-policy.ts";
import { signOrder } from "../../src/executors/order-signature.ts";
import { testFolder } from "../support/nats-server.ts";
import { until } from "../support/wait-until.ts";
import { type ExecutorBench, goodValue, startBench } from "./bench.ts";
import { YES } from "./memory-owner.ts";

let bench: ExecutorBench | null = null;
afterEach(async () => {
  await bench?.end();
  bench = null;
});
const policy = (fields: object) => machinePolicySchema.parse(fields);
const started = async (fields: object) => {
  bench = await startBench({ policy: policy(fields) });
  return bench;
};

test("a command that is not on the list does not run, also not by a path to a program of that name", async () => {
  const { run, dir } = await started({ commands: ["echo", "/usr/bin/env"] });
  expect(goodValue(await run("shell.run", { argv: ["echo", "hello"] })).stdout).toBe("hello\n");
  expect(goodValue(await run("shell.run", { argv: ["/usr/bin/env"] })).exitCode).toBe(0);
  for (const argv of [["touch", join(dir, "ran")], ["/tmp/echo"], ["./echo"], ["env"], ["sh", "-c", "echo"], ["echo hello"]])
    expect((await run("shell.run", { argv })).outcome).toMatchObject({ ok: false, error: { outlook: "refused", code: "policy-command" } });
});

test("an order that brings fields like those of a policy widens nothing", async () => {
  const { run } = await started({ commands: ["echo"], hands: ["shell.run"] });
  const widening = { argv: ["id"], policy: { commands: ["id"] }, commands: ["id"] };
  expect((await run("shell.run", widening)).outcome).toMatchObject({ ok: false });
  expect((await run("shell.run", { argv: ["id"] }, { policy: { commands: ["id"] } } as never)).outcome).toMatchObject({
    error: { code: "policy-command" },
  });
  expect((await run("code.verify", { repo: "/nowhere" })).outcome).toMatchObject({ error: { code: "policy-hand" } });
});

test("a folder outside the listed ones is refused, a link into it included", async () => {
  const folder = testFolder("allowed");
  mkdirSync(join(folder, "in"));
  mkdirSync(join(folder, "inside-not"));
  symlinkSync("/etc", join(folder, "in", "link"));
  const { run } = await started({ paths: [join(folder, "in")] });
  expect(goodValue(await run("shell.run", { argv: ["pwd"], cwd: join(folder, "in") })).exitCode).toBe(0);
  for (const cwd of ["/etc", join(folder, "in", "..", "inside-not"), join(folder, "inside-not"), join(folder, "in", "link")])
    expect((await run("shell.run", { argv: ["pwd"], cwd })).outcome).toMatchObject({ error: { code: "policy-path" } });
});

test.each([
  ["https://github.com/acme/shop.git", null],
  ["https://user:token@github.com/acme/shop", "policy-repository"],
  ["https://github.com/other/shop.git", "policy-repository"],
  ["https://github.com/acme/../other/shop.git", "policy-repository"],
  ["git@github.com:acme/shop.git", null],
  ["ssh://git@git.internal:2222/acme/x", "policy-host"],
  ["ext::sh -c touch% /tmp/ran", "policy-repository"],
  ["/srv/git/shop.git", null],
  ["/srv/git/../../etc", "policy-repository"],
  ["file:///etc", "policy-repository"],
])("repository %s: %s", (repo, code) => {
  const rules = policy({
    repositories: ["https://github.com/acme/*", "git@github.com:acme/*", "ssh://git@git.internal:2222/acme/*", "/srv/git/*"],
    hosts: ["github.com"],
  });
  const order = { net: "n", transition: "t", hand: "code.verify", input: { repo } } as never;
  if (code === null) expect(() => checkAgainstPolicy(order, rules, "/srv/executor")).not.toThrow();
  else expect(() => checkAgainstPolicy(order, rules, "/srv/executor")).toThrow(expect.objectContaining({ code, outlook: "refused" }));
});

test.each([
  ["/srv/executor/work/team.f1.1/tree/made", "policy-repository"],
  ["file:///srv/executor/work/x", "policy-repository"],
  ["file://localhost/srv/%65xecutor/work/x", "policy-repository"],
  ["../../work/x", "policy-repository"],
  ["/bin/../srv/executor/work/x", "policy-repository"],
  ["/proc/self/cwd/x", "policy-repository"],
  ["/dev/fd/0/x", "policy-repository"],
  ["/dev/shm/shop.git", null],
  ["/srv/executors/shop.git", null],
  ["../../../shop.git", null],
  ["https://example.com/srv/executor/work/x", null],
  ["", null],
])("a repository of the executor's own folder is no order's, whatever the policy: %s", (repo, code) => {
  const order = { net: "n", transition: "t", hand: "code.verify", input: { repo } } as never;
  const checked = () => checkAgainstPolicy(order, policy({}), "/srv/executor");
  if (code === null) expect(checked).not.toThrow();
  else expect(checked).toThrow(expect.objectContaining({ code, outlook: "refused" }));
});

test("hosts go by name, by everything below a name, and by port", () => {
  expect(hostMatches("a.example.com", "*.example.com")).toBe(true);
  expect(hostMatches("example.com", "*.example.com")).toBe(false);
  expect(hostMatches("evilexample.com", "*.example.com")).toBe(false);
  expect(hostMatches("Example.com:443", "example.com")).toBe(true);
  expect(hostMatches("example.com:22", "example.com:443")).toBe(false);
  expect(hostMatches("example.com", "example.com:443")).toBe(false);
});

test("a policy that cannot be understood is an error at the start, never an open door", () => {
  const file = join(testFolder("policy"), "executor.policy.json");
  expect(readMachinePolicy(file, false).commands).toBeUndefined();
  expect(() => readMachinePolicy(file, true)).toThrow(expect.objectContaining({ code: "policy-unreadable" }));
  for (const text of ["{", '{"comands": []}', '{"paths": ["relative"]}', '{"sandbox": "maybe"}']) {
    writeFileSync(file, text);
    expect(() => readMachinePolicy(file, false)).toThrow(expect.objectContaining({ code: "policy-unreadable" }));
  }
});

test("an order for another pool, and one after its time, are not done; the clock that counts is the owner's", async () => {
  const { owner, order, run } = await started({});
  owner.offerSigned("code", signOrder(order("shell.run", { argv: ["true"] }, { pool: "other", firing: "stray" }), owner.keys.privateKey));
  owner.onClaim = () => ({ ...YES, now: Date.parse("2030-01-01T00:00:00.000Z") }) as never;
  owner.offer(order("shell.run", { argv: ["true"] }, { firing: "late", expires: "2029-12-31T23:59:59.000Z" }));
  // By this machine's clock it is over, by the owner's it is not.
  owner.onClaim = (_request, { firing }) =>
    ({ ...YES, now: Date.parse(firing === "late" ? "2030-01-01T00:00:00Z" : "2020-01-01T00:00:00Z") }) as never;
  const result = await run("shell.run", { argv: ["true"] }, { firing: "good", expires: "2020-01-02T00:00:00.000Z" });
  expect(result.outcome.ok).toBe(true);
  await until("the late one is given back", () => owner.verbs("late").includes("release"));
  expect(owner.delivered.map(({ firing }) => firing)).toEqual(["good"]);
  expect(owner.verbs("stray")).toEqual([]);
});
