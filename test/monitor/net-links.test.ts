/** Links into sub-nets are arcs of the drawing: to the place that they put into, and back with what the sub-net makes. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { NetEvent } from "../../src/contract/event.ts";
import { flightsOf } from "../../src/monitor/net/flights.ts";
import { graphOf, type NetDefinition } from "../../src/monitor/net/graph.ts";
import { layoutOf } from "../../src/monitor/net/layout.ts";
import { leadsBack, roundsOf } from "../../src/monitor/net/rounds.ts";

const net = JSON.parse(readFileSync(join(import.meta.dirname, "../../examples/kinds/link.json"), "utf8")) as NetDefinition;
const arcs = (open: string[]) => graphOf(net, new Set(open)).edges.map(({ from, to, mode }) => `${from} ${mode} ${to}`);

test("shut, a link leads to the sub-net, and back where it makes something of the result", () => {
  const drawn = arcs([]);
  expect(drawn).toContain("transition:to-check out subnet:check");
  expect(drawn).toContain("transition:packing out subnet:pack");
  expect(drawn).toContain("subnet:pack return transition:packing");
  expect(drawn.filter((arc) => arc.startsWith("subnet:check return"))).toEqual([]);
});

test("open, it leads to the place inside", () => {
  const drawn = arcs(["check", "pack"]);
  expect(drawn).toContain("transition:to-check out place:check--inbox");
  expect(drawn).toContain("place:pack--parcel return transition:packing");
});

test.each([[[]], [["check", "pack"]]])("the drawing runs on behind a link, and only what is handed back leads back (%j)", (open) => {
  const graph = graphOf(net, new Set<string>(open));
  const rounds = roundsOf(graph);
  for (const edge of graph.edges) expect([edge.id, leadsBack(edge, rounds)]).toEqual([edge.id, edge.mode === "return"]);
  const { spots } = layoutOf(graph);
  const x = (id: string) => spots.get(id)?.x ?? Number.NaN;
  expect(x("transition:to-check")).toBeLessThan(x("transition:from-check"));
  expect(x("transition:packing")).toBeLessThan(x("place:done"));
});

test("a token that is handed in and back moves along these arcs", () => {
  const { edges } = graphOf(net, new Set(["check", "pack"]));
  const event = (type: string, consumed: string[], produced: string[]) =>
    ({
      ...{ seq: 1, type, transition: "packing", attempt: 1, durationMs: 5 },
      consumed: consumed.map((place) => ({ place })),
      produced: produced.map((place) => ({ place })),
    }) as unknown as NetEvent;
  const went = (one: NetEvent) => flightsOf(one, edges).map(({ edge }) => edge);
  expect(went(event("started", ["checked"], ["pack--inbox"]))).toEqual([
    "checked>transition:packing>consume",
    "transition:packing>place:pack--inbox>out",
  ]);
  expect(went(event("fired", ["checked", "pack--parcel"], ["done"]))).toEqual([
    "transition:packing>done>out",
    "place:pack--parcel>transition:packing>return",
  ]);
});
