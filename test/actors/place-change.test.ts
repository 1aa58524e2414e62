/** What the place streams are told of a burst: the difference that it makes, and nothing of what came and went. */
import { expect, it } from "vitest";
import { Change } from "../../src/actors/term/place-change.ts";
import { tokenOf } from "../support/net-state.ts";

const token = (id: string) => tokenOf(id, { id });

function told(steps: (change: Change) => void) {
  const change = new Change();
  steps(change);
  const { add, remove } = change.told();
  expect(change.size).toBe(add.length + remove.length);
  return { add: add.map((one) => one.token.id), remove: remove.map(({ id }) => id) };
}

it("what came and went is not told", () => {
  const burst = (change: Change) => {
    change.added("p", token("a"));
    change.added("p", token("b"));
    change.removed("p", "a");
  };
  expect(told(burst)).toEqual({ add: ["b"], remove: [] });
});

it("what went and came back is told again, under the one id", () => {
  const burst = (change: Change) => {
    change.removed("p", "a");
    change.added("p", token("a"));
  };
  expect(told(burst)).toEqual({ add: ["a"], remove: [] });
});

it("what went, came back and went again is removed: the stream still holds the first", () => {
  const burst = (change: Change) => {
    change.removed("p", "a");
    change.added("p", token("a"));
    change.added("p", token("a"));
    change.removed("p", "a");
  };
  expect(told(burst)).toEqual({ add: [], remove: ["a"] });
});

it("the same id in two places is two tokens at rest", () => {
  const burst = (change: Change) => {
    change.added("p", token("a"));
    change.removed("q", "a");
  };
  expect(told(burst)).toEqual({ add: ["a"], remove: ["a"] });
});
