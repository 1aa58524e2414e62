/** The search behind the developer that needs no model: what it finds holds beyond the examples, and what it does not find it says. */
import assert from "node:assert/strict";
import { describe, expect, test } from "vitest";
import type { Json } from "../../../src/contract/json.ts";
import { readExamples } from "../../../src/personas/rules/search/examples.ts";
import { findProgram } from "../../../src/personas/rules/search/find-program.ts";
import { moduleText } from "../../../src/personas/rules/search/program-text.ts";

type Pairs = [Json[], Json][];
const wantedOf = (pairs: Pairs) => readExamples({ function: "wanted", examples: pairs.map(([args, out]) => ({ args, out })) });
const never = new AbortController().signal;

async function compiled(pairs: Pairs, limit = 150_000): Promise<(...args: Json[]) => Json> {
  const wanted = wantedOf(pairs);
  const found = await findProgram(wanted, limit, never);
  if (!found.found) throw new Error(`nothing found after ${found.tried}, best ${found.best}`);
  const text = moduleText(wanted, found.branches);
  const module = (await import(`data:text/javascript,${encodeURIComponent(text)}`)) as { wanted: (...args: Json[]) => Json };
  return module.wanted;
}

describe("a program that is found", () => {
  const cases: [string, Pairs, Pairs][] = [
    [
      "sums squares",
      [
        [[[1, 2, 3]], 14],
        [[[]], 0],
        [[[4]], 16],
      ],
      [[[[2, 2]], 8]],
    ],
    [
      "counts vowels",
      [
        [["hello"], 2],
        [["XYZ"], 0],
        [["AEI o"], 4],
      ],
      [[["banana"], 3]],
    ],
    [
      "takes the even ones",
      [
        [[[1, 2, 3, 4]], [2, 4]],
        [[[5]], []],
        [[[6, 7]], [6]],
      ],
      [[[[8, 9, 10]], [8, 10]]],
    ],
    [
      "greets",
      [
        [["Ada"], "Hello, Ada!"],
        [["Bob"], "Hello, Bob!"],
      ],
      [[["Eve"], "Hello, Eve!"]],
    ],
    [
      "joins two",
      [
        [["a", "b"], "a-b"],
        [["x", "yz"], "x-yz"],
      ],
      [[["", "q"], "-q"]],
    ],
    [
      "turns a number into percent of another",
      [
        [[1, 2], 50],
        [[3, 4], 75],
        [[1, 10], 10],
      ],
      [[[1, 4], 25]],
    ],
    [
      "says whether a text is the same backwards",
      [
        [["anna"], true],
        [["abc"], false],
        [["abca"], false],
        [["level"], true],
        [["zz"], true],
        [["ab"], false],
      ],
      [
        [["noon"], true],
        [["nooo"], false],
      ],
    ],
    [
      "capitalises words",
      [
        [["the old man"], "The Old Man"],
        [["a b"], "A B"],
      ],
      [[["one two"], "One Two"]],
    ],
  ];
  const more: [string, (n: never) => Json, Json[], Json[]][] = [
    ["degrees", (c: number) => (c * 9) / 5 + 32, [0, 100, -40, 37], [20, 21.5]],
    ["prices with tax, to the cent", (net: number) => Math.round(net * 119) / 100, [100, 10, 1, 19.99], [50, 0.99]],
    ["grades", (n: number) => (n >= 90 ? "A" : n >= 80 ? "B" : n >= 70 ? "C" : "F"), [95, 85, 75, 10, 90, 80, 70, 69], [88, 91, 50, 79]],
    [
      "cuts long texts",
      (text: string) => (text.length > 10 ? `${text.slice(0, 10)}...` : text),
      ["short", "this is a long text", "exactly ten", "1234567890", "unbreakable"],
      ["abcdefghijklmnop", "tea"],
    ],
  ];
  const moreCases = more.map(([name, of, shown, unseen]): [string, Pairs, Pairs] => {
    const pairs = (inputs: Json[]): Pairs => inputs.map((input) => [[input], of(input as never)]);
    return [name, pairs(shown), pairs(unseen)];
  });

  test.each([...cases, ...moreCases])("%s, also for inputs that it was not shown", async (_, pairs, unseen) => {
    const wanted = await compiled(pairs);
    for (const [args, out] of [...pairs, ...unseen]) expect(wanted(...args)).toEqual(out);
  });

  // Node's strict assertions tell -0 from 0: -4 % 2 is -0, and an example that says 0 is not met by it.
  test.each<[string, Pairs, Pairs]>([
    ["odd or even, below zero too", [5, 4, -4, 7, -3, -2].map((n) => [[n], Math.abs(n % 2)]), [[[-8], 0]]],
    [
      "multiples of a list",
      [
        [
          [[1, 2], -1],
          [-1, -2],
        ],
        [
          [[0, 5], -1],
          [0, -5],
        ],
        [
          [[4, 0], -2],
          [-8, 0],
        ],
        [[[3], 2], [6]],
      ],
      [[[[0], -7], [0]]],
    ],
  ])("%s: gives no -0 where 0 is wanted", async (_, pairs, unseen) => {
    const wanted = await compiled(pairs, 60_000);
    for (const [args, out] of [...pairs, ...unseen]) assert.deepStrictEqual(wanted(...args), out);
  });

  test("is repaired by conditions where no one expression holds", async () => {
    const value = (n: number) => (n % 3 === 0 ? "Fizz" : n < 10 ? String(n) : "many");
    const wanted = await compiled(
      Array.from({ length: 18 }, (_, at) => [[at + 1], value(at + 1)]),
      60_000,
    );
    for (const n of [21, 22, 30, 44]) expect(wanted(n)).toBe(value(n));
  });

  test("is the same each time", async () => {
    const pairs: Pairs = [
      [["Hello World"], "hello-world"],
      [["  A  b "], "a-b"],
      [["It's, fine!"], "it-s-fine"],
    ];
    const texts = await Promise.all(
      [1, 2].map(async () => {
        const found = await findProgram(wantedOf(pairs), 100_000, never);
        return found.found ? moduleText(wantedOf(pairs), found.branches) : "";
      }),
    );
    expect(texts[0]).toContain("export function wanted(text)");
    expect(texts[0]).toBe(texts[1]);
  });
});

