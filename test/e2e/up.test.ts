import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { builtCli, Desk, descendants, isAlive, ROOT, type Running, runtimeOf } from "../support/petrel-process.ts";
import { waitUntil } from "../support/wait-until.ts";
import { applyTeam, NET, up } from "./team.ts";

const NET_FILE = join(ROOT, "nets", `${NET}.json`);
interface Failure {
  ok: false;
  exitCode: number;
  error: { code: string; message: string; hint?: string };
}

describe("petrel up", () => {
  const desk = new Desk("up");
  let system: Running;
  beforeAll(builtCli);
  afterAll(() => desk.clear());

  test("says in one line that it is ready, once; a second one in the folder is refused", { timeout: 180_000 }, async () => {
    system = await up(desk, "--lease", "12000");
    const ready = JSON.parse(system.stdout);
    expect(ready).toEqual({
      ready: true,
      nats: expect.stringMatching(/^nats:\/\/127\.0\.0\.1:\d+$/),
      gateway: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      pid: system.pid,
      dir: desk.path(".petrel"),
    });
    const second = await desk.run(["up", "--json"]);
    expect(second.code).toBe(1);
    expect(second.stderr).toContain(`a Petrel is up in ${desk.path(".petrel")} already (process ${system.pid})`);
    expect(second.stderr).toContain("next:");
    expect((JSON.parse(second.stdout) as Failure).error.code).toBe("already-up");
    // The first is unharmed by the attempt.
    expect(await desk.json(["net", "ls"])).toEqual([]);
    // Its executor is known before any net needs it.
    const doctor = await desk.json<{ ok: boolean; findings: { check: string; status: string; says: string }[] }>(["doctor"]);
    expect(doctor.ok).toBe(true);
    expect(doctor.findings.find(({ check }) => check === "executors")).toMatchObject({
      status: "ok",
      says: expect.stringContaining("code"),
    });
  });

  test("every verb speaks with the running system, in JSON and with its exit code", { timeout: 180_000 }, async () => {
    const nowhere = await desk.json<Failure>(["places", NET], 1);
    expect(nowhere).toMatchObject({ ok: false, exitCode: 1, error: { code: "unknown-net", hint: expect.stringContaining("net apply") } });
    await applyTeam(desk);
    // Nothing fires while the answers are looked at.
    expect(await desk.json(["pause", NET])).toMatchObject({ net: NET, paused: true });
    const put = await desk.json<{ id: string; seq: number; place: string }>([
      "put",
      NET,
      "inbox",
      `{"title":"A list of orders"}`,
      "--token",
      "once",
    ]);
    expect(await desk.json(["put", NET, "inbox", `{"title":"A list of orders"}`, "--token", "once"])).toMatchObject({
      id: put.id,
      seq: put.seq,
    });

    const nets = await desk.json<object[]>(["net", "ls"]);
    expect(nets).toMatchObject([{ net: NET, state: "paused", tokens: 1, open: 0, waiting: 0 }]);
    const places = await desk.json<{ place: string }[]>(["places", NET]);
    expect(places.find(({ place }) => place === "inbox")).toMatchObject({
      waiting: 1,
      reserved: 0,
      capacity: 100,
      open: true,
      oldestAgeMs: expect.any(Number),
    });
    expect(places.map(({ place }) => place)).toContain("rejected");
    const tokens = await desk.json(["tokens", NET, "inbox", "--where", `$.title CONTAINS "orders"`]);
    expect(tokens).toMatchObject({
      total: 1,
      tokens: [{ id: put.id, data: { title: "A list of orders" }, v: 1, by: userInfo().username }],
    });
    expect(
      await desk.json(["query", NET, "SELECT $.title FROM $ WHERE $.title != null LIMIT 1", "--place", "inbox", "--place", "tasks"]),
    ).toMatchObject([{ place: "inbox", id: put.id }]);
    const events = await desk.json<{ type: string; seq: number }[]>(["events", NET, "--limit", "0"]);
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, at) => at + 1));
    expect(events.map(({ type }) => type)).toEqual(expect.arrayContaining(["epoch", "edited", "paused", "arrived"]));
    expect(events.filter(({ type }) => type === "arrived")).toHaveLength(1);
    const seen = await desk.run(["watch", NET, "--since", "0", "--until", "arrived", "--json"]);
    expect(seen.code).toBe(0);
    expect(
      seen.stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line).seq),
    ).toEqual(events.slice(0, put.seq).map(({ seq }) => seq));
    const tree = await desk.json<{ kind: string; children: { id: string; children: { systemId: string }[] }[] }>(["actors"]);
    expect(tree).toMatchObject({ kind: "runtime", children: [{ id: NET }] });
    expect(tree.children[0]?.children.filter(({ systemId }) => systemId.includes("/developer/"))).toHaveLength(2);
    expect(await desk.json(["gate", "ls"])).toEqual([]);
    expect(await desk.json(["gate", "approve", NET, "release"], 1)).toMatchObject({ error: { code: "nothing-waits" } });
    expect(await desk.json(["why", NET, "intake"])).toMatchObject([
      { kind: "transition", name: "intake", fires: false, reasons: [{ code: "paused" }, { code: "no-token", place: "settings" }] },
    ]);
    const personas = await desk.json<{ persona: string }[]>(["persona", "ls"]);
    expect(personas.map(({ persona }) => persona).sort()).toEqual([...new Set(personas.map(({ persona }) => persona))].sort());
    expect(personas.find(({ persona }) => persona === "devops")).toMatchObject({
      flags: expect.stringContaining("x"),
      version: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    const doctor = await desk.json<{ ok: boolean; findings: { check: string; status: string }[] }>(["doctor"]);
    expect(doctor.findings.map(({ check, status }) => `${check} ${status}`)).toEqual(
      expect.arrayContaining(["server ok", "durability ok", "master ok", "owner warn", "places ok", "executors ok"]),
    );
    expect(doctor.ok).toBe(true);
    expect(await desk.json(["token", "close", NET, "inbox", put.id])).toMatchObject({ id: put.id });
    expect(await desk.json(["token", "close", NET, "inbox", put.id], 1)).toMatchObject({ error: { code: "no-such-token" } });
    expect(await desk.json(["resume", NET])).toMatchObject({ net: NET, resumed: true });
    expect(await desk.json(["nats-context"])).toMatchObject({
      contexts: ["petrel", "petrel-readonly"],
      folder: join(desk.config, "nats", "context"),
    });
    expect((await desk.run(["kill", "--json"])).code).toBe(2);
    expect((await desk.run(["places", "--json"])).code).toBe(2);
  });

  test("a net is pulled, edited, compared and applied; an edit of an old version is refused", { timeout: 180_000 }, async () => {
    expect(await desk.json(["net", "check", NET_FILE])).toMatchObject({ ok: true, net: NET });
    expect(await desk.json(["net", "diff", NET_FILE, "--exit-code"])).toMatchObject({ same: true });
    await desk.json(["net", "pull", NET, "-o", "mine.json"]);
    await desk.json(["net", "pull", NET, "-o", "theirs.json"]);
    expect(await desk.json(["net", "diff", "mine.json", "--exit-code"])).toMatchObject({ same: true, changes: [] });
    const edit = (file: string, title: string) => {
      const net = JSON.parse(readFileSync(desk.path(file), "utf8"));
      net.places.inbox.title = title;
      writeFileSync(desk.path(file), JSON.stringify(net));
    };
    edit("mine.json", "Wishes");
    edit("theirs.json", "Orders");
    expect(await desk.json(["net", "diff", "mine.json", "--exit-code"], 1)).toMatchObject({
      same: false,
      changes: [{ kind: "changed", path: expect.stringContaining("inbox"), from: "Feature requests", to: "Wishes" }],
    });
    expect(await desk.json(["net", "apply", "mine.json"])).toMatchObject({ net: NET, hash: expect.stringMatching(/^[0-9a-f]{64}$/) });
    const refused = await desk.json<Failure>(["net", "apply", "theirs.json"], 1);
    expect(refused.error.message + refused.error.hint).toMatch(/net (pull|diff)/);
    expect(await desk.json(["net", "diff", "mine.json"])).toMatchObject({ same: true });
    cpSync(NET_FILE, desk.path("broken.json"));
    writeFileSync(desk.path("broken.json"), readFileSync(NET_FILE, "utf8").replace(`"to": "backlog"`, `"to": "blacklog"`));
    const broken = await desk.run(["net", "apply", "broken.json", "--json"]);
    expect(broken.code).toBe(1);
    expect(broken.stderr).toMatch(/broken\.json:\d+:\d+/);
    expect(broken.stderr).toContain("backlog");
  });

  test("after kill -9 of it nothing is left but the broker, which the next one takes over", { timeout: 180_000 }, async () => {
    const dir = desk.path(".petrel");
    const before = await desk.events(NET, ".petrel");
    const family = descendants(system.pid);
    const server = family.find(({ command }) => command.includes("nats-server"));
    const others = family.filter((one) => one !== server);
    expect(others).toHaveLength(3);
    await system.stop("SIGKILL");
    await waitUntil("master, executor and gateway end by themselves", () => others.every(({ pid }) => !isAlive(pid)), 60_000);
    expect(isAlive(server?.pid ?? 0)).toBe(true);

    // The number in the lock may be another program's by now: that is no Petrel.
    const stranger = desk.exec("sleep", ["60"]);
    writeFileSync(join(dir, "up.pid"), `${stranger.pid}\n`);
    system = await up(desk);
    expect(runtimeOf(dir).pid).toBe(system.pid);
    expect(readFileSync(join(dir, "nats", "nats-server.pid"), "utf8").trim()).toBe(String(server?.pid));
    await waitUntil("the net is served again", async () => (await desk.run(["places", NET, "--json"])).code === 0, 60_000);
    const after = await desk.events(NET, ".petrel");
    expect(after.slice(0, before.length)).toEqual(before);

    const all = [...descendants(system.pid).map(({ pid }) => pid), server?.pid ?? 0];
    expect((await system.stop()).code).toBe(0);
    expect(all.filter(isAlive)).toEqual([]);
    expect(await desk.json(["places", NET], 1)).toMatchObject({
      error: { code: "not-running", hint: expect.stringMatching(/petrel(.js)?( --dir \S+)? up$/) },
    });
  });
});
