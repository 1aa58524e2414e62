/** `petrel net check` names an equality whose fields the answers do not have, at its place in the file. */
import { afterEach, beforeEach, expect, it } from "vitest";
import { crystalOf, triageNet, triagePersona } from "../support/ticket-rule.ts";
import { Stage } from "./stage.ts";

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
  stage.file("personas/triage.json", JSON.stringify(triagePersona));
  const writer = { ...triagePersona, persona: "writer", output: undefined };
  stage.file("personas/writer.json", JSON.stringify(writer));
});
afterEach(() => stage.remove());

interface Finding {
  code: string;
  path: string;
  line: number;
  message: string;
  hint?: string;
}
async function findings(net: object): Promise<Finding[]> {
  stage.file("nets/desk.json", JSON.stringify({ net: "desk", ...net }, null, 2));
  const { json, code } = await stage.run("net", "check", "nets/desk.json", "--json");
  expect(code).toBe(0);
  return (json as unknown as { findings: Finding[] }).findings.filter((one) => one.code === "equality-field");
}
const fields = (...names: string[]) => ({ fields: Object.fromEntries(names.map((name) => [name, "exact" as const])) });

it("of a step: one warning, with the nearest field that there is", async () => {
  const [found, ...more] = await findings(triageNet(undefined, { equality: fields("ownr") }));
  expect(more).toEqual([]);
  expect(found).toMatchObject({ path: "transitions.triage.equality.fields.ownr", hint: 'did you mean "owner"?' });
  expect(found?.message).toContain('its equality names "ownr", which the answers of triage do not have: they are compared exactly');
  const text = (await stage.run("net", "check", "nets/desk.json")).err;
  expect(text).toMatch(/^warning: nets\/desk\.json:\d+:\d+: transition "triage"/m);
  expect(found?.line).toBeGreaterThan(1);
  const two = await findings(triageNet(undefined, { equality: fields("owner", "area", "why") }));
  expect(two).toHaveLength(1);
  expect(two[0]?.message).toMatch(/names "area" and "why", which the answers of triage do not have$/);
});

it("of a rule that stands there, and inside a field", async () => {
  expect(await findings(triageNet(crystalOf({ equality: fields("area") })))).toMatchObject([
    { path: "transitions.triage.crystal.equality.fields.area" },
  ]);
  const output = { type: "object", properties: { who: { type: "object", properties: { name: { type: "string" } } } } };
  stage.file("personas/triage.json", JSON.stringify({ ...triagePersona, output }));
  const [inner] = await findings(triageNet(undefined, { equality: { fields: { who: { fields: { nam: "exact" } } } } }));
  expect(inner).toMatchObject({ path: "transitions.triage.equality.fields.who.fields.nam", hint: 'did you mean "name"?' });
});

it("of the net: what no step has, else the steps that have nothing of it", async () => {
  const { places, transitions } = triageNet(undefined);
  const write = { ...transitions.triage, persona: "writer", in: [{ place: "letters", as: "ticket" }] };
  const net = (equality: object) => ({
    places: { ...places, letters: { open: true } },
    transitions: { ...transitions, write },
    crystallize: { equality },
  });
  expect(await findings(net(fields("owner", "text")))).toEqual([]);
  expect(await findings(net(fields("owner", "text", "tone")))).toMatchObject([{ path: "crystallize.equality.fields.tone" }]);
  const [found] = await findings(net(fields("owner")));
  expect(found?.message).toContain("the answers of write have none of the fields");
});

it("says nothing where the answers may have any field, or nobody knows them", async () => {
  const open = { ...triagePersona, output: { type: "object", properties: {}, additionalProperties: true } };
  stage.file("personas/triage.json", JSON.stringify(open));
  expect(await findings(triageNet(undefined, { equality: fields("ownr") }))).toEqual([]);
  expect(await findings(triageNet(undefined, { persona: "stranger", equality: fields("ownr") }))).toEqual([]);
});
