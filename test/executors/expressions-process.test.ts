/** The built command line evaluates JSONata too, and its processes end with the master, even when that is killed. */
import { afterEach, expect, it } from "vitest";
import { logAgreesWithPlaces } from "../support/log-check.ts";
import { descendants, isAlive } from "../support/petrel-process.ts";
import { System } from "../support/state-folder.ts";
import { waitUntil } from "../support/wait-until.ts";

let system: System;
afterEach(async () => system?.end());

it("a built master works maps out, and a killed one leaves no process behind", async () => {
  system = await System.start();
  await system.master("m1");
  const map = (jsonata: string, place: string) => ({ kind: "map", jsonata, in: [{ place }], out: [{ to: "end" }], timeout: "1h" });
  const definition = {
    net: "sums",
    places: { start: { open: true }, never: { open: true }, end: { sink: true } },
    transitions: { sum: map("$sum(start.n)", "start"), forever: map("($f := function($x){ $f($x) }; $f(1))", "never") },
  };
  await system.apply(definition);
  await system.put("sums", "start", { n: [1, 2, 3] }, "a");
  await waitUntil("the sum is there", async () => (await system.broker.places("sums").ids("end")).size === 1);
  await system.put("sums", "never", {}, "b");
  const workers = () => descendants(process.pid).filter(({ command }) => command.includes("jsonata"));
  await waitUntil("an evaluator works", () => workers().length > 0);
  const pids = workers().map(({ pid }) => pid);
  await system.kill("m1");
  await waitUntil("they are gone", () => pids.every((pid) => !isAlive(pid)));
  const { state, events } = await logAgreesWithPlaces(system.broker, "sums", 10_000).catch(async () => {
    // Without an owner the streams stay as they were; one more master brings them together.
    await system.master("m1");
    return logAgreesWithPlaces(system.broker, "sums", 30_000);
  });
  expect([...(state.places.get("end")?.values() ?? [])].map(({ token }) => token.data)).toEqual([6]);
  expect(events.filter(({ type }) => type === "fired")).toHaveLength(1);
}, 180_000);
