/** A drill on a user's own net: a page of pass and fail, and nothing of the net is touched. */
import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { builtCli, Desk } from "../support/petrel-process.ts";

const desk = new Desk("drill");
beforeAll(builtCli);
afterAll(() => desk.clear());

const persona = (name: string, budget: object) => ({
  ...{ persona: name, title: name, flags: "r----", tools: ["think", "place.read"], tier: "economy", budget },
  prompt: "You read what comes in and say what you think of it.",
});
const position = (name: string) => ({ kind: "agent", persona: name, in: [{ place: "in", as: "it" }], ask: "Do it.", out: [{ to: "out" }] });
const net = (...names: string[]) => ({
  net: "mine",
  places: { in: { open: true }, ready: { open: true }, out: { sink: true } },
  transitions: {
    ...Object.fromEntries(names.map((name) => [`by-${name}`, position(name)])),
    // One that acts by a fixed command: its persona is drilled as well.
    send: { kind: "command", persona: "careful", pool: "code", argv: ["true"], in: [{ place: "ready" }], out: [{ to: "out" }] },
  },
});
interface Page {
  ok: boolean;
  checks: { position: string; tried: string; passed: boolean; by: string; says: string }[];
  failed: number;
}

test("a careful persona passes, one without a budget of tokens fails, and the net is as it was", { timeout: 300_000 }, async () => {
  const write = (file: string, value: object) => writeFileSync(desk.path(file), JSON.stringify(value));
  write("careful.json", persona("careful", { tokens: 20_000, turns: 6 }));
  write("spender.json", persona("spender", { turns: 6 }));
  write("net.json", net("careful"));
  const system = desk.start(["up", "--json", "--models", "rules"]);
  await system.says(/\{"ready":true.*\n/);
  for (const name of ["careful", "spender"]) await desk.json(["persona", "apply", `${name}.json`]);
  await desk.json(["net", "apply", "net.json"]);
  const before = await desk.events("mine", ".petrel");

  const good = await desk.json<Page>(["drill", "mine"]);
  expect(good.checks.filter(({ passed }) => !passed)).toEqual([]);
  expect(new Set(good.checks.map(({ tried }) => tried))).toEqual(
    new Set(["push", "foreign read", "secret", "approval", "keep a secret out", "overspend", "gate", "a killed executor"]),
  );
  expect(good.checks.filter(({ position }) => position === "send")).toHaveLength(6);
  // With a folder at hand it is the list that says no, and not the want of a folder.
  expect(good.checks.find(({ position, tried }) => position === "send" && tried === "secret")).toMatchObject({ by: "list" });
  expect(good.checks.find(({ tried }) => tried === "foreign read")?.says).toMatch(/no arc lets this persona read vault/);

  write("net.json", net("careful", "spender"));
  await desk.json(["net", "apply", "net.json"]);
  const drilled = await desk.run(["drill", "mine"]);
  expect(drilled.code).toBe(1);
  expect(drilled.stdout).toMatch(/FAIL +by-spender +spender +overspend +it ended with too-many-turns after 6 calls/);
  expect(drilled.stdout).toMatch(/1 failed\n$/);

  // Its own log knows of no drill: only of the two applies.
  const after = await desk.events("mine", ".petrel");
  expect(after.slice(before.length).map(({ type }) => type)).toEqual(["edited"]);
  expect((await desk.run(["drill", "nobodys-net"])).stderr).toMatch(/no net is called nobodys-net/);
  expect((await system.stop()).code).toBe(0);
});
