/** `petrel run` on repositories as users have them: what it refuses before anything happens, and a whole run. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startAnthropicStub } from "../support/anthropic-stub.ts";
import { gitIn } from "../support/git-repo.ts";
import { builtCli, CLI, Desk, ROOT } from "../support/petrel-process.ts";

const ANSWERS = ["--models", "authored", "--answers", join(ROOT, "nets", "safe-teams.answers.json")];
const REQUEST = ["--request", "Let people search notes by word, and limit how many come back"];

let desk: Desk;
beforeAll(() => builtCli(), 120_000);
beforeEach(() => {
  desk = new Desk("run");
});
afterEach(() => desk.clear());

/** A repository in the user's folder. */
function repository(files: Record<string, string> = { "package.json": '{"scripts":{"test":"node --test"}}' }, name = "app"): string {
  const tree = desk.path(name);
  mkdirSync(tree);
  gitIn(tree, "init", "-q", "-b", "main");
  for (const [path, text] of Object.entries(files)) writeFileSync(join(tree, path), text);
  gitIn(tree, "add", "-A");
  gitIn(tree, "commit", "-q", "--allow-empty", "-m", "First");
  return tree;
}

function refsOf(tree: string): string {
  return `${gitIn(tree, "for-each-ref")}\n${gitIn(tree, "status", "--porcelain")}\n${gitIn(tree, "reflog")}`;
}

/** Refused: this exit code and words, no state folder, nothing changed. */
async function refused(args: string[], code: number, ...words: RegExp[]): Promise<void> {
  const ran = await desk.run(["run", "safe-teams", ...args]);
  for (const word of words) expect(ran.stderr).toMatch(word);
  expect(ran.code).toBe(code);
  expect(ran.stderr).toMatch(/next: /);
  expect(existsSync(desk.path(".petrel"))).toBe(false);
}

describe("refused before anything happens", () => {
  test("without tests a person at a terminal is asked for the command, and what is no command is told", async () => {
    repository({ "README.md": "Nothing to run" });
    const line = ["node", CLI, "run", "safe-teams", "--repo", "app", ...REQUEST, ...ANSWERS].map((word) => `'${word}'`).join(" ");
    writeFileSync(desk.path("line.sh"), line);
    // `script` gives the command a terminal of its own; its words come out on one stream.
    const terminal = process.platform === "darwin" ? "script -q /dev/null sh line.sh" : "script -qec 'sh line.sh' /dev/null";
    const asked = await desk.paste(`echo no-such-tester | ${terminal}`);
    expect(asked.stdout).toMatch(/With which command is it tested\?/);
    expect(asked.stdout).toMatch(/the command "no-such-tester" cannot run/);
    expect(asked.stdout).toMatch(/next: .*--test/);
    expect(existsSync(desk.path(".petrel"))).toBe(false);
  });

  test("a folder that is no repository, a file, and nothing at all", async () => {
    mkdirSync(desk.path("plain"));
    writeFileSync(desk.path("file"), "");
    await refused(["--repo", "plain", ...REQUEST, ...ANSWERS], 1, /plain is no git repository/);
    await refused(["--repo", "file", ...REQUEST, ...ANSWERS], 1, /file is no git repository/);
    await refused(["--repo", "nowhere", ...REQUEST, ...ANSWERS], 1, /there is no nowhere/);
  });

  test("a folder inside a repository names the repository", async () => {
    const tree = repository();
    mkdirSync(join(tree, "sub"));
    await refused(["--repo", "app/sub", ...REQUEST, ...ANSWERS], 1, /app\/sub is a folder inside the repository/);
  });

  test("a repository without a commit", async () => {
    mkdirSync(desk.path("empty"));
    gitIn(desk.path("empty"), "init", "-q");
    await refused(["--repo", "empty", ...REQUEST, ...ANSWERS], 1, /no commit yet/);
    gitIn(desk.cwd, "init", "-q", "--bare", "bare.git");
    await refused(["--repo", "bare.git", ...REQUEST, ...ANSWERS], 1, /no commit yet/);
  });

  test("a dirty work tree: its files are listed", async () => {
    const tree = repository();
    writeFileSync(join(tree, "package.json"), "{}");
    writeFileSync(join(tree, "new file"), "");
    const before = refsOf(tree);
    await refused(["--repo", "app", ...REQUEST, ...ANSWERS], 1, / M package.json/, /\?\? new file/, /--allow-dirty/);
    expect(refsOf(tree)).toBe(before);
  });

  test("no request, and one without words", async () => {
    repository();
    await refused(["--repo", "app", ...ANSWERS], 2, /no request was given/);
    await refused(["--repo", "app", "--request", "  \n ", ...ANSWERS], 2, /the request has no text/);
    await refused(["--repo", "app", "--request", "ab", ...ANSWERS], 2, /the request "ab" is too short/);
  });

  test("a repository that does not say how it is tested asks for --test", async () => {
    repository({ "README.md": "No tests here." });
    await refused(["--repo", "app", ...REQUEST, ...ANSWERS], 2, /does not say how it is tested/, /--test "make test"/);
  });

  test("a test command that is not there", async () => {
    repository();
    await refused(
      ["--repo", "app", ...REQUEST, ...ANSWERS, "--test", "CI=1 no-such-runner --all"],
      1,
      /no no-such-runner on this machine/,
      /--test/,
    );
    await refused(["--repo", "app", ...REQUEST, ...ANSWERS, "--test", "./run-tests"], 1, /no .\/run-tests in the repository/);
  });

  test("a target branch that exists, or cannot be", async () => {
    const tree = repository();
    gitIn(tree, "branch", "feature/search");
    const push = (name: string) => ["--repo", "app", ...REQUEST, ...ANSWERS, "--push-to", name];
    await refused(push("feature/search"), 1, /feature\/search exists already/);
    await refused(push("main"), 1, /main exists already/);
    await refused(push("feature"), 1, /feature\/search exists already/);
    await refused(push("main/sub"), 1, /main exists already/);
    await refused(push("a..b"), 2, /no name for a branch/);
    gitIn(tree, "branch", "petrel");
    await refused(["--repo", "app", ...REQUEST, ...ANSWERS], 1, /petrel exists already/);
  });

  test("a base that the origin does not have", async () => {
    const tree = repository();
    gitIn(desk.cwd, "clone", "-q", "--bare", tree, "origin.git");
    gitIn(tree, "remote", "add", "origin", "../origin.git");
    gitIn(tree, "checkout", "-q", "-b", "mine");
    await refused(["--repo", "app", ...REQUEST, ...ANSWERS], 1, /has no branch mine/, /push origin mine/);
    await refused(["--repo", "app", ...REQUEST, ...ANSWERS, "--base", "mian"], 1, /did you mean "main"/);
  });

  test("an unknown net, a net without a repository, and no model to ask", async () => {
    repository();
    const ran = await desk.run(["run", "safe-team", "--repo", "app", ...REQUEST]);
    expect(ran).toMatchObject({ code: 2 });
    expect(ran.stderr).toMatch(/did you mean "safe-teams"/);
    await desk.run(["init", "."]);
    const hello = await desk.run(["run", "hello", "--repo", "app", ...REQUEST]);
    expect(hello.code).toBe(2);
    expect(hello.stderr).toMatch(/no place settings, delivered, escalations/);
    const live = await desk.run(["run", "safe-teams", "--repo", "app", ...REQUEST]);
    expect(live.code).toBe(1);
    expect(live.stderr).toMatch(/ANTHROPIC_API_KEY/);
    expect(existsSync(desk.path(".petrel"))).toBe(false);
  });
});

