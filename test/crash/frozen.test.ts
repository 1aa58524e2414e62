/** Real processes that stand still together, as on a laptop that sleeps: work goes on where it was, in its first attempt. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { statOf } from "../../src/executors/process-start.ts";
import { freezeGroup, processesInGroup } from "../support/freeze.ts";
import { eventsOf, logAgreesWithPlaces } from "../support/log-check.ts";
import { System } from "../support/state-folder.ts";
import { waitUntil } from "../support/wait-until.ts";

/** As `System` starts its masters. */
const LEASE = 3000;
let system: System;
afterEach(async () => system?.end());

/** Says that it runs, and ends when a file is there. */
const waiting = `const fs = require("fs"), [runs, go] = process.argv.slice(1);
fs.appendFileSync(runs, process.env.PETREL_FIRING + "\\n");
setInterval(() => fs.existsSync(go) && process.exit(0), 50);`;

it("L3, O4: master and executor, with all of its machine, that were frozen for three leases keep the claim, and the command is not run again", async () => {
  system = await System.start();
  await Promise.all([system.master("m1"), system.executor()]);
  const [runs, go] = [join(system.dir, "runs.txt"), join(system.dir, "go")];
  const definition = {
    net: "sleep",
    places: { start: { open: true }, end: { sink: true } },
    transitions: {
      work: {
        kind: "command",
        pool: "code",
        argv: ["node", "-e", waiting, runs, go],
        timeout: "5m",
        in: [{ place: "start", as: "job" }],
        out: [{ to: "end", when: "$result.exitCode == 0", value: { n: "${job.n}" } }],
      },
    },
  };
  await system.apply(definition);
  await system.put("sleep", "start", { n: 1 }, "k1");
  await waitUntil("the command runs", () => existsSync(runs), 60_000);
  const watcher = watcherOf(system.pid("executor"));
  await waitUntil("the executor's watcher has its ear and its clock", () => processesInGroup(watcher).length >= 4, 60_000);
  // All at one moment: while the others stand still already, none of them goes on.
  await Promise.all([freezeGroup(watcher), system.freeze("executor"), system.freeze("m1")]);
  const frozenAt = Date.now();
  await waitUntil("three leases have passed", () => Date.now() - frozenAt > 3 * LEASE, 60_000);
  const before = (await eventsOf(system.broker, "sleep")).length;
  for (const name of ["m1", "executor"]) system.thaw(name);
  process.kill(-watcher, "SIGCONT");
  await waitUntil(
    "the owner answers again",
    () =>
      system.ask("sleep", "definition").then(
        () => true,
        () => false,
      ),
    60_000,
  );
  const thawedAt = Date.now();
  await waitUntil("all leases would be out", () => Date.now() - thawedAt > 2 * LEASE, 60_000);
  writeFileSync(go, "");
  await waitUntil("it is done", async () => (await eventsOf(system.broker, "sleep")).some(({ type }) => type === "fired"), 60_000);
  const { events } = await logAgreesWithPlaces(system.broker, "sleep", 60_000);
  const told = events.filter(({ firing }) => firing !== undefined).map(({ type, attempt }) => `${type} ${attempt}`);
  expect(told, system.logs()).toEqual(["started 1", "claimed 1", "fired 1"]);
  expect(readFileSync(runs, "utf8").trim().split("\n")).toHaveLength(1);
  // Nothing was decided while they stood still.
  expect(before).toBeLessThan(events.length);
}, 300_000);

/** Pid of what watches over the commands of an executor, which leads a process group. */
function watcherOf(executor: number): number {
  const isWatcher = (pid: string) =>
    statOf(pid)?.parent === executor && readFileSync(`/proc/${pid}/cmdline`, "latin1").includes("petrel-watch");
  return Number(
    readdirSync("/proc")
      .filter((entry) => /^\d+$/.test(entry))
      .find(isWatcher),
  );
}
