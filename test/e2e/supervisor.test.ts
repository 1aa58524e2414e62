/** What `up` and `run` do when a child does not come back, and when nobody reads what they say. */
import { rmSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { builtCli, Desk, descendants, isAlive, type Running } from "../support/petrel-process.ts";
import { waitUntil } from "../support/wait-until.ts";
import { up } from "./team.ts";

beforeAll(builtCli);
const childOf = (system: Running, name: string) => descendants(system.pid).find(({ command }) => new RegExp(` ${name} `).test(command));

describe("a child that fails at its start after a restart", () => {
  const desk = new Desk("restart");
  afterAll(() => desk.clear());

  test("is started again until it comes up, with its own error told", { timeout: 300_000 }, async () => {
    const system = await up(desk);
    const first = childOf(system, "master")?.pid ?? 0;
    writeFileSync(desk.path("petrel.config.json"), "{ broken");
    process.kill(first, "SIGKILL");
    await system.says(/The master died; it is started again/);
    await system.says(/the master did not start: .*petrel\.config\.json/);
    expect((await desk.json<{ ok: boolean }>(["doctor"], 1)).ok).toBe(false);
    // More than one try: what does not start once is not given up.
    await waitUntil("it was tried again", () => system.stderr.split("the master did not start").length > 2, 120_000);
    rmSync(desk.path("petrel.config.json"));
    await system.says(/The master is back\./);
    await waitUntil("it answers", async () => (await desk.run(["doctor"])).code === 0, 90_000);
    expect(childOf(system, "master")?.pid).not.toBe(first);
    const family = descendants(system.pid);
    expect((await system.stop()).code).toBe(0);
    expect(family.filter(({ pid }) => isAlive(pid))).toEqual([]);
  });
});

describe("a reader that goes away, like head", () => {
  const desk = new Desk("unread");
  afterAll(() => desk.clear());

  test("ends `up` at the next thing it has to say, with 141 and nothing left behind", { timeout: 240_000 }, async () => {
    const system = await up(desk);
    const family = descendants(system.pid);
    // The broker, a master, an executor and a gateway.
    expect(family).toHaveLength(4);
    system.child.stderr?.destroy();
    const executor = childOf(system, "executor");
    if (!executor) throw new Error("it has no executor");
    process.kill(executor.pid, "SIGKILL");
    expect((await system.ended).code).toBe(141);
    expect(family.filter(({ pid }) => isAlive(pid))).toEqual([]);
    // Nothing of it stands in the way of the next one.
    const next = await up(desk);
    expect((await next.stop()).code).toBe(0);
  });

  test("ends `run` in the middle, with 141 and nothing left behind", { timeout: 240_000 }, async () => {
    const git = "git -c user.name=a -c user.email=a@example.org";
    const made = await desk.paste(
      `git init -q -b main app && cd app && echo '{"scripts":{"test":"node --test"}}' > package.json && ${git} add -A && ${git} commit -q -m first`,
    );
    expect(made.code, made.stderr).toBe(0);
    const run = desk.start(["run", "safe-teams", "--repo", "app", "--request", "Let it do more", "--models", "recorded", "--dir", "own"]);
    await run.says(/pushes to/);
    run.child.stderr?.destroy();
    run.child.stdout?.destroy();
    expect((await run.ended).code).toBe(141);
    const left = async () => (await desk.paste(`ps -A -o args= | grep -F '${desk.path("own")}' | grep -v grep`)).stdout;
    await waitUntil("all of it is gone", async () => (await left()) === "");
  });
});