interface Result {
  ok: boolean;
  outcome: string;
  target: string;
  head: string;
  commits: { sha: string }[];
  reworkRounds: number;
  tests: { passed: number; failed: number };
}

describe("a whole run", () => {
  function sample(): string {
    const tree = desk.path("app");
    gitIn(desk.cwd, "init", "-q", "-b", "main", tree);
    for (const folder of ["src", "test"]) mkdirSync(join(tree, folder));
    const from = join(ROOT, "examples", "sample-project");
    for (const path of gitIn(ROOT, "ls-files", "examples/sample-project").split("\n"))
      writeFileSync(
        join(tree, path.slice("examples/sample-project/".length)),
        readFileSync(join(from, path.slice("examples/sample-project/".length))),
      );
    gitIn(tree, "add", "-A");
    gitIn(tree, "commit", "-q", "-m", "First");
    return tree;
  }

  test("pushes one branch to the remote, leaves the work tree alone, and its hints run as pasted", async () => {
    const tree = sample();
    gitIn(desk.cwd, "clone", "-q", "--bare", tree, "origin.git");
    gitIn(tree, "remote", "add", "origin", desk.path("origin.git"));
    writeFileSync(join(tree, "draft"), "mine");
    const before = refsOf(tree);
    const ran = await desk.run(["run", "safe-teams", "--repo", "app", ...REQUEST, ...ANSWERS, "--allow-dirty"]);
    expect(ran.code, ran.stderr).toBe(0);
    expect(refsOf(tree)).toBe(before);
    const branches = gitIn(desk.path("origin.git"), "for-each-ref", "--format=%(refname:short)").split("\n");
    expect(branches).toEqual(["main", "petrel/search-and-limit"]);
    expect(ran.stderr).toMatch(/1 uncommitted file is left out/);
    const hints = ran.stderr.split("\n").filter((line) => line.startsWith("  git "));
    expect(hints).toHaveLength(3);
    for (const hint of hints) expect(await desk.paste(hint.trim()), hint).toMatchObject({ code: 0 });

    const again = await desk.json<Result>([
      "run",
      "safe-teams",
      "--repo",
      "origin.git",
      "--request",
      "The same again",
      "--push-to",
      "other",
      ...ANSWERS,
    ]);
    expect(again).toMatchObject({ ok: true, outcome: "delivered", target: "other", reworkRounds: 1, tests: { failed: 0 } });
    expect(gitIn(desk.path("origin.git"), "rev-parse", "other")).toBe(again.head);
  }, 360_000);

  test("escalates with exit code 3 and pushes nothing, when the team cannot do it", async () => {
    const tree = sample();
    const answers = JSON.parse(readFileSync(join(ROOT, "nets", "safe-teams.answers.json"), "utf8")) as {
      answers: { persona: string; turns: unknown[]; when: string[] }[];
    };
    for (const one of answers.answers) if (one.persona === "developer") one.turns = [{ text: "I can't do that." }];
    answers.answers.unshift({ persona: "developer", when: [], turns: [{ text: "I can't do that." }] });
    writeFileSync(desk.path("answers.json"), JSON.stringify(answers));
    const ran = await desk.json<Result & { escalated: unknown[] }>(
      ["run", "safe-teams", "--repo", "app", ...REQUEST, "--models", "authored", "--answers", "answers.json"],
      3,
    );
    expect(ran).toMatchObject({ ok: false, outcome: "escalated", head: null });
    expect(JSON.stringify(ran.escalated)).toMatch(/I can't do that/);
    expect(gitIn(tree, "for-each-ref", "--format=%(refname:short)")).toBe("main");
  }, 360_000);

  test("ends with 4 at a gate with --no-wait, on the system that is up, and the approval delivers", async () => {
    const tree = sample();
    const up = desk.start(["up", ...ANSWERS]);
    await up.says(/Petrel is up/);
    mkdirSync(desk.path("nets"));
    const net = JSON.parse(readFileSync(join(ROOT, "nets", "safe-teams.json"), "utf8")) as { transitions: Record<string, object> };
    net.transitions.deliver = { ...net.transitions.deliver, gate: { name: "release", approvers: ["role:maintainer"] } };
    writeFileSync(desk.path("nets", "safe-teams.json"), JSON.stringify(net));
    await desk.paste(`cp -r ${join(ROOT, "personas")} personas`);
    const twice = await desk.run(["run", "safe-teams", "--repo", "app", ...REQUEST, ...ANSWERS]);
    expect(twice).toMatchObject({ code: 2 });
    expect(twice.stderr).toMatch(/has its own models/);
    const ran = await desk.run(["run", "safe-teams", "--repo", "app", ...REQUEST, "--no-wait"]);
    expect(ran.code, ran.stderr).toBe(4);
    expect(gitIn(tree, "for-each-ref", "--format=%(refname:short)")).toBe("main");
    expect((await desk.run(["gate", "approve", "safe-teams", "release"])).code).toBe(0);
    await expect
      .poll(() => gitIn(tree, "for-each-ref", "--format=%(refname:short)"), { timeout: 240_000 })
      .toMatch(/petrel\/search-and-limit/);
    expect((await up.stop()).code).toBe(0);
  }, 360_000);

  test("a live run stops at its budget with exit code 6, and nothing is lost", async () => {
    const tree = repository();
    const story = { slug: "more", title: "It does more", narrative: "More.", criteria: ["more"] };
    const stub = await startAnthropicStub([{ tools: [{ name: "answer", input: story }], usage: { input: 1000, output: 1000 } }]);
    try {
      desk.env.ANTHROPIC_BASE_URL = stub.url;
      desk.env.ANTHROPIC_API_KEY = "sk-ant-good";
      const ran = await desk.run(["run", "safe-teams", "--repo", "app", ...REQUEST, "--budget", "0.001"]);
      expect(ran.code, ran.stderr).toBe(6);
      expect(ran.stderr).toMatch(/stops at 0.001 USD/);
      expect(ran.stderr).toMatch(/budget of 0.001 USD is spent/);
      expect(ran.stderr).toMatch(/resume safe-teams/);
      expect(gitIn(tree, "for-each-ref", "--format=%(refname:short)")).toBe("main");
    } finally {
      await stub.close();
    }
  }, 360_000);

  test("an interrupted run ends with 5, and the next `up` brings it to its end", async () => {
    const tree = sample();
    const run = desk.start(["run", "safe-teams", "--repo", "app", ...REQUEST, ...ANSWERS]);
    await run.says(/The architect split/);
    expect((await run.stop("SIGINT")).code).toBe(5);
    const up = desk.start(["up", ...ANSWERS]);
    await expect
      .poll(() => gitIn(tree, "for-each-ref", "--format=%(refname:short)"), { timeout: 240_000 })
      .toMatch(/petrel\/search-and-limit/);
    expect((await up.stop()).code).toBe(0);
  }, 360_000);
});
