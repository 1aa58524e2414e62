/** The stories of the demo: a sound net, answers for all of them, and a curve that says what the log says. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { storyAnswers } from "../../src/cli/demo/stories/answers.ts";
import { chart, costOf } from "../../src/cli/demo/stories/curve.ts";
import { STEADY, withSteadySteps } from "../../src/cli/demo/stories/steady-net.ts";
import { demoStories, MOST_STORIES } from "../../src/cli/demo/stories/stories.ts";
import type { NetEvent } from "../../src/contract/event.ts";
import { checkNet } from "../../src/net/check.ts";
import { netSchema } from "../../src/net/definition.ts";

const team = () => netSchema.parse(JSON.parse(readFileSync("nets/safe-teams.json", "utf8")));

it("has the steady steps in a sound net, beside a team that is as it was", () => {
  const net = withSteadySteps(team());
  expect(checkNet(net).filter(({ severity }) => severity === "error")).toEqual([]);
  expect(net.crystallize?.transitions).toEqual([...STEADY]);
  expect(net.transitions).toMatchObject(team().transitions);
});

it("answers every request of every story, and no two stories alike", () => {
  const stories = demoStories(MOST_STORIES);
  expect(new Set(stories.map(({ title }) => title)).size).toBe(20);
  const { answers } = storyAnswers(stories);
  for (const { mark, reports } of stories) {
    for (const persona of [
      "product-manager",
      "architect",
      "developer",
      "security-reviewer",
      "performance-reviewer",
      "qa",
      "changelog-writer",
    ])
      expect(answers.filter((one) => one.persona === persona && one.when.includes(mark))).toHaveLength(1);
    for (const { id } of reports) expect(answers.filter(({ when }) => when.includes(id))).toHaveLength(1);
  }
});

it("counts what models cost and what rules did", () => {
  const fired = (transition: string, more: object) => ({ type: "fired", transition, ...more }) as unknown as NetEvent;
  const model = { provider: "p", name: "m", calls: 1, inputTokens: 1, outputTokens: 1, costUsd: 0, listUsd: 0.5 };
  const events = [fired("judge", { model }), fired("triage", { model }), fired("triage", { attributes: { crystal: { by: "rule" } } })];
  expect(costOf(1, "t", events, 5)).toMatchObject({ usd: 1, steadyUsd: 0.5, modelCalls: 2, steps: { triage: { model: 1, rule: 1 } } });
});

it("draws a column for each story, the greatest to the top", () => {
  const [title, top, ...rows] = chart("Cost", [4, 2, 0], 2);
  expect([title, top]).toEqual(["Cost", "  4.0000 │██      "]);
  expect(rows[0]).toBe("       0 │██ ██   ");
});
