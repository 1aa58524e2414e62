/** Output within a limit of bytes, and within one of its JSON. */
import { expect, test } from "vitest";
import { CappedOutput } from "../../src/executors/capped-output.ts";

const KB = 1024;
function shown(text: string, jsonBytes?: number) {
  const output = new CappedOutput(24 * KB);
  output.push(Buffer.from(text));
  return output.within(jsonBytes ?? Number.POSITIVE_INFINITY);
}
const jsonSize = (text: string) => Buffer.byteLength(JSON.stringify(text));

test.each([
  ["24 KiB of empty lines", "\n".repeat(24 * KB), 24 * KB],
  ["24 KiB of signs of control", "\u0001".repeat(24 * KB), 24 * KB],
  ["a megabyte of short lines", "a\n".repeat(512 * KB), 1024 * KB],
])("%s is shown by head and tail that fit, with what was left out", (_, text, bytes) => {
  const { text: cut, truncated } = shown(text, 27 * KB);
  expect(truncated).toBe(true);
  expect(jsonSize(cut)).toBeLessThanOrEqual(27 * KB);
  expect(jsonSize(cut), "and uses its room").toBeGreaterThan(26 * KB);
  const [head = "", left = "", tail = ""] = cut.split(/\n\.\.\. (\d+) bytes left out \.\.\.\n/);
  expect(head.length + Number(left) + tail.length).toBe(bytes);
  expect(text.startsWith(head) && text.endsWith(tail)).toBe(true);
});

test("what fits is shown whole, to the letter", () => {
  expect(shown("well\n", 27 * KB)).toEqual({ text: "well\n", truncated: false });
  expect(shown(`é${"x".repeat(20_000)}é`, 27 * KB).text).toHaveLength(20_002);
});
