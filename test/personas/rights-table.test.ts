/** What `petrel persona explain` and `matrix` say, of the net that ships. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { compileNet } from "../../src/net/compiled-net.ts";
import { netSchema } from "../../src/net/definition.ts";
import { personaSchema } from "../../src/personas/persona-schema.ts";
import { explain, type Position, positionsOf, rightsRow } from "../../src/personas/rights-table.ts";

const net = compileNet(netSchema.parse(JSON.parse(readFileSync("nets/safe-teams.json", "utf8"))), "");
const positions = positionsOf(net, (name) => personaSchema.parse(JSON.parse(readFileSync(join("personas", `${name}.json`), "utf8"))));
const places = new Set(Object.keys(net.definition.places));
const at = (transition: string) => {
  const found = positions.find((position) => position.transition === transition);
  if (!found) throw new Error(`nobody stands at ${transition}`);
  return found;
};

describe("explain", () => {
  test("names the first rule that says no, and all rules of a yes, in their order", () => {
    expect(explain(at("judge"), "git.push", places)).toMatchObject({ allowed: false, rules: [{ rule: "flag", allows: false }] });
    const yes = explain(at("develop"), "fs.write", places);
    expect(yes?.allowed).toBe(true);
    expect(yes?.rules.map(({ rule }) => rule)).toEqual(["flag", "list", "net"]);
    const unlisted = explain(at("develop"), "git.merge", places);
    expect(unlisted?.rules.map(({ rule, allows }) => [rule, allows])).toEqual([
      ["flag", true],
      ["list", false],
    ]);
    const unwired = explain({ ...at("develop"), wiring: { ...at("develop").wiring, workspace: false } }, "fs.write", places);
    expect(unwired?.rules.at(-1)).toMatchObject({ rule: "net", allows: false, says: expect.stringContaining("workspace") });
  });

  test("tells of a tool of an MCP server, over stdio and over HTTP", () => {
    const listed = ["mcp.notes.add", "mcp.notes.erase", "mcp.mail.send", "mcp.other.x"];
    const stand = { kind: "agent", persona: "p", ask: "Do.", in: [{ place: "a" }], out: [{ to: "b" }] };
    const servers = {
      workspace: { mcp: { notes: { command: ["node", "s.mjs"], flag: "r", tools: { erase: "w" } } } },
      mcp: { mail: { url: "https://mail.example.com/mcp", flag: "w" } },
    };
    const other = netSchema.parse({ net: "n", places: { a: {}, b: {} }, transitions: { work: { ...stand, ...servers } } });
    const stands = (flags: string) =>
      positionsOf(compileNet(other, ""), () => ({ persona: "p", flags, tools: listed, memory: undefined }))[0];
    const says = (flags: string) => listed.map((name) => explain(stands(flags) as Position, name, places)?.allowed);
    expect(says("r----")).toEqual([true, false, false, undefined]);
    expect(says("rw---")).toEqual([true, true, false, undefined]);
    expect(says("rw-h-")).toEqual([true, true, true, undefined]);
    expect(rightsRow(stands("rw-h-") as Position).tools).toEqual(listed.slice(0, 3));
    const unlisted = positionsOf(compileNet(other, ""), () => ({ persona: "p", flags: "r----", tools: [], memory: undefined }))[0];
    const first = (name: string) => explain(unlisted as Position, name, places)?.rules.find(({ allows }) => !allows)?.rule;
    expect(listed.map(first)).toEqual(["list", "flag", "flag", undefined]);
    expect(explain(at("judge"), "mcp.notes.add", places)).toBeNull();
  });

  test("tells of a place what its arcs and flags allow, and knows no other names", () => {
    expect(explain(at("judge"), "review", places)).toMatchObject({ allowed: true });
    expect(explain(at("intake"), "review", places)).toMatchObject({ allowed: false });
    expect(explain(at("judge"), "nothing-like-it", places)).toBeNull();
  });

  test("tells what comes with the firing from what a tool could do, which needs a tool on the list", () => {
    expect(explain(at("judge"), "review", places)?.rules).toMatchObject([
      { allows: true, says: expect.stringMatching(/^qa is given .*with its firing: a/) },
      { allows: false, says: expect.stringContaining("of kind llm it calls no tools") },
    ]);
    // Flag and arc are there, and no tool that writes to places.
    expect(explain(at("develop"), "changes", places)?.rules.map(({ rule, allows }) => [rule, allows])).toEqual([
      ["place", true],
      ["place", false],
      ["place", false],
      ["list", false],
    ]);
    const develop = at("develop");
    const writer = { ...develop, persona: { ...develop.persona, tools: ["place.emit"] } };
    expect(explain(writer, "changes", places)?.rules.at(-1)).toMatchObject({
      allows: true,
      says: expect.stringContaining("; it has place.emit"),
    });
    expect(explain(writer, "accepted", places)?.rules.map(({ allows }) => allows)).toEqual([false, false, false]);
  });
});

test("the matrix has a row for each position, and nobody but devops has x", () => {
  const rows = positions.map(rightsRow);
  expect(rows.map(({ transition }) => transition)).toEqual(expect.arrayContaining(["intake", "plan", "develop", "judge", "deliver"]));
  expect(rows.filter(({ flags }) => flags[2] === "x").map(({ persona }) => persona)).toEqual(["devops"]);
  const developer = rows.find(({ transition }) => transition === "develop");
  expect(developer?.tools).toEqual(expect.arrayContaining(["fs.write", "git.commit", "tests.run"]));
  expect(developer?.writes.length).toBeGreaterThan(0);
  expect(rows.filter(({ kind }) => kind === "llm").every(({ tools }) => tools.length === 0)).toBe(true);
});
