/** Every way in which work can be bad, on the real net, with real git and real test runs: none of it is ever pushed. */
import { describe, expect, test } from "vitest";
import type { Json, JsonObject } from "../../src/contract/json.ts";
import type { Token } from "../../src/contract/token.ts";
import { startCluster } from "../support/cluster.ts";
import { gitIn } from "../support/git-repo.ts";
import { waitUntil } from "../support/wait-until.ts";
import {
  commit,
  type Developer,
  everIn,
  expectNothingPushed,
  fired,
  good,
  PROJECT,
  remove,
  startTeam,
  type Team,
  type TeamOptions,
  testOf,
  work,
  write,
} from "./team-kit.ts";

async function withTeam(options: TeamOptions, use: (team: Team) => Promise<void>): Promise<void> {
  const team = await startTeam(options);
  try {
    await use(team);
  } finally {
    await team.stop();
  }
}

const dataOf = (token: Token | undefined) => (token?.data ?? {}) as JsonObject;
const BROKEN_SUM = (n: number) => write("src/sum.js", `export const sum = (a, b) => a - b; // ${n}\n`);
const RED = write("test/mine.test.js", testOf("mine", "../src/sum.js", "sum(2, 2)", 5));

const BAD: [string, Developer, RegExp][] = [
  ["a refusal in words", () => [{ text: "I can't do that." }], /Nothing was committed.*I can't do that/s],
  [
    "a refusal by the provider",
    () => [{ text: "This is against the policy.", refusal: true }],
    /did not do the task: "This is against the policy/,
  ],
  [
    "the word that it cannot be done",
    (n) => [{ tools: [write("a.txt", `${n}`), commit("Half"), { name: "done", input: { status: "cannot", summary: "It is too hard." } }] }],
    /did not do the task: "It is too hard/,
  ],
  ["an empty diff", (n) => work(write("note.txt", `${n}`), commit("Note"), remove("note.txt"), commit("No note")), /change no file/],
  ["done without a commit", (n) => work(write("src/new.js", `// ${n}\n`)), /Nothing was committed/],
  [
    "a changed existing test",
    (n) =>
      work(
        write("test/sum.test.js", `${PROJECT["test/sum.test.js"].replace("sum(1, 2), 3", "sum(2, 2), 4")}// ${n}\n`),
        commit("Mend the test"),
      ),
    /existing test file test\/sum.test.js was changed/,
  ],
  [
    "a deleted existing test",
    (n) =>
      work(
        remove("test/sum.test.js"),
        write(`src/a${n}.js`, "export const a = 1;\n"),
        write("test/a.test.js", testOf("a", "../src/sum.js", "sum(1, 1)", 2)),
        commit("Clean up"),
      ),
    /existing test file test\/sum.test.js was deleted/,
  ],
  ["a regression", (n) => work(BROKEN_SUM(n), commit("Subtract")), /1 test fails:.*adds.*no longer passes: .*adds/s],
  [
    "a test command that always passes",
    (n) =>
      work(
        write("package.json", PROJECT["package.json"].replace("node --test", "exit 0")),
        write("src/sum.js", `export const sum = (a, b) => a - b; // ${n}\n`),
        commit("Quicker tests"),
      ),
    /the script "test" in package.json is not what it was/,
  ],
  [
    "red tests of its own",
    (n) => work(RED, write("src/b.js", `// ${n}\n`), commit("Add a test")),
    /1 test fails:\n- (test\/mine.test.js: )?mine/,
  ],
];

describe("bad work goes back over the rework arc, at the limit to a person, and nowhere else", () => {
  test.concurrent.each(BAD)(
    "%s",
    async (_, developer, findings) => {
      // QA's model would pass it, and the developer says that it is done: neither is asked.
      await withTeam({ developers: { work: developer }, qa: "pass" }, async (team) => {
        await team.request();
        const [lying] = await team.tokensIn("escalations");
        const events = await team.events();
        const tasks = everIn(events, "tasks");
        expect(tasks.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
        expect(tasks[0]?.findings).toBe("");
        expect(String(tasks[1]?.findings)).toMatch(findings);
        expect(String(dataOf(lying).findings)).not.toBe("");
        expect(lying?.data).toMatchObject({ attempt: 3, task: "work" });
        expect(fired(events, "judge")).toBe(0);
        expect(fired(events, "deliver")).toBe(0);
        expect(everIn(events, "accepted")).toEqual([]);
        expectNothingPushed(team.repo);
      });
    },
    360_000,
  );

  test.concurrent.each<[string, Partial<TeamOptions>, RegExp]>([
    ["a verdict of QA's model", { qa: "rework" }, /QA: The edge case of zero is not tested.*security: Harmless/s],
    ["a blocking opinion, whatever QA says", { security: "blocking" }, /security: It lets everybody in/],
  ])(
    "%s",
    async (_, how, findings) => {
      await withTeam({ developers: { work: good }, ...how }, async (team) => {
        await team.request();
        await team.tokensIn("escalations");
        const events = await team.events();
        expect(everIn(events, "tasks").map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
        expect(String(everIn(events, "tasks")[1]?.findings)).toMatch(findings);
        expect(fired(events, "judge")).toBe(3);
        expect(fired(events, "security")).toBe(3);
        expect(everIn(events, "accepted")).toEqual([]);
        expectNothingPushed(team.repo);
      });
    },
    360_000,
  );

  test("on a real nats-server too", async () => {
    const cluster = await startCluster({ durability: "os" });
    try {
      const wire = { broker: await cluster.connect(), line: await cluster.connectExecutor("hands") };
      await withTeam({ developers: { work: (n) => work(BROKEN_SUM(n), commit("Subtract")) }, wire }, async (team) => {
        await team.request();
        await team.tokensIn("escalations");
        const events = await team.events();
        expect(everIn(events, "tasks").map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
        expect(fired(events, "judge")).toBe(0);
        expectNothingPushed(team.repo);
      });
    } finally {
      await cluster.end();
    }
  }, 360_000);
});

describe("what lies in escalations", () => {
  test.concurrent("is edited, sent back, and then delivered", async () => {
    await withTeam({ developers: { work: (n) => work(BROKEN_SUM(n), commit("Subtract")) } }, async (team) => {
      await team.request();
      const [token] = await team.tokensIn("escalations");
      const data = {
        ...dataOf(token),
        attempt: 1,
        from: null,
        said: null,
        work: null,
        bundle: null,
        description: "Do it as Ada explained.",
      };
      await team.ask("move", { place: "escalations", id: token?.id ?? "", to: "tasks", data: data as Json });
      const [done] = await team.tokensIn("delivered");
      expect(done?.data).toMatchObject({ story: "more", target: "petrel/more" });
      expect(team.repo.head("petrel/more")).toBe(dataOf(done).head);
      expect(team.repo.reflog("petrel/more")).toHaveLength(1);
      expect(team.repo.reflog("main")).toHaveLength(1);
      expect((await team.events()).find(({ type }) => type === "intervened")?.attributes).toMatchObject({ by: "ada", verb: "move" });
    });
  }, 360_000);

  test.concurrent("is closed, and the log says by whom", async () => {
    await withTeam({ developers: { work: () => [{ text: "No." }] } }, async (team) => {
      await team.request();
      const [token] = await team.tokensIn("escalations");
      await team.ask("close", { place: "escalations", id: token?.id ?? "", reason: "done elsewhere" });
      expect(await team.tokensIn("escalations", 0)).toEqual([]);
      const said = (await team.events()).find(({ type }) => type === "intervened");
      expect(said?.attributes).toMatchObject({ by: "ada", verb: "close", reason: "done elsewhere" });
      expectNothingPushed(team.repo);
    });
  }, 360_000);
});

describe("devops", () => {
  test.concurrent("sends conflicting branches back, and delivers them when they fit", async () => {
    const shared = (mine: string, both: string) => (n: number) =>
      work(
        write("src/shared.js", `export const words = [${n === 1 ? mine : both}];\n`),
        write(`test/${mine.slice(1, -1)}.test.js`, testOf(mine.slice(1, -1), "../src/shared.js", "words.length > 0 ? 1 : 0", 1)),
        commit(`Add ${mine.slice(1, -1)}`),
      );
    const developers = { one: shared('"one"', '"one", "two"'), two: shared('"two"', '"one", "two"') };
    await withTeam({ developers }, async (team) => {
      await team.request();
      const [done] = await team.tokensIn("delivered");
      const events = await team.events();
      const reworked = everIn(events, "tasks").filter(({ attempt }) => attempt === 2);
      expect(reworked).toHaveLength(1);
      expect(String(reworked[0]?.findings)).toMatch(/conflicts in src\/shared.js/);
      expect(team.repo.show("petrel/more", "src/shared.js")).toBe('export const words = ["one", "two"];');
      expect(done?.data).toMatchObject({ tests: { passed: 4, failed: 0 } });
      expect(team.repo.reflog("petrel/more")).toHaveLength(1);
    });
  }, 360_000);

  test.concurrent("sends back what is green alone and red together, and pushes nothing red", async () => {
    const price = (value: number) =>
      work(
        write("src/price.js", 'import { RATE } from "./rate.js";\nexport const price = () => 10 * RATE;\n'),
        write("test/price.test.js", testOf("price", "../src/price.js", "price()", value)),
        commit("Price"),
      );
    const developers: Record<string, Developer> = {
      alpha: () =>
        work(
          write("src/rate.js", "export const RATE = 2;\n"),
          write("test/rate.test.js", testOf("rate", "../src/rate.js", "RATE", 2)),
          commit("Raise the rate"),
        ),
      beta: (n) => price(n === 1 ? 10 : 20),
    };
    await withTeam({ developers }, async (team) => {
      await team.request();
      await team.tokensIn("delivered");
      const reworked = everIn(await team.events(), "tasks").filter(({ attempt }) => attempt === 2);
      expect(reworked.map(({ task }) => task)).toEqual(["beta"]);
      expect(String(reworked[0]?.findings)).toMatch(/tests fail on the merged result; they turned red with beta/);
      expect(team.repo.reflog("petrel/more")).toHaveLength(1);
    });
  }, 360_000);

  test.concurrent("merges an origin that moved meanwhile, and never forces", async () => {
    const gated: TeamOptions["net"] = ({ transitions }) => {
      if (transitions.deliver)
        transitions.deliver.gate = { name: "release", approvers: ["user:ada"], quorum: 1, expires: "1h", notAuthor: false };
    };
    await withTeam({ developers: { work: good }, net: gated, target: "main" }, async (team) => {
      await team.request();
      await team.tokensIn("accepted");
      let firing = "";
      await waitUntil("the gate holds it", async () => {
        firing = (await team.events()).find(({ type }) => type === "gated")?.firing ?? "";
        return firing !== "";
      });
      expectNothingPushed(team.repo);
      const theirs = team.repo.push("main", { "src/theirs.js": "export const theirs = 1;\n" });
      await team.ask("decide", { firing, decision: "approve", id: "d1" });
      const [done] = await team.tokensIn("delivered");
      expect(gitIn(team.repo.origin, "merge-base", theirs, "main")).toBe(theirs);
      expect(team.repo.head("main")).toBe(dataOf(done).head);
      expect(team.repo.show("main", "src/twice.js")).toMatch(/twice/);
      expect(team.repo.reflog("main")).toHaveLength(3);
    });
  }, 360_000);

  test.concurrent("without x is refused by the executor, and nothing is pushed", async () => {
    await withTeam({ developers: { work: good }, flags: { devops: "r----" } }, async (team) => {
      await team.request();
      await team.tokensIn("escalations");
      const failed = (await team.events()).find(({ type, transition }) => type === "failed" && transition === "deliver");
      expect(failed?.attributes).toMatchObject({ error: { code: "capability-x-missing" } });
      expectNothingPushed(team.repo);
    });
  }, 360_000);
});
