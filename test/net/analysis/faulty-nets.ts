/** Nets with one fault each: its code and place, and words that tell it. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: templates are what is checked
import { type Case, either, inhibit, open, push, sink, step } from "./small-nets.ts";

type Fault = [string, Case, string, RegExp?];

export const FAULTS: Fault[] = [
  [
    "a place that nothing fills",
    { places: { a: open, b: {}, z: sink }, steps: { t: step(["a", "b"], ["z"]) } },
    "unreachable-place at places.b",
  ],
  [
    "dead: two branches of a choice are wanted together",
    {
      places: { a: open, b: {}, c: {}, lock: {}, z: sink },
      steps: {
        pick: step(
          ["a"],
          [
            { to: "b", when: "a.x" },
            { to: "c", otherwise: true },
          ],
          either,
        ),
        u: step(["b"], ["z"]),
        w: step(["c"], ["z"]),
        t: step([{ place: "lock", take: 2 }], ["z"]),
      },
      tokens: { lock: [1] },
    },
    "dead-transition at transitions.t",
    /inputs never hold enough/,
  ],
  [
    "dead: it brings three where two fit",
    { places: { a: open, b: { capacity: 2 }, z: sink }, steps: { t: step(["a"], [{ to: "b", weight: 3 }]), u: step(["b"], ["z"]) } },
    "dead-transition at transitions.t",
    /each firing brings 3 tokens to "b", which holds at most 2/,
  ],
  [
    "dead: two of its arcs fill a place for one",
    { places: { a: open, b: { capacity: 1 }, z: sink }, steps: { t: step(["a"], ["b", "b"]), u: step(["b"], ["z"]) } },
    "dead-transition at transitions.t",
    /each firing brings 2 tokens to "b", which holds at most 1/,
  ],
  [
    "dead: it brings two where one fits, beside what a model may fail at",
    {
      places: { a: open, b: { capacity: 1 }, e: sink, z: sink },
      steps: {
        t: { ...step(["a"], [{ to: "b", weight: 2 }]), kind: "llm", persona: "reader", ask: "x", onError: "e" },
        u: step(["b"], ["z"]),
      },
    },
    "dead-transition at transitions.t",
  ],
  [
    "dead: it takes three where two fit",
    { places: { a: open, b: { capacity: 2 }, z: sink }, steps: { t: step(["a"], ["b"]), u: step([{ place: "b", take: 3 }], ["z"]) } },
    "dead-transition at transitions.u",
    /it wants 3 tokens of "b", which holds at most 2/,
  ],
  [
    "dead: it takes three from an open place for two",
    { places: { a: { open: true, capacity: 2 }, z: sink }, steps: { t: step([{ place: "a", take: 3 }], ["z"]) } },
    "dead-transition at transitions.t",
    /it wants 3 tokens of "a"/,
  ],
  [
    "dead: what comes after a capacity that nothing passes",
    {
      places: { a: open, b: { capacity: 2 }, c: {}, z: sink },
      steps: { t: step(["a"], ["b"]), u: step([{ place: "b", take: 3 }], ["c"]), w: step(["c"], ["z"]) },
    },
    "dead-transition at transitions.w",
  ],
  [
    "dead: a place that stays full lets only one through, and two are wanted",
    {
      places: { a: open, x: { capacity: 1, sink: true }, b: {}, z: sink },
      steps: { t: step(["a"], ["x", "b"]), u: step([{ place: "b", take: 2 }], ["z"]) },
    },
    "dead-transition at transitions.u",
    /places that are full keep it/,
  ],
  [
    "dead: it wants one more than a wide place holds, among other wide ones",
    {
      places: { a: { open: true, capacity: 100 }, b: { capacity: 100 }, c: { capacity: 100 }, z: sink },
      steps: { t: step(["a"], ["b"]), u: step(["b"], ["c"]), w: step(["c"], ["z"]), v: step([{ place: "b", take: 101 }], ["z"]) },
    },
    "dead-transition at transitions.v",
    /it wants 101 tokens of "b", which holds at most 100/,
  ],
  [
    "dead: two tokens share one permit",
    {
      places: { a: open, one: {}, b: {}, c: {}, z: sink },
      steps: {
        t: step(
          ["a", "one"],
          [
            { to: "b", when: "a.x" },
            { to: "c", otherwise: true },
          ],
          either,
        ),
        u: step(["b"], ["one", "z"]),
        w: step(["c"], ["one", "z"]),
        both: step(["b", "c"], ["one", "z"]),
      },
      tokens: { one: [1] },
    },
    "dead-transition at transitions.both",
  ],
  [
    "dead: a token that nobody can take forbids it",
    { places: { a: open, held: sink, z: sink }, steps: { t: step(["a", inhibit("held")], ["z"]) }, tokens: { held: [1] } },
    "dead-transition at transitions.t",
    /its inhibit arc forbids it: "held" always holds a token/,
  ],
  [
    "dead: one of two permits is always somewhere, and forbids it",
    {
      places: { a: open, p: {}, q: {}, z: sink },
      steps: { to: step(["p"], ["q"]), fro: step(["q"], ["p"]), t: step(["a", inhibit("p"), inhibit("q")], ["z"]) },
      tokens: { p: [1] },
    },
    "dead-transition at transitions.t",
    /inhibit or reset arcs keep it/,
  ],
  [
    "dead: a guard that is false",
    { places: { a: open, z: sink }, steps: { t: step(["a"], ["z"], { guard: "false" }) } },
    "dead-transition at transitions.t",
    /its guard "false" never holds/,
  ],
  [
    "dead: a guard that comes to false",
    { places: { a: open, z: sink }, steps: { t: step(["a"], ["z"], { guard: "a.x AND 1 + 1 > 2" }) } },
    "dead-transition at transitions.t",
  ],
  ...["a.x < a.x", "a.x != a.x", "a.x < a.y AND a.y < a.x", "a.x == a.y AND a.y > a.x", "NOT (a.x == a.x)"].map(
    (guard): Fault => [
      `dead: the guard ${guard}`,
      { places: { a: open, z: sink }, steps: { t: step(["a"], ["z"], { guard }) } },
      "dead-transition at transitions.t",
    ],
  ),
  [
    "dead: a guard that the condition of its input contradicts",
    { places: { a: open, z: sink }, steps: { t: step([{ place: "a", as: "one", where: "$.n > 5" }], ["z"], { guard: "one.n < 3" }) } },
    "dead-transition at transitions.t",
    /its guard "one.n < 3" and the conditions of its inputs never hold together/,
  ],
  [
    "dead: a guard that contradicts itself",
    { places: { a: open, z: sink }, steps: { t: step(["a"], ["z"], { guard: 'a.x == "p" AND a.x == "q"' }) } },
    "dead-transition at transitions.t",
  ],
  [
    "dead: a guard between two sizes",
    { places: { a: open, z: sink }, steps: { t: step(["a"], ["z"], { guard: "a.n > 5 AND 3 > a.n" }) } },
    "dead-transition at transitions.t",
  ],
  [
    "dead: a condition that no token meets",
    { places: { a: open, z: sink }, steps: { t: step([{ place: "a", where: "$.x AND NOT $.x" }], ["z"]) } },
    "dead-transition at transitions.t",
    /of its input from "a"/,
  ],
  [
    "dead: a group of more than can ever come",
    {
      places: { k: open, a: { open: true, capacity: 2 }, z: sink },
      steps: { t: step(["k", { place: "a", gather: { by: "$.k", count: "3" } }], ["z"]) },
    },
    "dead-transition at transitions.t",
  ],
  [
    "a group of more than one case brings",
    {
      places: { a: open, k: {}, b: {}, z: sink },
      steps: {
        split: step(["a"], ["k", { to: "b", weight: 2 }]),
        t: step(["k", { place: "b", gather: { by: "$meta.correlation", count: "3" } }], ["z"]),
      },
    },
    "work-left-behind at places.k",
    /in "k" and "b": "t" wants 3 tokens of "b", and 2 are there/,
  ],
  [
    "a place that nobody empties",
    { places: { a: open, b: {}, z: sink }, steps: { t: step(["a"], ["b", "z"]) } },
    "never-consumed at places.b",
  ],
  [
    "a place without a bound",
    { places: { a: open, b: {}, z: sink }, steps: { t: step(["a"], ["a", "b"]), u: step(["b"], ["z"]) } },
    "unbounded-place at places.b",
  ],
  [
    "a deadlock: each waits for what the other holds",
    {
      places: { a: open, l: {}, m: {}, p: {}, q: {}, z: sink, b: {}, c: {} },
      steps: {
        split: step(["a"], ["b", "c"]),
        p1: step(["b", "l"], ["p"]),
        q1: step(["c", "m"], ["q"]),
        p2: step(["p", "m"], ["z", "l", "m"]),
        q2: step(["q", "l"], ["z", "l", "m"]),
      },
      tokens: { l: [1], m: [1] },
    },
    "work-left-behind at places.p",
    /"p" and "q"/,
  ],
  [
    "a livelock that no way leads out of",
    { places: { a: open, b: {}, c: {} }, steps: { t: step(["a"], ["b"]), u: step(["b"], ["c"]), w: step(["c"], ["b"]) } },
    "work-left-behind at places.b",
    /some steps go on, but no way leads out/,
  ],
  [
    "rework without a limit",
    {
      places: { a: open, b: {}, z: sink },
      steps: {
        t: step(["a"], ["b"]),
        u: step(
          ["b"],
          [
            { to: "z", when: "b.ok" },
            { to: "a", otherwise: true },
          ],
          either,
        ),
      },
    },
    "endless-loop at transitions.t",
  ],
  [
    "unsound: a case that cannot complete",
    {
      places: { a: open, b: {}, c: {}, d: {}, z: sink },
      steps: {
        pick: step(
          ["a"],
          [
            { to: "b", when: "a.x" },
            { to: "c", otherwise: true },
          ],
          either,
        ),
        back: step(["c"], ["d"]),
        t: step(["b"], ["z"]),
        u: step(["d", "b"], ["z"]),
      },
    },
    "work-left-behind at places.d",
  ],
  [
    "unsound: a case that leaves something over",
    { places: { a: open, b: {}, z: sink }, steps: { t: step(["a"], ["b", "z"]), u: step(["b"], ["z"]) } },
    "improper-completion at transitions",
  ],
  [
    "unsound: a step that no case reaches",
    {
      places: { a: open, b: {}, c: {}, z: sink },
      steps: {
        pick: step(
          ["a"],
          [
            { to: "b", when: "a.x" },
            { to: "c", otherwise: true },
          ],
          either,
        ),
        t: step(["b"], ["z"]),
        u: step(["c"], ["z"]),
        w: step(["b"], ["z"], { guard: "b.n == 1 AND b.n == 2" }),
      },
    },
    "dead-transition at transitions.w",
  ],
  [
    "rights: a token from outside reaches a push on behalf of one without x",
    { places: { a: open, z: sink }, steps: { t: push({ persona: "reader", in: [{ place: "a" }], out: [{ to: "z" }] }) } },
    "push-without-flag at transitions.t",
  ],
  [
    "rights: from outside straight to a push",
    { places: { a: open, z: sink }, steps: { t: push({ in: [{ place: "a" }], out: [{ to: "z" }] }) } },
    "push-from-outside at transitions.t",
  ],
  [
    "secrets: the token says which host gets one",
    {
      places: { a: open, z: sink },
      steps: { t: { kind: "http", url: "${a.url}", headers: { "X-Key": "${secret.shop_key}" }, in: [{ place: "a" }], out: [{ to: "z" }] } },
    },
    "secret-to-any-host at transitions.t",
  ],
];
