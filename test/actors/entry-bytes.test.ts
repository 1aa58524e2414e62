/** What is written once is what `JSON.stringify` would write, wherever it is read. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { entryBytes, eventText } from "../../src/actors/term/entry-bytes.ts";
import type { NetEvent } from "../../src/contract/event.ts";
import type { Json } from "../../src/contract/json.ts";
import { tokenOf } from "../support/net-state.ts";

const text = (bytes: Uint8Array) => new TextDecoder("utf-8", { fatal: true }).decode(bytes);

describe("an entry as bytes", () => {
  it("is the JSON of its events, each event can be read from its part, and the events are left as they were", () => {
    const data = fc.jsonValue() as fc.Arbitrary<Json>;
    const produced = fc.array(
      fc.record({
        place: fc.constantFrom("a", "sub--place", 'é"x'),
        token: fc.tuple(fc.nat(), data).map(([n, value]) => tokenOf(`t${n}`, value)),
      }),
      { maxLength: 3 },
    );
    const event = fc.record(
      {
        seq: fc.nat(),
        ts: fc.string(),
        category: fc.constant("firing"),
        type: fc.constant("fired"),
        summary: fc.string({ unit: "binary" }),
        produced,
      },
      { requiredKeys: ["seq", "summary"] },
    ) as unknown as fc.Arbitrary<NetEvent>;
    fc.assert(
      fc.property(fc.array(event, { minLength: 1, maxLength: 5 }), (events) => {
        const before = structuredClone(events);
        const texts = events.map(eventText);
        const { body, events: written } = entryBytes(texts);
        expect(events).toEqual(before);
        const plain = JSON.parse(JSON.stringify(events)) as NetEvent[];
        expect(JSON.parse(text(body))).toEqual(plain);
        expect(body.length).toBeLessThanOrEqual(texts.reduce((sum, { bytes }) => sum + bytes, 2));
        expect(written.map(({ json }) => JSON.parse(text(json)) as NetEvent)).toEqual(plain);
      }),
      { numRuns: 300 },
    );
  });
});
