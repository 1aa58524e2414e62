/** Names of tools on their way to a provider and back. */
import { expect, test } from "vitest";
import { nameFromWire, wireName } from "../../src/models/tool-names.ts";

const spec = (name: string) => ({ name, description: "", input: { type: "object" } });
const back = nameFromWire([spec("fs.read"), spec("mcp.notes.look__up")]);

test("a tool that was offered comes back as it went", () => {
  for (const name of ["fs.read", "mcp.notes.look__up"]) expect(back(wireName(name))).toBe(name);
});
test("a tool that was not offered gets its dots back, so that what refuses it knows what was meant", () => {
  expect(back("git__push")).toBe("git.push");
  expect(back("mcp__notes__erase")).toBe("mcp.notes.erase");
});
test("what is no name of a tool stays as the model wrote it", () => {
  for (const wire of ["git.push", "answer", "__proto__", "a__", "Fs__read", ""]) expect(back(wire)).toBe(wire);
});
