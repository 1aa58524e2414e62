/** The roster and the tools: each tool is used in a position of a net that ships, by a persona that may, and x is one persona's. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseFlags } from "../../src/contract/capability.ts";
import { checkNetFile } from "../../src/net/check.ts";
import { compileNet } from "../../src/net/compiled-net.ts";
import { type Persona, personaSchema } from "../../src/personas/persona-schema.ts";
import { positionsOf, rightsRow } from "../../src/personas/rights-table.ts";
import { toolCatalogue } from "../../src/tools/catalogue.ts";

const roster: Persona[] = readdirSync("personas")
  .filter((name) => name.endsWith(".json"))
  .map((name) => personaSchema.parse(JSON.parse(readFileSync(join("personas", name), "utf8"))));

/** What each persona may really call, in the nets that ship: flag, list and wiring together. */
const rows = readdirSync("nets")
  .filter((name) => name.endsWith(".json") && !name.includes("answers"))
  .flatMap((name) => {
    const { definition } = checkNetFile(readFileSync(join("nets", name), "utf8"), name);
    if (!definition) throw new Error(`${name} is no sound net`);
    return positionsOf(compileNet(definition, ""), (persona) => roster.find((one) => one.persona === persona) ?? null).map(rightsRow);
  });

test("each tool can be called in a position of a net that ships", () => {
  const called = new Set(rows.flatMap(({ tools }) => tools));
  // `done` and `fail` end the work of every agent, and need no listing.
  const unused = [...toolCatalogue.keys()].filter((name) => name !== "done" && name !== "fail" && !called.has(name));
  expect(unused).toEqual([]);
  expect(rows.some(({ kind }) => kind === "agent")).toBe(true);
});

test("who lists more than place.read can call all of it in one of its positions", () => {
  for (const { persona, tools } of roster) {
    const callable = new Set(rows.filter((row) => row.persona === persona).flatMap((row) => row.tools));
    const dead = tools.filter((tool) => tool !== "place.read" && tool !== "done" && tool !== "fail" && !callable.has(tool));
    expect(dead, persona).toEqual([]);
  }
});

test("everybody of the roster has a position in a net that ships", () => {
  const standing = new Set(rows.map(({ persona }) => persona));
  expect(roster.map(({ persona }) => persona).filter((persona) => !standing.has(persona))).toEqual([]);
});

test("no persona lists a tool that it has no flag for, nor has a flag that no tool of its list needs, but r", () => {
  for (const { persona, flags, tools } of roster) {
    const needed = new Set(tools.map((tool) => toolCatalogue.get(tool)?.flag));
    for (const flag of needed) if (flag) expect(parseFlags(flags).has(flag), `${persona}: ${flag}`).toBe(true);
    for (const flag of parseFlags(flags)) if (flag !== "r") expect(needed.has(flag), `${persona} has ${flag} for nothing`).toBe(true);
  }
});

test("devops alone has x", () => {
  expect(roster.filter(({ flags }) => parseFlags(flags).has("x")).map(({ persona }) => persona)).toEqual(["devops"]);
});
