/** What the book of stories says of a line that grows, is paged back or cut is what a look at the whole line says. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { NetEvent } from "../../src/contract/event.ts";
import { storiesOf } from "../../src/monitor/stories.ts";
import { StoryBook } from "../../src/monitor/story-book.ts";

const TYPES = ["arrived", "started", "fired", "failed", "gated", "paused"] as const;
const eventAt = (seq: number, story: number, type: NetEvent["type"]): NetEvent => ({
  ...{ seq, type, net: "n", category: "firing", status: type === "failed" ? "error" : "ok", ts: new Date(seq * 1000).toISOString() },
  summary: `event ${seq}`,
  ...(story === 0 ? {} : { correlation: `c-${story}`, firing: `f-${story}` }),
  ...(story % 2 === 1 ? { persona: `p-${story}` } : {}),
});

test("a book read in steps is the book read at once", () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ story: fc.nat(6), type: fc.constantFrom(...TYPES) }) },
    { weight: 1, arbitrary: fc.constant("back" as const) },
    { weight: 1, arbitrary: fc.constant("cut" as const) },
  );
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 80 }), (steps) => {
      const book = new StoryBook();
      let events: NetEvent[] = [];
      let [first, last] = [1000, 999];
      for (const each of steps) {
        if (each === "back") {
          first -= 1;
          events = [eventAt(first, first % 4, "arrived"), ...events];
        } else if (each === "cut") events = events.slice(-Math.ceil(events.length / 2));
        else {
          last += 1;
          events = [...events, eventAt(last, each.story, each.type)];
        }
        book.read(events);
        const all = storiesOf(events);
        expect(book.newest(1000)).toEqual(all);
        expect(book.newest(2)).toEqual(all.slice(0, 2));
        expect(book.size).toBe(all.length);
        expect(book.personas()).toEqual([...new Set(events.flatMap(({ persona }) => persona ?? []))].sort());
      }
    }),
    { numRuns: 200 },
  );
});

test.each([
  [["arrived", "started", "fired"], "done"],
  [["arrived", "started", "failed"], "going on"],
  [["arrived", "started", "gated"], "waiting"],
  [["refused"], "failed"],
] as const)("a story of %j is %s", (types, state) => {
  const [story] = storiesOf(types.map((type, at) => eventAt(at + 1, 1, type)));
  expect(story?.state).toBe(state);
});
