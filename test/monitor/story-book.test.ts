/** What the book of stories says of a line that grows, is paged back or cut is what a look at the whole line says. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { NetEvent } from "../../src/contract/event.ts";
import type { Token } from "../../src/contract/token.ts";
import { EventSieve } from "../../src/monitor/event-sieve.ts";
import { storiesOf } from "../../src/monitor/stories.ts";
import { StoryBook } from "../../src/monitor/story-book.ts";

const TYPES = ["arrived", "started", "fired", "failed", "gated", "paused"] as const;
const eventAt = (seq: number, story: number, type: NetEvent["type"]): NetEvent => ({
  ...{ seq, type, net: "n", category: "firing", status: type === "failed" ? "error" : "ok", ts: new Date(seq * 1000).toISOString() },
  summary: `event ${seq}`,
  ...(story === 0 ? {} : { correlation: `c-${story}`, firing: `f-${story}` }),
  ...(story % 2 === 1 ? { persona: `p-${story}` } : {}),
  ...(seq % 3 === 0 ? { model: { costUsd: 1 } as NonNullable<NetEvent["model"]> } : {}),
  ...(seq % 7 === 0 ? { attributes: { final: true } } : {}),
  ...(seq % 5 === 0 ? { produced: [{ place: "p", token: { data: { title: `t ${seq}`, attempt: seq % 4 } } as unknown as Token }] } : {}),
});

test("a book and a sieve read in steps are those read at once", () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ story: fc.nat(6), type: fc.constantFrom(...TYPES) }) },
    {
      weight: 2,
      arbitrary: fc.record({ back: fc.array(fc.record({ story: fc.nat(6), type: fc.constantFrom(...TYPES) }), { maxLength: 6 }) }),
    },
    { weight: 1, arbitrary: fc.constant("cut" as const) },
  );
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 80 }), (steps) => {
      const book = new StoryBook();
      const wanted = ({ status, persona }: NetEvent) => status === "error" || persona === "p-1";
      const sieve = new EventSieve(wanted);
      let events: NetEvent[] = [];
      let [first, last] = [1000, 999];
      for (const each of steps) {
        if (each === "cut") {
          events = events.slice(-Math.ceil(events.length / 2));
          first = events[0]?.seq ?? first;
        } else if ("back" in each) {
          first -= each.back.length;
          events = [...each.back.map(({ story, type }, at) => eventAt(first + at, story, type)), ...events];
        } else {
          last += 1;
          events = [...events, eventAt(last, each.story, each.type)];
        }
        book.read(events);
        expect(sieve.read(events)).toEqual(events.filter(wanted));
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

test("pages of before and events of now are read once, not the whole line again", () => {
  const kept = Array.from({ length: 2000 }, (_, at) => eventAt(1001 + at, (at % 6) + 1, "fired"));
  const book = new StoryBook();
  let [read, looked] = [0, 0];
  const sieve = new EventSieve(() => {
    looked += 1;
    return true;
  });
  const counted = (event: NetEvent) => () => {
    read += 1;
    return event.correlation;
  };
  const counting = (events: NetEvent[]) =>
    events.map((event) => Object.defineProperty({ ...event }, "correlation", { get: counted(event) }));
  let events = counting(kept);
  book.read(events);
  const once = read;
  expect(once).toBeGreaterThanOrEqual(2000);
  expect(sieve.read(events)).toHaveLength(2000);
  events = [...counting([eventAt(1000, 1, "arrived")]), ...events, ...counting([eventAt(3001, 2, "fired")])];
  book.read(events);
  expect(sieve.read(events)).toHaveLength(2002);
  expect(read - once).toBeLessThan(20);
  expect(looked).toBe(2002);
});
