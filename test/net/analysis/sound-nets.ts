/** Nets in which nothing is wrong. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: templates are what is checked
import { type Case, either, inhibit, line, open, push, sink, step } from "./small-nets.ts";

export const SOUND: [string, Case][] = [
  ["a line", { places: { a: open, b: {}, z: sink }, steps: line }],
  [
    "a split and its join",
    { places: { a: open, b: {}, c: {}, z: sink }, steps: { t: step(["a"], ["b", "c"]), u: step(["b", "c"], ["z"]) } },
  ],
  [
    "a choice",
    {
      places: { a: open, b: {}, c: {}, z: sink },
      steps: {
        t: step(
          ["a"],
          [
            { to: "b", when: "a.n < 3" },
            { to: "c", otherwise: true },
          ],
          either,
        ),
        u: step(["b"], ["z"]),
        w: step(["c"], ["z"]),
      },
    },
  ],
  [
    "rework with a limit",
    {
      places: { a: open, b: {}, z: sink },
      steps: {
        t: step(["a"], ["b"]),
        u: step(
          ["b"],
          [
            { to: "z", when: "b.n > 2" },
            { to: "a", otherwise: true },
          ],
          either,
        ),
      },
    },
  ],
  [
    "a weight that just fits",
    {
      places: { a: open, b: { capacity: 3 }, z: sink },
      steps: { t: step(["a"], [{ to: "b", weight: 3 }]), u: step([{ place: "b", take: 3 }], ["z"]) },
    },
  ],
  [
    "two arcs into a place for two",
    { places: { a: open, b: { capacity: 2 }, z: sink }, steps: { t: step(["a"], ["b", "b"]), u: step([{ place: "b", take: 2 }], ["z"]) } },
  ],
  [
    "a full place that each firing empties before it fills it",
    { places: { a: open, b: { capacity: 1, sink: true } }, steps: { t: step(["a", { place: "b", mode: "reset" }], ["b"]) } },
  ],
  ["a narrow place", { places: { a: open, b: { capacity: 1 }, z: sink }, steps: line }],
  ["two narrow places", { places: { a: { open: true, capacity: 100 }, b: { capacity: 50 }, z: sink }, steps: line }],
  [
    "a batch of what comes from outside",
    { places: { a: { open: true, capacity: 3 }, z: sink }, steps: { t: step([{ place: "a", take: 3 }], ["z"]) } },
  ],
  [
    "a batch of several cases",
    { places: { a: open, b: {}, z: sink }, steps: { t: step(["a"], ["b"]), u: step([{ place: "b", take: 3 }], ["z"]) } },
  ],
  [
    "a group that comes from outside",
    { places: { k: open, a: open, z: sink }, steps: { t: step(["k", { place: "a", gather: { by: "$.k", count: "3" } }], ["z"]) } },
  ],
  [
    "a group of all that one case brings",
    {
      places: { a: open, k: {}, b: {}, z: sink },
      steps: {
        t: step(["a"], ["k", { to: "b", weight: 3 }]),
        u: step(["k", { place: "b", gather: { by: "$meta.correlation", count: "1 + 2" } }], ["z"]),
      },
    },
  ],
  [
    "a group of an array's elements",
    {
      places: { a: open, k: {}, b: {}, z: sink },
      steps: {
        t: step(["a"], ["k", { to: "b", each: "a.list" }]),
        u: step(["k", { place: "b", gather: { by: "$meta.correlation", count: "3" } }], ["z"]),
      },
    },
  ],
  [
    "three of an array's elements out of a place for two",
    {
      places: { go: {}, b: { capacity: 2 }, z: sink },
      steps: { t: step(["go"], [{ to: "b", each: "go" }]), u: step([{ place: "b", take: 3 }], ["z"]) },
      tokens: { go: [[1, 2, 3]] },
    },
  ],
  [
    "an inhibit arc whose token somebody takes",
    {
      places: { a: open, held: {}, y: sink, z: sink },
      steps: { free: step(["held"], ["y"]), t: step(["a", inhibit("held")], ["z"]) },
      tokens: { held: [1] },
    },
  ],
  [
    "an inhibit arc whose token a reset takes",
    {
      places: { a: open, key: {}, held: {}, y: sink, z: sink },
      steps: { free: step(["key", { place: "held", mode: "reset" }], ["y"]), t: step(["a", inhibit("held")], ["z"]) },
      tokens: { held: [1], key: [1] },
    },
  ],
  [
    "an inhibit arc that wants two",
    { places: { a: open, held: sink, z: sink }, steps: { t: step(["a", inhibit("held", { take: 2 })], ["z"]) }, tokens: { held: [1] } },
  ],
  [
    "a zero test that lets one in at a time",
    { places: { a: open, busy: {}, z: sink }, steps: { t: step(["a", inhibit("busy")], ["busy"]), u: step(["busy"], ["z"]) } },
  ],
  [
    "a permit",
    {
      places: { a: open, one: {}, b: {}, z: sink },
      steps: { t: step(["a", "one"], ["b"]), u: step(["b"], ["one", "z"]) },
      tokens: { one: [1] },
    },
  ],
  [
    "a guard that may hold",
    {
      places: { a: open, z: sink },
      steps: { t: step(["a"], ["z"], { guard: "a.n > 3 AND a.n < 4 OR a.n == 7" }), rest: step([{ place: "a", where: "$.x" }], ["z"]) },
    },
  ],
  [
    "guards that compare with themselves and may hold",
    {
      places: { a: open, z: sink },
      steps: {
        t: step(["a"], ["z"], { guard: "a.x <= a.x AND a.y == a.y AND a.x <= a.y AND a.y <= a.x" }),
        rest: step([{ place: "a", where: "NOT ($.x < $.y) AND NOT ($.y < $.x) AND $.x != $.y" }], ["z"]),
      },
    },
  ],
  [
    "a guard that asks another token than the condition of an input does",
    {
      places: { a: open, z: sink },
      steps: {
        t: step(
          [
            { place: "a", as: "x", where: "$.n > 5" },
            { place: "a", as: "y" },
          ],
          ["z"],
          { guard: "y.n < 3 AND x.n < 7" },
        ),
        rest: step(["a"], ["z"]),
      },
    },
  ],
  [
    "a guard that only what is missing meets",
    { places: { a: open, z: sink }, steps: { t: step(["a"], ["z"], { guard: "NOT (a.n < 3) AND NOT (a.n >= 3)" }) } },
  ],
  [
    "a deadline",
    { places: { a: { ...open, deadline: { after: "1h", to: "late" } }, late: sink, z: sink }, steps: { t: step(["a"], ["z"]) } },
  ],
  [
    "people before a push",
    {
      places: { a: open, late: sink, z: sink },
      steps: { t: push({ in: [{ place: "a" }], out: [{ to: "z" }], onError: "late", gate: { approvers: ["role:m"], escalate: "late" } }) },
    },
  ],
  [
    "a secret for a host that the file names",
    {
      places: { a: open, e: sink, z: sink },
      steps: {
        t: {
          kind: "http",
          url: "https://shop.example.com/${a.id}",
          headers: { "X-Key": "${secret.shop_key}" },
          in: [{ place: "a" }],
          out: [{ to: "z" }],
          onError: "e",
        },
      },
    },
  ],
];
