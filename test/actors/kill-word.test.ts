/** Whose word a kill takes that what it stopped is over (K1), and what a resume leaves owed (K2). */
import { expect, test } from "vitest";
import { KillWord } from "../../src/actors/kill-word.ts";
import type { ExecutorPresence } from "../../src/contract/envelope.ts";
import { JumpClock } from "../support/master-kit.ts";

const beat = (start: string, leases: string[], more: Partial<ExecutorPresence> = {}): ExecutorPresence => ({
  ...{ name: "one", pools: [], labels: [], version: "0", pid: 1, host: "here", busy: leases.length, slots: 4, at: "", start, leases },
  ...more,
});
const row = (net: string, executor = "one") => ({ net, stopped: [{ firing: `f-${net}`, transition: "t", attempt: 1, executor }] });

function word() {
  const clock = new JumpClock();
  const kills = new KillWord(clock, () => "a");
  const owed = async (rows: ReturnType<typeof row>[], standing: ReturnType<typeof row>[] = [], heard: ExecutorPresence[] = []) => {
    const given = kills.of(rows, standing, clock.now());
    for (const each of heard) kills.heard(each);
    let isOver = false;
    void given.then(() => {
      isOver = true;
    });
    while (!isOver) {
      clock.jump(500);
      await new Promise(setImmediate);
    }
    return (await given).flatMap(({ firings }) => firings);
  };
  return { kills, owed };
}

test("K1: what was ended is over though its folder still counts; another process under the name vouches for nothing", async () => {
  const { owed } = word();
  expect(await owed([row("x")], [], [beat("b", [])])).toEqual(["f-x"]);
  expect(await owed([], [row("x")], [beat("a", ["x/t/f-x.1"])])).toEqual(["f-x"]);
  expect(await owed([], [row("x")], [beat("a", [], { busy: 1 })])).toEqual([]);
  const next = word();
  expect(await next.owed([row("x")], [], [beat("b", [], { after: "a" })])).toEqual([]);
});

test("K2: what stands from a kill of another master is owed; a resume of one net takes back that net's alone", async () => {
  const { kills, owed } = word();
  expect(await owed([], [row("x"), row("y")])).toEqual(["f-x", "f-y"]);
  kills.forget([{ net: "x", resumed: [{ firing: "f-x" }] }]);
  expect(await owed([], [row("y")])).toEqual(["f-y"]);
  kills.heard(beat("a", []));
  expect(await owed([], [row("y")])).toEqual([]);
});
