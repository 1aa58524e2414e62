/** A task is taken over from the developer who works on it: commits and changes that are nowhere else are in the person's worktree (V2). */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Json } from "../../src/contract/json.ts";
import { processesWith } from "../../src/executors/stray-processes.ts";
import { builtCli, Desk } from "../support/petrel-process.ts";
import { waitUntil } from "../support/wait-until.ts";
import { git } from "./git-proof.ts";

/** Of this run alone: processes are looked for by it on the whole machine. */
const NET = `stopped-${process.pid}`;
const NEVER =
  'import { test } from "node:test";\ntest("waits", { timeout: 900_000 }, () => new Promise((end) => setTimeout(end, 900_000)));\n';
const persona = {
  persona: "smith",
  title: "Smith",
  description: "Writes two files and tests for ever",
  prompt: "Do what you are asked.",
  tier: "standard",
  tools: ["fs.write", "git.commit", "tests.run"],
  flags: "rw---",
  budget: { turns: 12 },
};
const tool = (name: string, input: Json) => ({ tools: [{ name, input }] });
const answers = {
  answers: [
    {
      persona: "smith",
      turns: [
        tool("fs.write", { path: "committed.js", text: "export const one = 1;\n" }),
        tool("git.commit", { message: "The first half" }),
        tool("fs.write", { path: "loose.js", text: "export const two = 2;\n" }),
        tool("fs.write", { path: "sum.js", text: "export const sum = 3;\n" }),
        tool("tests.run", {}),
      ],
    },
  ],
};
const net = {
  net: NET,
  places: { tasks: { open: true }, done: { sink: true }, errors: { sink: true } },
  transitions: {
    make: {
      ...{ kind: "agent", persona: "smith", pool: "code", ask: "Make it.", timeout: "20m", onError: "errors" },
      in: [{ place: "tasks", as: "task" }],
      workspace: { repo: "${task.repo}", base: "${task.base}", branch: "${task.branch}", from: "${default(task.from, null)}" },
      out: [{ to: "done", value: "${$result.work}" }],
    },
  },
};
interface Held {
  token: string;
  folder: string;
  start: string;
  left: { commits: number; files: number; artifact: string } | null;
}

const desk = new Desk("takeover-stop");
let origin = "";

beforeAll(async () => {
  await builtCli();
  desk.env.GIT_CONFIG_GLOBAL = desk.path("gitconfig");
  writeFileSync(desk.path("gitconfig"), "[user]\n\tname = Grace Hopper\n\temail = grace@example.org\n");
  origin = desk.path("origin.git");
  git(desk.cwd, "init", "-q", "--bare", "-b", "main", "origin.git");
  git(desk.cwd, "clone", "-q", origin, "seed");
  const seed = desk.path("seed");
  writeFileSync(join(seed, "package.json"), JSON.stringify({ name: "sum", type: "module", scripts: { test: "node --test" } }));
  writeFileSync(join(seed, "sum.js"), "export const sum = 0;\n");
  writeFileSync(join(seed, "sum.test.js"), NEVER);
  git(seed, "checkout", "-q", "-b", "main");
  git(seed, "add", "-A");
  git(seed, "-c", "user.name=S", "-c", "user.email=s@example.org", "commit", "-qm", "A sum");
  git(seed, "push", "-q", origin, "main");
  for (const [name, content] of Object.entries({ net, smith: persona, answers }))
    writeFileSync(desk.path(`${name}.json`), JSON.stringify(content));
  const system = desk.start(["up", "--json", "--models", "authored", "--answers", "answers.json"]);
  await system.says(/"ready":true/);
  await desk.json(["persona", "apply", "smith.json"]);
  await desk.json(["net", "apply", "net.json"]);
}, 180_000);
afterAll(() => desk.clear());

test("what the step has done so far is the person's to go on from", { timeout: 240_000 }, async () => {
  const put = await desk.json<{ id: string }>([
    "put",
    NET,
    "tasks",
    JSON.stringify({ title: "Two files", repo: origin, base: "main", branch: "task/two" }),
  ]);
  await waitUntil("its tests run", () => processesWith(`PETREL_FIRING=${NET}/make/`).length > 0, 120_000);
  const running = await desk.run(["takeover", put.id]);
  expect(running.stderr).toMatch(/--stop ends that work, and gives you what it has done so far/);

  const held = await desk.json<Held>(["takeover", put.id, "--stop"]);
  expect(held.left).toEqual({ commits: 1, files: 2, artifact: expect.stringMatching(/^[0-9a-f]{64}$/) });
  // Also for whoever never got that answer.
  expect((await desk.run(["takeover", put.id])).stderr).toContain(`artifact get ${held.left?.artifact}`);
  await waitUntil("the step is ended", () => processesWith(`PETREL_FIRING=${NET}/make/`).length === 0, 60_000);
  expect(git(held.folder, "log", "-1", "--format=%s|%an|%P")).toBe(`The first half|smith|${held.start}`);
  expect(git(held.folder, "branch", "--show-current")).toBe("task/two");
  expect(
    git(held.folder, "status", "--porcelain")
      .split("\n")
      .map((line) => line.trim()),
  ).toEqual(["M sum.js", "?? loose.js"]);
  expect(git(held.folder, "show", "HEAD:committed.js")).toBe("export const one = 1;");
  const taken = (await desk.events(NET, ".petrel")).find(({ type }) => type === "intervened");
  expect(taken?.summary).toMatch(/make is ended, and its work so far is handed over\.$/);
  expect(taken?.attributes).toMatchObject({ left: { bundle: { $artifact: held.left?.artifact } } });

  writeFileSync(join(held.folder, "sum.test.js"), 'import { test } from "node:test";\ntest("is", () => {});\n');
  await desk.json(["pause", NET]);
  const given = await desk.json<{ head: string; token: string }>(["handback", held.token, "--message", "The second half"]);
  const [back] = (await desk.json<{ tokens: { data: { work: Json } }[] }>(["tokens", NET, "tasks"])).tokens;
  expect(back?.data.work).toMatchObject({
    head: given.head,
    commits: [{ subject: "The first half" }, { subject: "The second half" }],
    files: [{ path: "committed.js" }, { path: "loose.js" }, { path: "sum.js" }, { path: "sum.test.js" }],
  });
  expect((await desk.json<{ equal: boolean }>(["replay", NET, "--verify"])).equal).toBe(true);
});
