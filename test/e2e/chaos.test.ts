import { afterAll, beforeAll, expect, test } from "vitest";
import type { NetEvent } from "../../src/contract/event.ts";
import { builtCli, Desk, isAlive } from "../support/petrel-process.ts";
import { git, reflog } from "./git-proof.ts";
import { expectOneStory, produced } from "./story-log.ts";

interface Killed {
  what: string;
  pid: number;
  at: string;
  when: string;
}

const desk = new Desk("chaos");
beforeAll(builtCli);
afterAll(() => desk.clear());

test("everything is killed once, then all at once, and nothing is lost or doubled", { timeout: 360_000 }, async () => {
  const demo = desk.start(["demo", "--chaos", "--json", "--keep"]);
  await demo.says(/\n}\n/, 300_000);
  const report = JSON.parse(demo.stdout);
  expect(report).toMatchObject({ ok: true, pushes: 1, missedKills: [], places: { added: 0, removed: 0, stale: false } });
  expect(report.tests.failed).toBe(0);
  const killed = report.killed as Killed[];
  const named = killed.map(({ what }) => what).sort();
  expect(named).toEqual(["executor", "executor", "master", "master", "nats-server", "nats-server"]);
  expect(new Set(killed.map(({ pid }) => pid)).size).toBe(6);
  expect(killed.filter(({ pid }) => isAlive(pid))).toEqual([]);

  const events = await desk.events("safe-teams", ".petrel/demo");
  expectOneStory(events);
  expectKillsInLog(events, killed);

  // Token ids from before each kill stand in the log once, and where the story left them.
  for (const { at } of killed) {
    const before = events.filter(({ ts }) => ts < at).flatMap((event) => (event.produced ?? []).map(({ token }) => token.id));
    expect(before.length).toBeGreaterThan(2);
    const after = events.flatMap((event) => (event.produced ?? []).map(({ token }) => token.id));
    for (const id of before) expect(after.filter((one) => one === id)).toHaveLength(1);
  }

  const moves = reflog(report.origin, "main");
  expect(moves).toHaveLength(2);
  expect(git(report.origin, "rev-parse", "main")).toBe(report.head);
  expect(produced(events, "delivered")[0]?.data.head).toBe(report.head);

  // From outside: the folded log against the streams, and the doctor's own look.
  const verified = await desk.paste(`node ${JSON.stringify(`${process.cwd()}/examples/verify-log.mjs`)} safe-teams .petrel/demo`);
  expect(verified.code, verified.stdout + verified.stderr).toBe(0);
  expect(verified.stdout).toMatch(/^same tasks: log 0, stream 0$/m);
  const doctor = await desk.json<{ ok: boolean; findings: { check: string; status: string; says: string }[] }>([
    "doctor",
    "--dir",
    ".petrel/demo",
  ]);
  expect(doctor.findings.filter(({ check }) => check === "places")).toMatchObject([{ status: "ok" }]);
  expect((await demo.stop()).code).toBe(0);
});

/** Each kill left its trace: a new term for a master, a lapsed attempt for what it held, the moment it was meant for. */
function expectKillsInLog(events: NetEvent[], killed: Killed[]): void {
  const after = (at: string, type: NetEvent["type"], transition?: string) =>
    events.filter((event) => event.ts >= at && event.type === type && (!transition || event.transition === transition));
  const of = (what: string, when: RegExp) => killed.find((one) => one.what === what && when.test(one.when))?.at ?? "never";
  const terms = events.filter(({ type }) => type === "epoch");
  expect(terms.map(({ attributes }) => attributes?.epoch)).toEqual(terms.map((_, at) => at + 1));
  expect(terms.length).toBeGreaterThanOrEqual(3);
  expect(after(of("executor", /developer/), "lapsed", "develop").length).toBeGreaterThanOrEqual(1);
  expect(after(of("master", /model call/), "epoch").length).toBeGreaterThanOrEqual(2);
  expect(after(of("master", /model call/), "lapsed").length).toBeGreaterThanOrEqual(1);
  // The delivery under way when all three died was begun before, and ended after, in a new term.
  const all = of("nats-server", /all three/);
  const began = events.find(({ type, transition }) => type === "claimed" && transition === "deliver");
  const ended = events.find(({ type, transition }) => type === "fired" && transition === "deliver");
  expect(began?.ts.localeCompare(all)).toBe(-1);
  expect(ended?.ts.localeCompare(all)).toBe(1);
  expect(ended?.firing).toBe(began?.firing);
  expect(after(all, "epoch").length).toBeGreaterThanOrEqual(1);
}
