import { expect, test } from "vitest";
import { BUILT_IN_ROOMS } from "../../src/executors/hand-cards.ts";
import { missingFor, missingText, ROOMS_OF_PETREL, startCommand, suits } from "../../src/net/executor-match.ts";

const needs = { pool: "code", labels: ["git", "node20"], hand: "shell.run" };
const one = (name: string, labels: string[], pools = ["code"]) => ({ name, labels, pools });

test("one that is in the pool and has all labels suits", () => {
  expect(suits(needs, one("a", ["node20", "git", "x"]))).toBe(true);
  expect(suits(needs, one("a", ["git"]))).toBe(false);
  expect(suits(needs, one("a", ["git", "node20"], ["other"]))).toBe(false);
  expect(suits({ pool: "code", labels: [], hand: "shell.run" }, one("a", []))).toBe(true);
});

test("what is missing is what the nearest of the pool lacks", () => {
  expect(missingFor(needs, [])).toEqual({ pool: "code", labels: [], hand: null, nearest: null });
  expect(missingFor(needs, [one("a", []), one("b", ["git"]), one("c", ["git", "node20"], ["other"])])).toEqual({
    ...{ pool: "code", labels: ["node20"], hand: null, nearest: "b" },
  });
  expect(missingFor(needs, [one("a", []), one("b", ["git", "node20"])])).toBeNull();
  expect(missingText({ pool: "code", labels: ["git", "node20"], hand: null, nearest: "a" })).toContain(
    "the labels git and node20; a comes nearest",
  );
});

test("one that says which hands it has suits for these alone, and is nearer the less it lacks", () => {
  const hello = { pool: "code", labels: ["git"], hand: "hello.greet" };
  const builder = { ...one("builder", ["git"]), hands: ["shell.run"] };
  expect(suits(hello, builder)).toBe(false);
  expect(suits(hello, { ...builder, hands: ["shell.run", "hello.greet"] })).toBe(true);
  expect(suits(hello, one("of-before", ["git"]))).toBe(true);
  const missing = missingFor(hello, [{ ...one("bare", []), hands: [] }, builder]);
  expect(missing).toEqual({ pool: "code", labels: [], hand: "hello.greet", nearest: "builder" });
  expect(missing && missingText(missing)).toBe(
    "no executor of the pool code that is there has the hand hello.greet; builder comes nearest",
  );
});

test("what starts an executor names a folder for a hand of one's own, whoever is there, and for none that comes with Petrel", () => {
  const own = { pool: "code", labels: ["git"], hand: "hello.greet" };
  expect(startCommand(own, [])).toBe("petrel executor start --pool code --labels git --hand FOLDER");
  expect(startCommand(own, [{ name: "local" }])).toBe("petrel executor start --name executor-2 --pool code --labels git --hand FOLDER");
  expect(startCommand({ ...own, hand: "browser.flow" }, [{ name: "local" }])).toBe(
    "petrel executor start --name executor-2 --pool code --labels git",
  );
  expect([...ROOMS_OF_PETREL].sort()).toEqual([...BUILT_IN_ROOMS].sort());
});
