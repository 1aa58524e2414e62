/** The heap of a master is held while many tokens lie there, and let go when they have left. */
import { expect, test } from "vitest";
import { holdHeap } from "../../src/cli/processes/heap-growth.ts";
import { emptyState, tokensOf } from "../../src/net/state.ts";
import { tokenOf } from "../support/net-state.ts";

test("the setting follows the tokens of all nets, and is told once for each change", () => {
  const [one, other] = [emptyState("one"), emptyState("other")];
  const fill = (state: typeof one, count: number) => {
    const tokens = tokensOf(state, "p");
    tokens.clear();
    for (let n = 0; n < count; n++) tokens.set(`t${n}`, { token: tokenOf(`t${n}`, null), reservedBy: null });
  };
  let due: (() => void) | null = null;
  const clock = {
    now: () => 0,
    after: (_ms: number, call: () => void) => {
      due = call;
      return {
        cancel: () => {
          due = null;
        },
      };
    },
  };
  const told: number[] = [];
  const stop = holdHeap(
    clock,
    () => [{ state: one }, { state: other }],
    (percent) => told.push(percent),
  );
  const look = () => due?.();
  expect(told).toEqual([]);
  fill(one, 15_000);
  look();
  expect(told).toEqual([]);
  fill(other, 15_000);
  look();
  look();
  expect(told).toEqual([20]);
  fill(one, 0);
  look();
  look();
  expect(told).toEqual([20, 0]);
  stop();
  expect(due).toBeNull();
});
