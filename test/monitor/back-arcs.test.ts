/** Work that goes back to where it had been is marked as such, by the drawing of the net and by no name of a place. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { NetEvent } from "../../src/contract/event.ts";
import { sentBackIn } from "../../src/monitor/net/back-arcs.ts";
import type { NetDefinition } from "../../src/monitor/net/graph.ts";

const team = JSON.parse(readFileSync(join(import.meta.dirname, "../../nets/safe-teams.json"), "utf8")) as NetDefinition;
const event = (type: NetEvent["type"], transition: string, place: string) =>
  ({ type, transition, produced: [{ place }] }) as unknown as NetEvent;

test.each([
  ["a test run with failures, whose task goes back", event("fired", "test", "tasks"), true],
  ["one that is green", event("fired", "test", "review"), false],
  ["the first way to the tasks", event("fired", "plan", "tasks"), false],
  ["a verdict that sends back", event("fired", "settle", "tasks"), true],
  ["what only arrived", event("arrived", "test", "tasks"), false],
])("%s", (_, told, expected) => {
  expect(sentBackIn(team)(told)).toBe(expected);
});

test("in a circle that begins with a place to which work comes back, and in a sub-net", () => {
  const inner: NetDefinition = {
    places: { todo: { open: true }, tried: {}, good: {} },
    transitions: {
      try: { kind: "pass", in: [{ place: "todo" }], out: [{ to: "tried" }] },
      look: { kind: "pass", in: [{ place: "tried" }], out: [{ to: "good" }, { to: "todo" }] },
    },
  };
  expect(sentBackIn(inner)(event("fired", "look", "todo"))).toBe(true);
  expect(sentBackIn(inner)(event("fired", "look", "good"))).toBe(false);
  expect(sentBackIn(inner)(event("fired", "try", "tried"))).toBe(false);
  const outer: NetDefinition = { places: {}, transitions: {}, subnets: { desk: inner } };
  expect(sentBackIn(outer)(event("fired", "desk--look", "desk--todo"))).toBe(true);
  expect(sentBackIn(outer)(event("fired", "desk--look", "desk--good"))).toBe(false);
});
