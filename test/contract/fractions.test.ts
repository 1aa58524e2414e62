/** Numbers by chance come from bytes that are asked for in bulk, each byte used once. */
import { expect, it } from "vitest";
import { fractionsOf } from "../../src/contract/fractions.ts";

it("each number takes six bytes of its own, and the bytes are asked for a few times only", () => {
  let asked = 0;
  let next = 0;
  const random = fractionsOf((size) => {
    asked += 1;
    const bytes = Buffer.alloc(size);
    for (let at = 0; at < size; at += 6) bytes.writeUIntBE(next++, at, 6);
    return bytes;
  });
  const numbers = Array.from({ length: 1000 }, random);
  expect(numbers).toEqual(numbers.map((_, at) => at / 2 ** 48));
  expect(asked).toBeLessThan(10);
});

it("they lie from 0 to below 1", () => {
  expect(fractionsOf((size) => Buffer.alloc(size))()).toBe(0);
  const highest = fractionsOf((size) => Buffer.alloc(size, 255))();
  expect(highest).toBeLessThan(1);
  expect(highest).toBeGreaterThan(0.999);
});
