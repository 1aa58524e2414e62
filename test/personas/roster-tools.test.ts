/** The roster and the tools: each tool is on the list of a persona that has its flag, and x is one persona's. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseFlags } from "../../src/contract/capability.ts";
import { type Persona, personaSchema } from "../../src/personas/persona-schema.ts";
import { toolCatalogue } from "../../src/tools/catalogue.ts";

const roster: Persona[] = readdirSync("personas")
  .filter((name) => name.endsWith(".json"))
  .map((name) => personaSchema.parse(JSON.parse(readFileSync(join("personas", name), "utf8"))));

test("each tool is on the list of a persona that may use it", () => {
  const unused = [...toolCatalogue.values()].filter(
    ({ name, flag }) => !roster.some(({ tools, flags }) => tools.includes(name) && (flag === null || parseFlags(flags).has(flag))),
  );
  expect(unused.map(({ name }) => name)).toEqual([]);
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
