/** A heartbeat is what an executor says: what people read of it moves no cursor, and what masters keep of it is small. */
import { expect, test } from "vitest";
import { presenceOf } from "../../src/jetstream/presence-shape.ts";

const SOUND = {
  ...{ name: "builder", pools: ["code"], labels: ["git", "node20"], version: "0.1.0", pid: 7, host: "yard", busy: 1, slots: 4 },
  ...{
    at: "2026-01-01T00:00:00.000Z",
    leases: ["net/t/f-1.1"],
    isolation: "bubblewrap 0.8.0",
    limits: "by the kernel",
    hands: ["shell.run"],
    lacks: ["no ffmpeg"],
  },
};
const read = (text: string) => presenceOf(new TextEncoder().encode(text));
const told = (more: object) => read(JSON.stringify({ ...SOUND, ...more }));

test("what is sound stays as it is", () => {
  expect(told({})).toEqual(SOUND);
  expect(told({ leaving: true, full: "its disk is full" })).toEqual({ ...SOUND, leaving: true, full: "its disk is full" });
  const { hands: _, ...old } = SOUND;
  expect(read(JSON.stringify(old))).toEqual(old);
});

test("what moves a cursor, colours or rings is taken out, and what is long is cut", () => {
  const bad = "\u001b[2J\u001b[31mOWNED\u0007\u001b]0;title\u0007\n\u202e";
  const found = told({ version: bad, host: bad, isolation: bad, leases: [bad], lacks: [bad, "v".repeat(100_000)], full: bad });
  expect(JSON.stringify(found)).not.toMatch(/\\u00|\\n|\u202e/);
  expect(found?.version).toContain("OWNED");
  expect(
    JSON.stringify(told({ version: "v".repeat(200_000), labels: Array(50_000).fill("label"), leases: Array(900).fill("x") })).length,
  ).toBeLessThan(4000);
});

test("one field that is no such thing does not hide the others; what is no heartbeat is none", () => {
  expect(told({ labels: 7, hands: "all", slots: "many", busy: -5, lacks: {}, heldOff: "never" })).toEqual({
    ...SOUND,
    ...{ labels: [], hands: [], slots: 0, busy: 0, lacks: [] },
  });
  expect(told({ pools: ["code", 7, "Not A Name"], labels: ["git", "\u001b[1m"] })).toMatchObject({ pools: ["code"], labels: ["git"] });
  for (const text of ["{", "null", "[]", "{}", '"x"', JSON.stringify({ ...SOUND, name: "../x" }), JSON.stringify({ ...SOUND, pools: "x" })])
    expect(read(text)).toBeNull();
});