describe("a program that is not there", () => {
  test.each([
    [
      "a hash",
      [
        [["a"], "86f7e4"],
        [["b"], "e9d71f"],
        [["c"], "84a516"],
        [["hello"], "aaf4c6"],
      ] as Pairs,
    ],
    [
      "chance",
      [
        [[1], 7],
        [[2], 4],
        [[3], 19],
        [[4], 2],
        [[5], 44],
        [[6], 13],
      ] as Pairs,
    ],
  ])("%s: the limit is kept, and nothing is handed out", async (_, pairs) => {
    const found = await findProgram(wantedOf(pairs), 20_000, never);
    expect(found.found).toBe(false);
    expect(found.tried).toBeLessThanOrEqual(20_000);
  });

  // For each of them branches fit that mean nothing: an example that is left out shows it.
  test.each<[string, Pairs]>([
    [
      "next primes",
      [
        [1, 2],
        [2, 3],
        [3, 5],
        [7, 11],
        [10, 11],
        [13, 17],
      ].map(([n, prime]) => [[n as Json], prime as Json]),
    ],
    [
      "steps to one",
      [
        [1, 0],
        [2, 1],
        [3, 7],
        [6, 8],
        [7, 16],
        [9, 19],
      ].map(([n, steps]) => [[n as Json], steps as Json]),
    ],
    [
      "Fibonacci's",
      [
        [1, 1],
        [2, 1],
        [3, 2],
        [5, 5],
        [7, 13],
        [10, 55],
      ].map(([n, number]) => [[n as Json], number as Json]),
    ],
  ])("%s, said by heart, are no program", async (_, pairs) => {
    const found = await findProgram(wantedOf(pairs), 60_000, never);
    expect(found).toMatchObject({ found: false, best: pairs.length, byHeart: { of: pairs.length } });
    expect(found.found ? null : (found.byHeart?.right ?? pairs.length) * 2).toBeLessThanOrEqual(pairs.length);
  });

  test("four and more examples, none of which its one expression gives unseen, are no program", async () => {
    const pairs: Pairs = [1, 2, 3, 4].map((n) => [[n], [3, 1, 4, 1][n - 1] as number]);
    const found = await findProgram(wantedOf(pairs), 60_000, never);
    if (found.found) expect(found.held.right).toBeGreaterThan(0);
    else expect(found.byHeart?.right ?? 0).toBe(0);
  });

  test("a list of the examples is no program", async () => {
    const pairs: Pairs = [
      [["x"], "k1"],
      [["y"], "k1"],
      [["z"], "q9"],
      [["w"], "q9"],
    ];
    const found = await findProgram(wantedOf(pairs), 3000, never);
    if (found.found) expect(found.branches.length * 2).toBeLessThanOrEqual(pairs.length);
  });

  test("an interrupted search ends", async () => {
    const pairs: Pairs = [
      [["a"], "86f7e4"],
      [["b"], "e9d71f"],
    ];
    await expect(findProgram(wantedOf(pairs), 10_000_000, AbortSignal.timeout(50))).rejects.toThrow();
  });
});

describe("examples that cannot be used", () => {
  test.each<[string, Json, RegExp]>([
    [
      "the same input with two outputs",
      {
        function: "f",
        examples: [
          { in: 1, out: 2 },
          { in: 1, out: 3 },
        ],
      },
      /examples 1 and 2 have the same input/,
    ],
    [
      "an input of two kinds",
      {
        function: "f",
        examples: [
          { in: 1, out: 2 },
          { in: "1", out: 3 },
        ],
      },
      /input 1 is sometimes a number and sometimes a text/,
    ],
    ["a word of the language", { function: "delete", examples: [{ in: 1, out: 2 }] }, /delete is a word of the language/],
    ["a name that the tests use", { function: "assert", examples: [{ in: 1, out: 2 }] }, /assert is what the tests call something else/],
    ["no examples", { function: "f", examples: [] }, /examples/],
    ["code in the name", { function: "f(){process.exit()}", examples: [{ in: 1, out: 2 }] }, /letters and digits/],
    [
      "other numbers of inputs",
      {
        function: "f",
        examples: [
          { args: [1, 2], out: 2 },
          { in: 1, out: 2 },
        ],
      },
      /example 2 has 1 inputs, and the first has 2/,
    ],
  ])("%s", (_, value, message) => expect(() => readExamples(value)).toThrow(message));

  test("what they say of themselves cannot leave its comment", async () => {
    const wanted = readExamples({
      function: "f",
      about: "x */ process.exit(1); /*",
      examples: [
        { in: 1, out: 2 },
        { in: 2, out: 3 },
      ],
    });
    const found = await findProgram(wanted, 1000, never);
    const text = found.found ? moduleText(wanted, found.branches) : "";
    expect(text.split("\n")[0]).toBe("/** x * / process.exit(1); /* */");
  });
});
