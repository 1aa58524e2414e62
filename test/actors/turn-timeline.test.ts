/** When models were asked and tools called, as traces want it. */
import { expect, test } from "vitest";
import { TurnTimeline } from "../../src/actors/turn-timeline.ts";

const use = { provider: "anthropic", name: "small", calls: 1, inputTokens: 5, outputTokens: 2, costUsd: 0 };

test("each call has its beginning and its end, also when two of one tool are under way", () => {
  const timeline = new TurnTimeline();
  timeline.take({ kind: "asking", turn: 1 }, 100);
  timeline.take({ kind: "answered", turn: 1, use }, 150);
  timeline.take({ kind: "tool", turn: 1, tool: "fs.read" }, 160);
  timeline.take({ kind: "tool", turn: 1, tool: "fs.read" }, 161);
  timeline.take({ kind: "tool-done", turn: 1, tool: "fs.read", ok: true, call: "call_1" }, 170);
  timeline.take({ kind: "tool-done", turn: 1, tool: "fs.read", ok: false, code: "no-such-file" }, 180);
  timeline.take({ kind: "asking", turn: 2 }, 190);
  timeline.take({ kind: "unanswered", turn: 2, code: "model-busy" }, 200);
  expect(timeline.attributes).toEqual({
    timeline: [
      { call: "model", name: "small", provider: "anthropic", from: 100, to: 150, ok: true, inputTokens: 5, outputTokens: 2 },
      { call: "tool", name: "fs.read", from: 160, to: 170, ok: true, id: "call_1" },
      { call: "tool", name: "fs.read", from: 161, to: 180, ok: false, error: "no-such-file" },
      { call: "model", name: "", from: 190, to: 200, ok: false, error: "model-busy" },
    ],
  });
});

test("of a loop of thousands of calls the event stays small, and of none there is nothing", () => {
  const timeline = new TurnTimeline();
  expect(timeline.attributes).toEqual({});
  for (let turn = 0; turn < 1000; turn++) {
    timeline.take({ kind: "asking", turn }, turn);
    timeline.take({ kind: "answered", turn, use }, turn + 1);
  }
  expect(timeline.calls.length).toBe(100);
});
