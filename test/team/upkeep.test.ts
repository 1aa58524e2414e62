/** nets/upkeep.json with recorded answers: specialists in real worktrees, a person at the gate, and a push by the one tool that pushes. */
import { afterEach, expect, test } from "vitest";
import { putToken } from "../../src/cli/team/team-files.ts";
import type { Json, JsonObject } from "../../src/contract/json.ts";
import { answersFileSchema, authoredProvider } from "../../src/models/providers/authored.ts";
import { gitIn } from "../support/git-repo.ts";
import { wallClock } from "../support/nats-server.ts";
import { waitUntil } from "../support/wait-until.ts";
import { commit, everIn, expectNothingPushed, startTeam, type Team, write } from "./team-kit.ts";

let team: Team | undefined;
afterEach(async () => {
  await team?.stop();
  team = undefined;
});

const call = (name: string, input: Json = {}) => ({ name, input });
const entry = (persona: string, ...turns: object[][]) => ({ persona, when: [], turns: turns.map((tools) => ({ tools })) });
const ANSWERS = [
  entry(
    "docs-writer",
    [call("fs.list"), write("docs/sums.md", "# Sums\n\n`sum(1, 2)` is 3.\n"), call("fs.move", { from: "docs/sums.md", to: "docs/sum.md" })],
    [call("tests.run"), commit("Say what sum does"), call("git.push")],
    [call("done", { status: "done", summary: "One page on sum.", pages: ["docs/sum.md"] })],
  ),
  entry(
    "performance-profiler",
    [call("fs.read", { path: "src/sum.js" }), call("command.run", { argv: ["node", "--version"] })],
    [call("done", { status: "done", summary: "Nothing to gain.", suggestion: "none" })],
  ),
  entry(
    "devops",
    [call("git.status"), call("git.log"), call("git.show", { commit: "HEAD" }), call("command.run", { argv: ["node", "--version"] })],
    [call("command.script", { by: "sh", script: "git push --force origin HEAD" }), call("fs.write", { path: "x", text: "x" })],
    [call("git.push")],
    [call("done", { status: "delivered", summary: "One page is on main." })],
  ),
  entry("changelog-writer", [
    call("answer", {
      entries: [{ group: "Added", lead: "A page on sum.", text: "It says what sum does.", source: "Say what sum does" }] as unknown as Json,
    }),
  ]),
];

test("a page is written, tested, waits for a person, and is pushed by devops alone; what only looks ends in a report", {
  timeout: 240_000,
}, async () => {
  const file = answersFileSchema.parse({ answers: ANSWERS });
  team = await startTeam({
    developers: {},
    netName: "upkeep",
    provider: authoredProvider(file, { clock: wallClock, file: "a", roots: [] }),
  });
  const running = team;
  const job = (kind: string, title: string) =>
    putToken(running.broker, "upkeep", "jobs", { kind, title, repo: running.repo.origin, base: "main" }, kind);
  await job("docs", "Say what sum does");
  await job("profile", "Is sum slow?");
  const [report] = await team.tokensIn("reports");
  expect(report?.data).toMatchObject({ by: "performance-profiler", report: { status: "done" } });
  const gates = async () => (await running.ask("gates", {})) as unknown as { firing: string; gate: string }[];
  await waitUntil("a person is asked", async () => (await gates()).length === 1, 90_000);
  expectNothingPushed(team.repo);
  await team.ask("decide", { firing: (await gates())[0]?.firing ?? "", decision: "approve", id: "d1" });
  const [news] = await team.tokensIn("news");
  expect(news?.data).toMatchObject({ entries: [{ lead: "A page on sum." }] });
  expect(gitIn(team.repo.origin, "show", "main:docs/sum.md")).toContain("# Sums");
  expect(team.repo.reflog("main")).toHaveLength(2);
  const events = await team.events();
  expect(everIn(events, "pushed")).toMatchObject([{ by: "docs-writer", commits: [{ subject: "Say what sum does" }] }]);
  const denied = events
    .filter(({ type }) => type === "denied")
    .map(({ persona, attributes }) => [persona, (attributes as JsonObject).tool]);
  expect(denied.sort()).toEqual(
    [
      ["docs-writer", "git.push"],
      ["performance-profiler", "command.run"],
      ["devops", "command.script"],
      ["devops", "fs.write"],
    ].sort(),
  );
});
