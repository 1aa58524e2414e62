/** Lines out of pieces, with a bound on what has no end. */
import { expect, test } from "vitest";
import { LineCutter } from "../../src/executors/line-cutter.ts";

const cutAll = (limit: number, ...pieces: (string | Buffer)[]) => {
  const cutter = new LineCutter(limit);
  const lines = pieces.flatMap((piece) => cutter.cut(Buffer.from(piece)));
  return { lines, tooLong: cutter.tooLong, rest: cutter.rest() };
};

test("lines are the same however they come, also where a piece ends inside a letter", () => {
  expect(cutAll(100, "one\ntwo\r\n\nlast")).toEqual({ lines: ["one", "two", ""], tooLong: false, rest: "last" });
  expect(cutAll(100, "on", "e\ntw", "o\r", "\n\n", "last")).toEqual({ lines: ["one", "two", ""], tooLong: false, rest: "last" });
  const [a, b] = [Buffer.from("ü\n").subarray(0, 1), Buffer.from("ü\n").subarray(1)];
  expect(cutAll(100, a, b).lines).toEqual(["ü"]);
});

test("a line may be as long as the limit, and of a longer one nothing is kept", () => {
  expect(cutAll(4, "1234\n5678\n")).toEqual({ lines: ["1234", "5678"], tooLong: false, rest: "" });
  expect(cutAll(4, "ok\n123", "45", "\nmore\n")).toEqual({ lines: ["ok"], tooLong: true, rest: "" });
  expect(cutAll(4, "ok\n12345\nmore\n")).toEqual({ lines: ["ok"], tooLong: true, rest: "" });
});
