/** A developer that is a search: examples that nobody prepared become a real commit, and what it cannot find goes to a person. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { Json, JsonObject } from "../../src/contract/json.ts";
import { rulesProvider } from "../../src/models/providers/rules.ts";
import { rosterRules } from "../../src/personas/rules/roster-rules.ts";
import { gitIn } from "../support/git-repo.ts";
import { wallClock } from "../support/nats-server.ts";
import { everIn, expectNothingPushed, fired, startTeam, type Team } from "./team-kit.ts";

let team: Team;
afterEach(async () => team.stop());

async function ask(file: { function: string; examples: Json[] }): Promise<void> {
  const provider = rulesProvider(rosterRules, { clock: wallClock });
  team = await startTeam({ developers: {}, provider, target: "main" });
  await team.request(`Write ${file.function}`, `As it says.\n\n${JSON.stringify(file)}`);
}

test("examples of a function over numbers, made up here, become a pushed commit that does more than the examples", {
  timeout: 180_000,
}, async () => {
  // The first ones allow for a simpler program than the later ones: it takes more than one candidate.
  const value = (a: number, b: number) => (a < b ? b - a : a * b);
  const inputs: [number, number][] = [
    [1, 5],
    [2, 9],
    [3, 11],
    [0, 8],
    [6, 2],
    [9, 4],
    [5, 3],
    [7, 7],
  ];
  await ask({ function: "gapOrArea", examples: inputs.map((args) => ({ args, out: value(...args) })) });
  await team.tokensIn("delivered");
  const events = await team.events();
  expect(everIn(events, "escalations")).toEqual([]);
  const tools = events.filter(({ type, transition }) => type === "fired" && transition === "develop").flatMap(({ tools = [] }) => tools);
  expect(tools.filter(({ name }) => name === "tests.run").length).toBeGreaterThan(1);
  expect(tools.every(({ ok }) => ok === true || ok === false)).toBe(true);
  const clone = mkdtempSync(join(tmpdir(), "petrel-examples-"));
  try {
    gitIn(clone, "clone", "--quiet", team.repo.origin, "clone");
    const code =
      "import { gapOrArea } from './src/gap-or-area.js'; console.log([[1,2],[8,3],[20,30]].map(([a, b]) => gapOrArea(a, b)).join());";
    const said = execFileSync(process.execPath, ["--input-type=module", "-e", code], { cwd: join(clone, "clone"), encoding: "utf8" });
    expect(said.trim()).toBe("1,24,10");
  } finally {
    rmSync(clone, { recursive: true, force: true });
  }
});

test("what has no program of the grammar is refused three times, lies in escalations, and nothing is pushed", {
  timeout: 180_000,
}, async () => {
  await ask({
    function: "digest",
    examples: [
      ["ab", "187ef4436122"],
      ["cd", "2e65f2f2fdaf"],
      ["ef", "6af61d5e1f2e"],
      ["gh", "a0f97b5a3a53"],
    ].map(([given, out]) => ({ in: given as string, out: out as string })),
  });
  const [token] = await team.tokensIn("escalations");
  expect(String((token?.data as JsonObject | undefined)?.findings)).toMatch(
    /I found no program for all 4 examples of digest: 400000 were tried, the limit of attempt 3/,
  );
  expect(fired(await team.events(), "develop")).toBe(3);
  expect(await team.events().then((events) => fired(events, "deliver"))).toBe(0);
  expectNothingPushed(team.repo);
});
