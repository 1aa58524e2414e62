/** `npm start`: the system of the demo comes up with the team at work, and says how to go on. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { builtCli, Desk, ROOT } from "../support/petrel-process.ts";

const desk = new Desk("start");
beforeAll(builtCli);
afterAll(() => desk.clear());

/** What npm start runs, without its `node dist/petrel.js`. */
const words = (JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { scripts: { start: string } }).scripts.start
  .split(" ")
  .slice(2);

test("the net and its personas run, once, and an edited net stays as it runs", { timeout: 240_000 }, async () => {
  const first = desk.start([...words, "--models", "rules", "--json"]);
  await first.says(/"ready":true/, 120_000);
  expect(first.stdout.trim().split("\n")).toHaveLength(1);
  expect(await desk.json(["net", "ls"])).toMatchObject([{ net: "safe-teams", state: "running" }]);
  const personas = await desk.json<{ persona: string }[]>(["persona", "ls"]);
  expect(personas.map(({ persona }) => persona)).toEqual(expect.arrayContaining(["product-manager", "developer", "qa", "devops"]));
  const edited = desk.path("edited.json");
  await desk.json(["net", "pull", "safe-teams", "--out", edited]);
  writeFileSync(edited, readFileSync(edited, "utf8").replace('"title": "A software team"', '"title": "Our own team"'));
  await desk.json(["net", "apply", edited]);
  await first.stop();

  const second = desk.start([...words, "--models", "rules"]);
  await second.says(/To look around:/, 120_000);
  expect(second.stdout + second.stderr).toContain("petrel net diff");
  expect(second.stdout + second.stderr).toMatch(/run safe-teams --repo \S+ --request "/);
  await desk.json(["net", "pull", "safe-teams", "--out", desk.path("again.json")]);
  expect(readFileSync(desk.path("again.json"), "utf8")).toContain('"title": "Our own team"');
  await second.stop();
});

test("a team that does not exist is said before anything is started", async () => {
  const { code, stderr } = await desk.run(["up", "--team", "save-teams", "--dir", desk.path("none")]);
  expect(code).toBe(2);
  expect(stderr).toContain("safe-teams");
});
