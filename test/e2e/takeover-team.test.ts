/** A person takes a task of the running team from the gate before devops, adds to it by hand, and what they did is pushed with the rest. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Json } from "../../src/contract/json.ts";
import { builtCli, Desk } from "../support/petrel-process.ts";
import { waitUntil } from "../support/wait-until.ts";
import { git, reflog } from "./git-proof.ts";

const NET = "safe-teams";
const WAITS = /In another terminal, in this folder: (.*gate approve .*)\n/;
const AT = ["--dir", ".petrel/demo"];
type Row = { id: string; data: { [name: string]: Json } };
type Held = { token: string; folder: string; place: string; branch: string; title: string };

const desk = new Desk("takeover-team");
beforeAll(async () => {
  await builtCli();
  desk.env.GIT_CONFIG_GLOBAL = desk.path("gitconfig");
  writeFileSync(desk.path("gitconfig"), "[user]\n\tname = Grace Hopper\n\temail = grace@example.org\n");
}, 180_000);
afterAll(() => desk.clear());

const tokens = async (place: string) => (await desk.json<{ tokens: Row[] }>(["tokens", NET, place, ...AT])).tokens;
const gates = async () => await desk.json<{ gate: string; firing: string }[]>(["gate", "ls", NET, ...AT]);

test("in the demo that waits at its gate", { timeout: 480_000 }, async () => {
  const demo = desk.start(["demo", "--gate", "--speed", "full", "--keep"]);
  const [, approve = ""] = await demo.says(WAITS, 240_000);
  const [waiting] = await gates();
  const accepted = await tokens("accepted");
  expect(accepted).toHaveLength(2);
  // The gate holds both tasks of the story, so its firing names none of them: the error lists what to paste.
  const both = await desk.run(["takeover", waiting?.firing ?? "", ...AT]);
  expect(both.code).toBe(1);
  for (const { id } of accepted) expect(both.stderr).toMatch(new RegExp(`takeover ${id} +\\(“`));

  const task = accepted.find(({ data }) => data.task === "search")?.id ?? "";
  const held = await desk.json<Held>(["takeover", task, ...AT]);
  expect(held).toMatchObject({ place: "accepted", title: "Find notes by a word" });
  expect(await gates()).toEqual([]);
  expect((await tokens("accepted")).map(({ data }) => data.task)).toEqual(["limit"]);
  // The worktree stands where the developer left it.
  expect(git(held.folder, "log", "-1", "--format=%an")).toBe("developer");
  const readme = join(held.folder, "README.md");
  writeFileSync(readme, `${readFileSync(readme, "utf8")}\nWritten by hand.\n`);
  await desk.json(["handback", task, "--message", "Tell of it in the readme", ...AT]);

  await waitUntil("it waits at the gate again", async () => (await gates()).length === 1, 90_000);
  expect((await gates())[0]?.firing).not.toBe(waiting?.firing);
  const pasted = await desk.paste(approve);
  expect(pasted.code, pasted.stderr).toBe(0);
  await demo.says(/Ctrl-C ends it\.\n/, 180_000);
  const origin = desk.path(".petrel", "demo", "origin.git");
  expect(git(origin, "show", "main:README.md")).toContain("Written by hand.");
  const log = git(origin, "log", "--format=%an|%s|%(trailers:key=Petrel-Firing,valueonly,separator=%x2C)", "main").split("\n");
  expect(log).toContain(`Grace Hopper|Tell of it in the readme|${NET}/takeover/${task}`);
  expect(reflog(origin, "main")).toHaveLength(2);
  const [delivered] = await tokens("delivered");
  const trace = await desk.run(["trace", delivered?.id ?? "", ...AT]);
  expect(trace.stdout).toMatch(/took it over at/);
  expect(trace.stdout).toMatch(/handed it back at .*: Tell of it in the readme/);
  expect((await demo.stop()).code).toBe(0);
});
