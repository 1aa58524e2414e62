import { expect, test } from "vitest";
import { FLAGS } from "../../src/contract/capability.ts";
import { apiName, fromApiName, toolCatalogue, toolSpec } from "../../src/tools/catalogue.ts";

test("names survive the way to a model API and back, and are distinct there", () => {
  const names = [...toolCatalogue.keys()];
  const safe = names.map(apiName);
  expect(new Set(safe).size).toBe(names.length);
  for (const [at, name] of names.entries()) {
    expect(name).toMatch(/^[a-z]+(\.[a-z]+)?$/);
    expect(safe[at]).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
    expect(fromApiName(safe[at] as string)).toBe(name);
  }
});

test("a spec is an object schema that closes itself to unknown fields and asks only for what has no default", () => {
  for (const tool of toolCatalogue.values()) {
    const spec = toolSpec(tool);
    expect(spec.input.type, tool.name).toBe("object");
    expect(spec.input.additionalProperties, tool.name).toBe(false);
    expect(spec.input).not.toHaveProperty("$schema");
    expect(tool.limits.seconds).toBeGreaterThan(0);
  }
  const read = toolCatalogue.get("fs.read");
  if (!read) throw new Error("fs.read is missing");
  expect(toolSpec(read).input.required).toEqual(["path"]);
});

test("what changes files asks for w, what only looks asks for r, what steers the loop asks for nothing", () => {
  const flags = Object.fromEntries([...toolCatalogue.values()].map((tool) => [tool.name, tool.flag]));
  for (const name of ["fs.write", "fs.patch", "fs.delete", "git.commit"]) expect(flags[name]).toBe("w");
  for (const name of ["fs.read", "fs.list", "fs.search", "git.status", "git.diff", "git.log", "tests.run", "place.read"]) {
    expect(flags[name]).toBe("r");
  }
  for (const name of ["think", "done", "fail"]) expect(flags[name]).toBeNull();
  for (const flag of Object.values(flags)) expect(flag === null || FLAGS.includes(flag)).toBe(true);
});

test("an input with a field that nobody knows is refused", () => {
  expect(toolCatalogue.get("fs.write")?.input.safeParse({ path: "a", text: "b", mode: "0777" }).success).toBe(false);
});
