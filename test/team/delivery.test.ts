/** The end of a story when its origin fails, and what the plan and the reviewers may not do. */
import { chmodSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { followStory } from "../../src/cli/team/follow-story.ts";
import type { JsonObject } from "../../src/contract/json.ts";
import type { Token } from "../../src/contract/token.ts";
import { compileNet } from "../../src/net/compiled-net.ts";
import { durationMs, netSchema } from "../../src/net/definition.ts";
import { routeResult } from "../../src/net/routing.ts";
import { backoffMs } from "../../src/net/settle.ts";
import { gitIn } from "../support/git-repo.ts";
import { until, waitUntil } from "../support/wait-until.ts";
import { everIn, expectNothingPushed, fired, good, startTeam, type Team, type TeamOptions } from "./team-kit.ts";

const toObject = (token: Token | undefined) => (token?.data ?? {}) as JsonObject;
let team: Team | null = null;
afterEach(async () => {
  await team?.stop();
  team = null;
});
async function start(options: Partial<TeamOptions> = {}): Promise<Team> {
  team = await startTeam({ developers: { work: good }, ...options });
  return team;
}

test("a story that a hook refuses is escalated, and a retry delivers it when the hook is gone", async () => {
  const { repo, request, tokensIn, broker, ask, events } = await start();
  const hook = join(repo.origin, "hooks", "pre-receive");
  writeFileSync(hook, "#!/bin/sh\necho 'not on a Friday' >&2; exit 1\n");
  chmodSync(hook, 0o755);
  const correlation = await request();
  const signal = AbortSignal.timeout(90_000);
  const end = await followStory(broker, { net: "safe-teams", correlation }, () => {}, signal);
  const [left] = await tokensIn("escalations");
  expect(end).toMatchObject({ kind: "escalated", failures: [left?.id] });
  expect(JSON.stringify(left?.data)).toContain("not on a Friday");
  expect((await events()).filter(({ type, transition }) => type === "failed" && transition === "deliver")).toHaveLength(1);
  expectNothingPushed(repo);

  rmSync(hook);
  const { tokens } = (await ask("retry", { id: left?.id ?? "" })) as { tokens: { place: string }[] };
  expect(tokens.map(({ place }) => place).sort()).toEqual(["accepted", "stories"]);
  const [done] = await tokensIn("delivered");
  expect(repo.head(String(toObject(done).target))).toBe(toObject(done).head);
  expect(await tokensIn("escalations", 0)).toEqual([]);
});

test("an origin that cannot take a push for a while gets it later", async () => {
  const patient = { max: 100, backoff: "exponential", delay: "50ms", maxDelay: "200ms" } as const;
  const { repo, request, tokensIn, events } = await start({
    net: ({ transitions }) => {
      if (transitions.deliver) transitions.deliver.retry = patient;
    },
  });
  gitIn(repo.origin, "config", "receive.maxInputSize", "1");
  await request();
  const failures = async () => (await events()).filter(({ type, transition }) => type === "failed" && transition === "deliver");
  await waitUntil("two failed pushes", async () => (await failures()).length >= 2, 90_000);
  gitIn(repo.origin, "config", "--unset", "receive.maxInputSize");
  await tokensIn("delivered");
  expect((await failures()).every(({ attributes }) => attributes?.final === false)).toBe(true);
  expect(fired(await events(), "deliver")).toBe(1);
});

test("the net is patient for ten minutes at least, whatever chance says", () => {
  const retry = netSchema.parse(JSON.parse(readFileSync("nets/safe-teams.json", "utf8"))).transitions.deliver?.retry;
  expect(retry).toBeDefined();
  if (!retry) return;
  const waits = Array.from({ length: retry.max }, (_, failures) => backoffMs(retry, failures, 0));
  expect(waits.reduce((sum, wait) => sum + wait, 0)).toBeGreaterThan(durationMs("10m"));
});

test("tasks of one id go back to the architect, who is told", async () => {
  const { request, tokensIn, events } = await start({ repeatedIds: "once" });
  await request();
  await tokensIn("delivered");
  const log = await events();
  expect(fired(log, "plan")).toBe(2);
  expect(everIn(log, "tasks")).toHaveLength(1);
  expect(everIn(log, "backlog")[1]?.remark).toMatch(/the same id, of work: give each task an id of its own/);
});

test("an architect who does not learn it is escalated, before any work", async () => {
  const { repo, request, tokensIn, events } = await start({ repeatedIds: "always" });
  await request();
  const [left] = await tokensIn("escalations");
  expect(toObject(left).findings).toBe("Several tasks of the plan have the same id, of work, and each needs one of its own.");
  expect(fired(await events(), "plan")).toBe(3);
  expect(everIn(await events(), "tasks")).toEqual([]);
  expectNothingPushed(repo);
});

test("one reviewer heard twice is not two reviewers", async () => {
  let given = 0;
  const { request, tokensIn, events } = await start({
    net: ({ transitions: { security } }) => {
      if (security?.out[0]) security.out[0].weight = 2;
    },
    // The other reviewer answers when the first is there twice, and not before.
    before: async (transition) => {
      if (transition !== "performance") return;
      given = await until("one is heard twice", async () => {
        const count = everIn(await events(), "opinions").length;
        return count >= 2 ? count : 0;
      });
    },
  });
  await request();
  await tokensIn("delivered");
  expect(given, "what was there before the other answered").toBe(2);
  const opinions = everIn(await events(), "opinions").map(({ reviewer }) => reviewer);
  expect(opinions.slice(0, 2)).toEqual(["security", "security"]);
  const [accepted] = everIn(await events(), "accepted");
  expect(((accepted?.opinions ?? []) as JsonObject[]).map(({ reviewer }) => reviewer)).toEqual(["performance", "security"]);
});

test("the tenth delivery that fails goes to a person, with all that belongs to the story", () => {
  const net = compileNet(netSchema.parse(JSON.parse(readFileSync("nets/safe-teams.json", "utf8"))), "v1");
  const deliver = net.transitions.get("deliver");
  if (!deliver) throw new Error("no deliver");
  const from = { net: "safe-teams", firing: "f-1", at: "2026-01-01T00:00:00.000Z", by: "devops", correlation: "c-1" };
  const token = (id: string, data: JsonObject): Token => ({
    id,
    data,
    from: { outside: "ada" },
    by: "ada",
    at: from.at,
    correlation: "c-1",
    v: 1,
  });
  const task = (name: string, attempt: number) => ({ task: name, attempt, work: { head: "h" } });
  const result = { ok: false, keep: [task("kept", 1)], rework: [task("early", 1), task("late", 3)], findings: "a conflict" };
  const places = (deliveries: number | null) => {
    const story = token("t-story", { story: "s", title: "S", taskCount: 3, ...(deliveries === null ? {} : { deliveries }) });
    const inputs = [
      { name: "story", many: false, place: "stories", tokens: [story] },
      { name: "done", many: true, place: "accepted", tokens: [] },
    ];
    const routed = routeResult(deliver, inputs, result, from, 0);
    if (!routed.ok) throw new Error(routed.error.message);
    return routed.produced.map(({ place, token: { data } }) => [place, toText(data)]);
  };
  const toText = (data: unknown) => ((data as JsonObject).task ?? `story, ${(data as JsonObject).deliveries ?? 1}`) as string;
  for (const [before, after] of [
    [null, 2],
    [9, 10],
  ] as const)
    expect(places(before)).toEqual([
      ["stories", `story, ${after}`],
      ["accepted", "kept"],
      ["tasks", "early"],
      ["escalations", "late"],
    ]);
  expect(places(10)).toEqual([
    ["escalations", "story, 10"],
    ["escalations", "kept"],
    ["escalations", "early"],
    ["escalations", "late"],
  ]);
});
