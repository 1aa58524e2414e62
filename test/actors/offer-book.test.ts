/** Offers that somebody pulled and nobody claimed (O1, O2). */
import { expect, it } from "vitest";
import { OfferBook } from "../../src/actors/term/offer-book.ts";

const needs = { pool: "p", labels: [], hand: "shell.run" };

it("an offer that nobody claims while nothing moves is lost after a while, and after a longer one when it was made again", () => {
  const book = new OfferBook();
  book.made("f", needs, 1000);
  expect(book.isLost("f", 0, 2500)).toBe(false);
  expect(book.isLost("f", 0, 2501)).toBe(true);
  book.again("f");
  expect(book.isLost("f", 0, 9000), "it is being made").toBe(false);
  book.made("f", needs, 3000);
  expect(book.isLost("f", 0, 6000)).toBe(false);
  expect(book.isLost("f", 0, 6001)).toBe(true);
  expect(book.since("f")).toBe(1000);
  // The next attempt begins anew.
  book.made("f", needs, 10_000);
  expect(book.since("f")).toBe(10_000);
  expect(book.isLost("f", 0, 11_501)).toBe(true);
});

it("an offer that waits in a queue that moves is not lost, unless younger ones of the same needs have overtaken it", () => {
  const book = new OfferBook();
  for (const [firing, at] of [
    ["a", 0],
    ["b", 1],
    ["c", 2000],
    ["d", 2001],
  ] as const)
    book.made(firing, needs, at);
  book.made("other", { ...needs, labels: ["gpu"] }, 1);
  book.claimed("a", 3000);
  expect(book.isLost("b", 0, 3500)).toBe(false);
  expect(book.isLost("other", 0, 3500), "its own queue stands still").toBe(true);
  book.claimed("c", 3500);
  expect(book.isLost("b", 0, 3501), "c was made two seconds after it").toBe(true);
  expect(book.isLost("d", 0, 3501)).toBe(false);
});

it("time in which nobody could claim does not count, and what was turned down is made again at once", () => {
  const book = new OfferBook();
  book.made("f", needs, 0);
  expect(book.isLost("f", 5000, 6000)).toBe(false);
  expect(book.isLost("f", 5000, 6501)).toBe(true);
  book.turnedDown("f");
  expect(book.isLost("f", 5000, 5251)).toBe(true);
  book.forgetAllBut(new Set());
  expect(book.isLost("f", 0, 99_999)).toBe(false);
  expect(book.since("f")).toBeUndefined();
});

it("neither the time in which others were claimed counts as one in which nobody took it, nor that in which nobody was free", () => {
  const book = new OfferBook();
  book.made("f", needs, 0);
  book.made("g", needs, 1);
  book.claimed("f", 5000);
  expect(book.since("g")).toBe(5000);
  book.nobodyIsFree("g", 9000);
  expect(book.since("g")).toBe(9000);
  book.made("h", { ...needs, labels: ["gpu"] }, 2);
  expect(book.since("h"), "its own queue stands still").toBe(2);
});
