/** Chance in bulk: a fresh id takes up to sixteen numbers, and a call of the system for each costs more than all else about it. */

const BYTES = 6;
const AT_ONCE = 256;

/** Numbers from 0 to below 1, of 48 bits each, out of random bytes. */
export function fractionsOf(randomBytes: (size: number) => Buffer): () => number {
  let bytes: Buffer = Buffer.alloc(0);
  let at = 0;
  return () => {
    if (at >= bytes.length) {
      bytes = randomBytes(BYTES * AT_ONCE);
      at = 0;
    }
    at += BYTES;
    return bytes.readUIntBE(at - BYTES, BYTES) / 2 ** 48;
  };
}
