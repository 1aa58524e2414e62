/** H1 and H2: whatever is asked for, in whatever tree of helpers, a child has no more than its parent. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FLAGS, parseFlags } from "../../src/contract/capability.ts";
import { helperRights, type Rights, type RightsWish } from "../../src/personas/helper-rights.ts";
import { decideTool } from "../../src/personas/policy.ts";
import { toolCatalogue } from "../../src/tools/catalogue.ts";

const TOOLS = [...toolCatalogue.keys()];
const PLACES = ["a", "b", "c", "d"];
const flags = fc.tuple(...FLAGS.map((flag) => fc.constantFrom(flag, "-"))).map((letters) => letters.join(""));
const budget = fc.record({
  turns: fc.integer({ min: 1, max: 50 }),
  seconds: fc.integer({ min: 1, max: 900 }),
  tokens: fc.integer({ min: 1, max: 1e6 }),
});
const root: fc.Arbitrary<Rights> = fc.record({
  grant: fc.record({ persona: fc.constant("root"), flags, tools: fc.subarray(TOOLS) }),
  wiring: fc.record({
    workspace: fc.boolean(),
    release: fc.boolean(),
    memory: fc.boolean(),
    reads: fc.subarray(PLACES),
    writes: fc.subarray(PLACES),
    takes: fc.subarray(PLACES),
  }),
  budget,
});
const wish: fc.Arbitrary<RightsWish> = fc.record(
  { flags, tools: fc.subarray([...TOOLS, "shell.run", "__proto__"]), reads: fc.subarray(PLACES), writes: fc.subarray(PLACES), budget },
  { requiredKeys: ["flags", "tools"] },
);
interface Spawn {
  wish: RightsWish;
  children: Spawn[];
}
const { tree } = fc.letrec<{ tree: Spawn; leaf: Spawn; node: Spawn }>((tie) => ({
  tree: fc.oneof({ maxDepth: 5, withCrossShrink: true }, tie("leaf"), tie("node")),
  leaf: fc.record({ wish, children: fc.constant([]) }),
  node: fc.record({ wish, children: fc.array(tie("tree"), { maxLength: 3 }) }),
}));

const within = (child: readonly string[], parent: readonly string[]) => child.every((one) => parent.includes(one));
const may = ({ grant, wiring }: Rights, tool: string) => decideTool(grant, tool, wiring).allowed;

function subset(child: Rights, parent: Rights): void {
  expect(within([...parseFlags(child.grant.flags)], [...parseFlags(parent.grant.flags)])).toBe(true);
  expect(within(child.grant.tools, parent.grant.tools)).toBe(true);
  expect(within(child.wiring.reads, parent.wiring.reads)).toBe(true);
  expect(within(child.wiring.writes, parent.wiring.writes)).toBe(true);
  expect(within(child.wiring.takes ?? [], parent.wiring.takes ?? [])).toBe(true);
  for (const key of ["turns", "seconds", "tokens"] as const) expect(child.budget[key]).toBeLessThanOrEqual(parent.budget[key]);
  // What it comes to: no tool is allowed that the parent was not.
  for (const tool of TOOLS) if (may(child, tool)) expect(may(parent, tool), tool).toBe(true);
}

describe("helpers", () => {
  test("have no more than their parent, in any tree", () => {
    let spawned = 0;
    const walk = (parent: Rights, { wish: wanted, children }: Spawn, ancestors: Rights[]): void => {
      const child = helperRights(parent, wanted, "helper");
      spawned += 1;
      for (const ancestor of [...ancestors, parent]) subset(child, ancestor);
      for (const each of children) walk(child, each, [...ancestors, parent]);
    };
    fc.assert(
      fc.property(root, tree, (rights, spawn) => walk(rights, spawn, [])),
      { numRuns: 150 },
    );
    expect(spawned).toBeGreaterThan(150);
  });

  test("have all that they ask for where the parent has it", () => {
    const parent: Rights = {
      grant: { persona: "p", flags: "rwx--", tools: ["place.read", "place.emit", "git.push"] },
      wiring: { workspace: true, reads: ["a", "b"], writes: ["c"], takes: ["a"], release: true },
      budget: { turns: 10, seconds: 60, tokens: 1000 },
    };
    const child = helperRights(parent, { flags: "rw--l", tools: ["place.read", "events.tail"], reads: ["b"] }, "h");
    expect(child.grant).toEqual({ persona: "h", flags: "rw---", tools: ["place.read"] });
    expect(child.wiring).toMatchObject({ reads: ["b"], writes: ["c"], takes: [] });
  });
});
