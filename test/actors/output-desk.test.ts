/** What the masters tell of what commands print: whose it is, without secrets, and remembered while it runs. */
import { expect, test } from "vitest";
import { OutputDesk } from "../../src/actors/output-desk.ts";
import type { Printed, PrintedPiece } from "../../src/contract/printed.ts";
import { secretFilter } from "../../src/contract/secret-forms.ts";

const ABOUT = { net: "shop", firing: "f-1", attempt: 1 };
const filter = secretFilter(new Map([["KEY", "hunter2hunter2"]]));

function desk() {
  const told: PrintedPiece[] = [];
  const held = new Map([["f-1/1", "ex"]]);
  const outputs = new OutputDesk({
    output: { print: (piece) => void told.push(piece), listen: () => ({ stop: async () => undefined }) },
    secretFilter: () => filter,
    held: (executor, { firing, attempt }) => (held.get(`${firing}/${attempt}`) === executor ? { transition: "build" } : null),
  });
  let at = 0;
  const print = (text: string, more: Partial<Printed> = {}) => {
    const begin = more.at ?? at;
    at = begin + text.length;
    outputs.take("ex", ABOUT, { command: 1, from: "stdout", at: begin, end: at, text, ...more });
  };
  return { outputs, told, held, print, text: () => told.map(({ text }) => text).join("") };
}

test("only the executor that holds the open attempt is heard (O1)", () => {
  const { outputs, told, print, held } = desk();
  print("hello\n");
  outputs.take("other", ABOUT, { command: 1, from: "stdout", at: 0, end: 1, text: "x" });
  outputs.take("ex", { ...ABOUT, attempt: 2 }, { command: 1, from: "stdout", at: 0, end: 1, text: "x" });
  held.set("f-1/1", "another");
  print("late\n");
  expect(told).toEqual([{ ...ABOUT, transition: "build", executor: "ex", command: 1, from: "stdout", at: 0, end: 6, text: "hello\n" }]);
});

test("a secret that the executor does not know is taken out, also where pieces end in it (O2)", () => {
  for (const cut of [1, 5, 13]) {
    const { print, text, told } = desk();
    const secret = "hunter2hunter2";
    print(`key ${secret.slice(0, cut)}`);
    print(`${secret.slice(cut)} done\n`);
    print("", { last: true });
    expect(text()).toBe("key <secret KEY> done\n");
    // What one piece ends with, the next begins with.
    for (const [at, piece] of told.slice(1).entries()) expect(piece.at).toBe(told[at]?.end);
  }
});

test("a piece that was lost leaves a gap, and of a secret that may lie in it nothing is told (O2)", () => {
  const { print, told } = desk();
  print("one\n");
  print("hunter2 and so much more that it is no end of any secret, in whatever form it is written down\n", { at: 100 });
  expect(told).toHaveLength(2);
  expect(told[1]?.at).toBeGreaterThan(100);
  expect(told[1]?.text).not.toContain("hunter2");
  expect(told[1]?.text).toContain("written down\n");
});

test("the end of what runs is remembered, for who looks later, and forgotten with the attempt (O3)", () => {
  const { outputs, print, held } = desk();
  print("$ make", { from: "command", at: 0, last: true });
  for (let n = 0; n < 100; n++) print(`${n}: ${"x".repeat(1000)}\n`);
  const remembered = outputs
    .of("shop")
    .map(({ text }) => text)
    .join("");
  expect(remembered.length).toBeLessThan(20_000);
  expect(remembered).toContain("99: ");
  expect(outputs.of("other")).toEqual([]);
  held.clear();
  expect(outputs.of("shop")).toEqual([]);
});
