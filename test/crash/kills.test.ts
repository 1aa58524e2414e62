/** Real processes, real kills: what was put comes out once, whatever dies (E1, E2, E5, E7, E8). */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { logAgreesWithPlaces } from "../support/log-check.ts";
import { System } from "../support/state-folder.ts";
import { waitUntil } from "../support/wait-until.ts";

const TOKENS = 300;
const KILLS = 12;
let system: System;
afterEach(async () => system?.end());

const net = (file: string) => ({
  net: "crash",
  places: { start: { open: true }, work: {}, ready: {}, end: { sink: true } },
  transitions: {
    sort: {
      kind: "map",
      value: { n: "${start.n}", twice: "${start.n * 2}" },
      in: [{ place: "start" }],
      out: [
        { to: "work", when: "$result.n < 90" },
        { to: "ready", otherwise: true },
      ],
    },
    write: {
      kind: "command",
      pool: "code",
      argv: ["node", "-e", 'require("fs").appendFileSync(process.argv[1], process.env.PETREL_FIRING + "\\n")', file],
      timeout: "20s",
      in: [{ place: "work", as: "job" }],
      out: [{ to: "ready", when: "$result.exitCode == 0", value: { n: "${job.n}", twice: "${job.twice}" } }],
    },
    pass: { kind: "pass", in: [{ place: "ready" }], out: [{ to: "end" }] },
  },
});

/** The same kills at each run, as far as processes allow. */
function* chances(seed: number): Generator<number> {
  for (let state = seed; ; ) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state / 2 ** 32;
  }
}

describe("kill -9", () => {
  it("of master, nats-server, executor or all, at any moment, loses and doubles nothing", async () => {
    system = await System.start();
    const file = join(system.dir, "effects.txt");
    await Promise.all([system.master("m1"), system.executor()]);
    await system.apply(net(file));
    const puts = (async () => {
      for (let n = 0; n < TOKENS; n += 10) {
        await Promise.all(Array.from({ length: 10 }, (_, i) => system.put("crash", "start", { n: n + i }, `p${n + i}`)));
      }
    })();
    // Awaited below; where a kill fails first, that error is the one to be seen.
    puts.catch(() => {});
    const chance = chances(7);
    const next = () => chance.next().value as number;
    const length = () =>
      system.broker
        .log("crash")
        .read(0, () => {})
        .catch(() => 0);
    for (let kill = 0; kill < KILLS; kill++) {
      const before = await length();
      const wanted = before + 1 + Math.floor(next() * 8);
      await waitUntil("work goes on", async () => (await length()) >= wanted, 120_000).catch((error) => {
        throw new Error(`${error}\n${system.logs()}`);
      });
      await killSome(Math.floor(next() * 4));
    }
    await puts;
    await waitUntil("all are at the end", async () => (await atEnd()) === TOKENS, 120_000).catch((error) => {
      throw new Error(`${error}\n${system.logs()}`);
    });
    const { state, events } = await logAgreesWithPlaces(system.broker, "crash", 60_000);
    const values = [...(state.places.get("end")?.values() ?? [])].map(({ token }) => (token.data as { n: number }).n);
    expect(values.sort((a, b) => a - b)).toEqual(Array.from({ length: TOKENS }, (_, n) => n));
    expect(state.places.get("dead-letter")?.size ?? 0).toBe(0);
    const effects = readFileSync(file, "utf8").trim().split("\n");
    const written = events.filter(({ type, transition }) => type === "fired" && transition === "write");
    expect(written).toHaveLength(90);
    // At least once for each attempt, and under the one key of its firing.
    expect(new Set(effects)).toEqual(new Set(written.map(({ firing }) => `crash/write/${firing}`)));
    expect(events.filter(({ type }) => type === "epoch").length).toBeGreaterThan(2);
  }, 400_000);

  it("a frozen master that is thawed after another took over writes nothing", async () => {
    system = await System.start();
    await Promise.all([system.master("m1"), system.master("m2"), system.executor()]);
    await system.apply(net(join(system.dir, "effects.txt")));
    await system.put("crash", "start", { n: 100 }, "a");
    const owner = async () => {
      const epochs: string[] = [];
      await system.broker.log("crash").read(0, ({ events }) => {
        for (const { type, attributes } of events) if (type === "epoch") epochs.push(String(attributes?.owner));
      });
      return epochs;
    };
    const first = (await owner()).at(-1) ?? "";
    const flying = Array.from({ length: 20 }, (_, n) => system.put("crash", "start", { n: 101 + n }, `b${n}`));
    const putting = Promise.all(flying);
    putting.catch(() => {});
    await system.freeze(first);
    await waitUntil("the other has taken over", async () => (await owner()).at(-1) !== first, 60_000);
    await putting;
    system.thaw(first);
    for (let n = 0; n < 20; n++) await system.put("crash", "start", { n: 200 + n }, `c${n}`);
    await waitUntil("all are at the end", async () => (await atEnd()) === 41, 90_000);
    const { state } = await logAgreesWithPlaces(system.broker, "crash");
    expect(state.places.get("end")?.size).toBe(41);
    const entries: number[] = [];
    const last = await system.broker.log("crash").read(0, ({ epoch }) => void entries.push(epoch));
    // Each entry counts: none is void, and none of the first owner's stands behind the second's.
    expect(entries).toHaveLength(last);
    expect(entries).toEqual([...entries].sort((a, b) => a - b));
  }, 240_000);
});

async function killSome(which: number): Promise<void> {
  if (which === 0) {
    await system.kill("m1");
    await system.master("m1");
  } else if (which === 1) {
    await system.killServer();
    await system.startServer();
  } else if (which === 2) {
    await system.kill("executor");
    await system.executor();
  } else {
    await Promise.all([system.kill("m1"), system.killServer(), system.kill("executor")]);
    await system.startServer();
    await Promise.all([system.master("m1"), system.executor()]);
  }
}

async function atEnd(): Promise<number> {
  return (
    await system.broker
      .places("crash")
      .ids("end")
      .catch(() => new Set())
  ).size;
}
