/** Small nets with one fault each, which must be named at its place, and sound ones, of which nothing may be said. */
import { describe, expect, test } from "vitest";
import { analyseDefinition, type DefinitionAnalysis } from "../../../src/net/analysis/analyse-definition.ts";
import { analysePetriNet } from "../../../src/net/analysis/analyse-petri-net.ts";
import { asWritten } from "../../../src/net/analysis/as-written.ts";
import { isOrdinary } from "../../../src/net/analysis/petri-net.ts";
import { readPnml } from "../../../src/net/analysis/pnml.ts";
import { writePnml } from "../../../src/net/analysis/pnml-write.ts";
import { checkNet } from "../../../src/net/check.ts";
import { type NetDefinition, netSchema } from "../../../src/net/definition.ts";
import { FAULTS } from "./faulty-nets.ts";
import type { Case } from "./small-nets.ts";
import { SOUND } from "./sound-nets.ts";

const limits = { states: 50_000, seconds: 10, clock: { now: () => 0 } };
const flags = (persona: string) => ({ releaser: "r-x--", reader: "r----" })[persona] ?? null;
const grants = () => ["shop_key"];

function look({ places, steps, tokens }: Case): { definition: NetDefinition; analysis: DefinitionAnalysis; told: string[] } {
  const definition = netSchema.parse({ net: "n", places, transitions: steps, ...(tokens ? { tokens } : {}) });
  const analysis = analyseDefinition(definition, limits, flags, grants);
  const problems = checkNet(definition).map(({ code, path, message }) => `${code} at ${path}: ${message}`);
  const told = [...problems, ...analysis.findings.map(({ code, path, message }) => `${code} at ${path.join(".")}: ${message}`)];
  return { definition, analysis, told };
}

describe("a net with one fault", () => {
  test.each(FAULTS)("%s", (_, given, expected, words) => {
    const { told, analysis } = look(given);
    const found = told.find((text) => text.startsWith(expected));
    expect(found, told.join("\n")).toBeDefined();
    if (words) expect(found).toMatch(words);
    if (!/^(push|secret)/.test(expected)) expect(analysis.sound).not.toBe(true);
  });
});

describe("of a sound net nothing is said", () => {
  test.each(SOUND)("%s", (_, given) => {
    const { told, analysis } = look(given);
    expect(told).toEqual([]);
    expect(analysis.says.filter((text) => text.includes("not decided: no way"))).toEqual([]);
  });
});

/** What a net file and its PNML both speak of: the file looks at later cases too. */
describe("a net file and its PNML", () => {
  const all = [...FAULTS.map(([name, given]) => [name, given] as const), ...SOUND];
  test.each(all.filter(([, given]) => isOrdinary(look(given).analysis.net)))("agree: %s", (_, given) => {
    const { definition, analysis } = look(given);
    const other = analysePetriNet(readPnml(writePnml(asWritten(analysis.net, definition)), "n.pnml"), limits);
    const { states, edges, deadlocks } = analysis;
    expect([other.states, other.edges, other.deadlocks]).toEqual([states, edges, deadlocks]);
    for (const [place, bound] of Object.entries(analysis.bound)) {
      if (bound !== null && place in other.bound) expect([place, other.bound[place]]).toEqual([place, bound]);
    }
    const dead = (of: readonly { code: string; path: readonly (string | number)[] }[]) =>
      of.filter(({ code }) => code === "dead-transition").map(({ path }) => String(path[1]));
    const deadThere = dead(other.findings);
    const single = dead(analysis.findings).filter((name) => analysis.net.transitions.filter(({ of }) => of === name).length === 1);
    for (const name of single) expect(deadThere).toContain(name);
  });
});
