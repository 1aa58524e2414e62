/** A step's whole life on streams with known truth: promoted, watched, demoted after a change, learned again. */
import { describe, expect, test } from "vitest";
import { Course } from "../../bench/crystallize/course.ts";
import { chanceOf } from "../../bench/crystallize/draws.ts";
import { ROUTING } from "../../bench/crystallize/routing.ts";
import type { Stream } from "../../bench/crystallize/stream.ts";
import { CHANGING } from "../../bench/crystallize/unlearnable.ts";
import { canonicalJson } from "../../src/contract/json.ts";
import { isTimeToLearn } from "../../src/crystallize/relearn.ts";
import { exampleOf } from "./history.ts";

const SLOW = 120_000;

function led(stream: Stream, size: number, errs: number, seed: number) {
  const [chance, slips, draws] = [chanceOf(seed), chanceOf(seed + 1_000_003), chanceOf(seed + 2_000_003)];
  const course = new Course({ bound: 0.05 + errs });
  let wrong = 0;
  const alone: number[] = [];
  for (let at = 0; at < size; at++) {
    const { input, truth } = stream.item(at, chance);
    const said = slips.chance(errs) ? stream.slip(truth, slips) : truth;
    const answer = course.alone(input, draws.draw());
    alone.push(Number(answer !== undefined));
    if (answer === undefined) course.observed(at, exampleOf(at, input, said));
    else if (canonicalJson(answer) !== canonicalJson(truth)) wrong += 1;
  }
  return { events: course.events, wrong, alone };
}

describe("a step", () => {
  test.each([0, 0.05])("whose model errs in %d is promoted and stays so, right where it answers", { timeout: SLOW }, (errs) => {
    const { events, wrong, alone } = led(ROUTING[0] as Stream, 4000, errs, 4);
    expect(events.map(({ what }) => what)).toEqual(expect.arrayContaining(["shadowed", "promoted"]));
    expect(events.some(({ what }) => what === "demoted")).toBe(false);
    expect(wrong).toBe(0);
    expect(alone.slice(2000).reduce((sum, one) => sum + one, 0)).toBeGreaterThan(1800);
  });

  test("whose answers all change is demoted within 200 firings, and learns the new ones", { timeout: SLOW }, () => {
    for (const seed of [1, 2, 3]) {
      const { events } = led(CHANGING[0] as Stream, 7000, 0.05, seed);
      const demoted = events.find(({ what, at }) => what === "demoted" && at >= 5000);
      expect(demoted?.at, `seed ${seed}`).toBeLessThan(5200);
      expect(events.some(({ what, at }) => what === "promoted" && at > (demoted?.at ?? 7000))).toBe(true);
    }
  });
});

test("it is time to learn when there is enough, and again when the guard declines much", () => {
  expect(isTimeToLearn({ examples: 149, lastTry: 0, live: null })).toBe(false);
  expect(isTimeToLearn({ examples: 150, lastTry: 0, live: null })).toBe(true);
  expect(isTimeToLearn({ examples: 180, lastTry: 150, live: null })).toBe(false);
  expect(isTimeToLearn({ examples: 500, lastTry: 400, live: { firings: 1000, declined: 10 } })).toBe(false);
  expect(isTimeToLearn({ examples: 500, lastTry: 400, live: { firings: 1000, declined: 60 } })).toBe(true);
  // A row of a table needs its own examples, however many others there are.
  const some = { firings: 400, declined: 13 };
  expect([false, true].map((grows) => isTimeToLearn({ examples: 900, lastTry: 800, live: { ...some, grows } }))).toEqual([false, true]);
});
