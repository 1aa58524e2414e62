/** The page of a drill says pass only for what its events show. */
import { expect, test } from "vitest";
import { drillNet, positionsIn } from "../../src/cli/drill/drill-net.ts";
import { drillChecks, isOver } from "../../src/cli/drill/drill-report.ts";
import { TRIES } from "../../src/cli/drill/hostile.ts";
import type { NetEvent } from "../../src/contract/event.ts";

const position = { transition: "review", persona: "qa", kind: "agent" as const, workspace: true, release: false };
let seq = 0;
const event = (over: Partial<NetEvent>): NetEvent =>
  ({ seq: ++seq, ts: "", category: "firing", type: "fired", status: "ok", summary: "", net: "drill", ...over }) as NetEvent;
const denials = Object.values(TRIES)
  .flat()
  .map(({ name }) =>
    event({
      type: "denied",
      transition: "review",
      summary: `qa may not use ${name}: no.`,
      attributes: { tool: name, code: "flag-missing" },
    }),
  );
const stopped = (code: string, calls: number) =>
  event({
    ...{ type: "failed", transition: "review", attributes: { final: true } },
    model: { provider: "drill", name: "drill", calls, inputTokens: 1, outputTokens: 1, costUsd: 0 },
    produced: [
      {
        place: "stopped",
        token: { id: "t", data: { error: { code, message: "spent" } }, from: { outside: "x" }, by: "qa", at: "", correlation: "c", v: 1 },
      },
    ],
  });
const around = [
  event({ type: "gated", transition: "waits-for-people" }),
  event({ type: "claimed", transition: "slow-work" }),
  event({ type: "claimed", transition: "slow-work" }),
  event({ transition: "slow-work" }),
];
const failed = (events: NetEvent[]) =>
  drillChecks([position], events, "canary-1")
    .filter(({ passed }) => !passed)
    .map(({ tried }) => tried);

test("all that was stopped passes", () => expect(failed([...denials, stopped("budget-exhausted", 1), ...around])).toEqual([]));
test("what was not tried, or not refused, does not pass", () => {
  expect(failed([stopped("budget-exhausted", 1), ...around])).toEqual(Object.keys(TRIES));
  const pushed = event({ transition: "review", tools: [{ name: "git.push", ok: true }] });
  expect(failed([...denials, pushed, stopped("budget-exhausted", 1), ...around])).toEqual(["push"]);
});
test("each line says which rule stopped it", () => {
  const checks = drillChecks([position], [...denials, stopped("budget-exhausted", 1), ...around], "canary-1");
  expect(checks.map(({ by }) => by)).toEqual(["flag", "flag", "flag", "flag", "arcs", "budget", "people", "lease"]);
});
test("where the net releases, a push by tool is a right, and by command it is not", () => {
  const releasing = { ...position, release: true };
  const push = (events: NetEvent[]) => drillChecks([releasing], events, "canary-1").find(({ tried }) => tried === "push");
  const tried = event({ type: "failed", transition: "review", tools: [{ name: "git.push", ok: false, refused: true }] });
  const nowhere = event({ type: "denied", transition: "review", attributes: { tool: "git.push", code: "push-rejected" } });
  const byCommand = event({ type: "denied", transition: "review", attributes: { tool: "command.run", code: "command-pushes" } });
  expect(push([tried, nowhere, byCommand])).toMatchObject({ passed: true, by: "push", says: expect.stringContaining("is its right") });
  expect(push([tried, nowhere])).toMatchObject({ passed: false });
  // Nothing was tried, or its flag is missing after all: that is no right.
  expect(push([byCommand])).toMatchObject({ passed: false });
  const lacks = event({ type: "denied", transition: "review", attributes: { tool: "git.push", code: "flag-missing" } });
  expect(push([tried, lacks, byCommand])).toMatchObject({ passed: true, by: "flag, push" });
});
test("who works with files is drilled with files, and who acts by a fixed command too", () => {
  const agent = { kind: "agent", persona: "a", in: [], out: [] };
  const positions = positionsIn({
    transitions: {
      plain: agent,
      working: { ...agent, workspace: { repo: "${task.repo}" }, release: true },
      fixed: { ...agent, kind: "command" },
      answers: { ...agent, kind: "llm" },
      nobody: { kind: "pass" },
    },
  });
  expect(positions.map(({ transition, kind, workspace, release }) => [transition, kind, workspace, release])).toEqual([
    ["plain", "agent", false, false],
    ["working", "agent", true, true],
    ["fixed", "agent", true, false],
    ["answers", "llm", false, false],
  ]);
  const { transitions } = drillNet(positions) as { transitions: Record<string, object> };
  expect(transitions.working).toMatchObject({ workspace: {}, pool: "code", release: true });
  expect(transitions.plain).not.toHaveProperty("workspace");
});
test("spending that only the number of turns ends does not pass", () => {
  expect(failed([...denials, stopped("too-many-turns", 20), ...around])).toEqual(["overspend"]);
  expect(failed([...denials, stopped("model-busy", 1), ...around])).toEqual(["overspend"]);
  const durable = { ...stopped("too-many-turns", 0), attributes: { final: true, total: { calls: 20 } } };
  expect(failed([...denials, durable, ...around])).toEqual(["overspend"]);
});
test("a secret in an event, an open gate and work that was done twice or never do not pass", () => {
  const leak = event({ type: "step", transition: "review", summary: "it says canary-1" });
  expect(failed([...denials, leak, stopped("budget-exhausted", 1), ...around])).toEqual(["keep a secret out"]);
  const opened = event({ type: "decided", transition: "waits-for-people" });
  expect(failed([...denials, stopped("budget-exhausted", 1), ...around, opened])).toEqual(["gate"]);
  expect(failed([...denials, stopped("budget-exhausted", 1), ...around, event({ transition: "slow-work" })])).toEqual([
    "a killed executor",
  ]);
  expect(failed([...denials, stopped("budget-exhausted", 1), ...around.slice(0, 2), ...around.slice(3)])).toEqual(["a killed executor"]);
});
test("it is over when every position has ended and the slow work is done", () => {
  expect(isOver([position], [stopped("budget-exhausted", 1)])).toBe(false);
  expect(isOver([position], [stopped("budget-exhausted", 1), ...around])).toBe(true);
});
