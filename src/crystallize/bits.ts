/** Sets of rows as bits: conjunctions are counted many thousand times while a list is learned. */

export type Bits = Uint32Array;

export function bitsOf(size: number, has: (row: number) => boolean): Bits {
  const bits = new Uint32Array(Math.ceil(size / 32));
  for (let row = 0; row < size; row++) if (has(row)) bits[row >>> 5] = (bits[row >>> 5] ?? 0) | (1 << (row & 31));
  return bits;
}

export function hasBit(bits: Bits, row: number): boolean {
  return (((bits[row >>> 5] ?? 0) >>> (row & 31)) & 1) === 1;
}

export function withBoth(one: Bits, other: Bits): Bits {
  const both = new Uint32Array(one.length);
  for (let at = 0; at < one.length; at++) both[at] = (one[at] ?? 0) & (other[at] ?? 0);
  return both;
}

export function without(one: Bits, other: Bits): Bits {
  const left = new Uint32Array(one.length);
  for (let at = 0; at < one.length; at++) left[at] = (one[at] ?? 0) & ~(other[at] ?? 0);
  return left;
}

/** Bits set, by the usual sums of neighbours (Hacker's Delight, 5-1). */
export function countBits(bits: Bits): number {
  let count = 0;
  for (let at = 0; at < bits.length; at++) {
    let word = bits[at] ?? 0;
    word -= (word >>> 1) & 0x55555555;
    word = (word & 0x33333333) + ((word >>> 2) & 0x33333333);
    word = (word + (word >>> 4)) & 0x0f0f0f0f;
    count += Math.imul(word, 0x01010101) >>> 24;
  }
  return count;
}
