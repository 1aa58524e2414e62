import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { isoTime } from "../../src/contract/clock.ts";
import { derivedId } from "../../src/contract/hash.ts";
import { canonicalJson } from "../../src/contract/json.ts";

describe("derived ids", () => {
  it("are the first 104 bits of the hash in base 32, as every log so far has them", () => {
    for (let n = 0; n < 2000; n++) {
      const parts = ["net", `step-${n}`, [["job", [`t-${n}`]]]];
      let bits = 0n;
      const bytes = createHash("sha256").update(canonicalJson(parts)).digest();
      for (const byte of bytes.subarray(0, 13)) bits = (bits << 8n) | BigInt(byte);
      expect(derivedId("f-", ...parts)).toBe(`f-${bits.toString(32).padStart(21, "0")}`);
    }
    expect(derivedId("f-", "n", "t", [["a", ["t1"]]])).toMatch(/^f-[0-9a-v]{21}$/);
  });

  it("times are told anew for each millisecond", () => {
    for (const ms of [0, 1, 0, 1_700_000_000_123, 1]) expect(isoTime(ms)).toBe(new Date(ms).toISOString());
  });
});
