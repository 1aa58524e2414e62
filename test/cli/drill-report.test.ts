/** The page of a drill says pass only for what its events show. */
import { expect, test } from "vitest";
import { drillChecks, isOver } from "../../src/cli/drill/drill-report.ts";
import { TRIES } from "../../src/cli/drill/hostile.ts";
import type { NetEvent } from "../../src/contract/event.ts";

const position = { transition: "review", persona: "qa", kind: "llm" as const };
let seq = 0;
const event = (over: Partial<NetEvent>): NetEvent =>
  ({ seq: ++seq, ts: "", category: "firing", type: "fired", status: "ok", summary: "", net: "drill", ...over }) as NetEvent;
const denials = Object.values(TRIES)
  .flat()
  .map(({ name }) => event({ type: "denied", transition: "review", summary: `qa may not use ${name}: no.` }));
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
