/** Pages of tokens, while tokens are taken and others come: none that stays is passed over. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Token } from "../../src/contract/token.ts";
import type { Placed } from "../../src/net/state.ts";
import { tokenPage } from "../../src/net/token-page.ts";

const placed = (id: string, since: number): Placed => ({ token: { id, at: "2026-01-01T00:00:00Z" } as Token, reservedBy: null, since });
const place = (...rows: Placed[]) => new Map(rows.map((row) => [row.token.id, row]));

test("what lies there from the first page to the last is shown, in order of arrival, whatever is taken or comes between", () => {
  const step = fc.record({ taken: fc.array(fc.nat(40), { maxLength: 6 }), come: fc.nat(3) });
  fc.assert(
    fc.property(
      fc.array(fc.nat(3), { maxLength: 25 }),
      fc.integer({ min: 1, max: 5 }),
      fc.array(step, { maxLength: 60 }),
      (gaps, limit, steps) => {
        let [now, count] = [1000, 0];
        const tokens = place();
        const arrive = (gap: number) => {
          now += gap;
          count += 1;
          tokens.set(`t-${count}`, placed(`t-${count}`, now));
        };
        for (const gap of gaps) arrive(gap);
        const began = new Set(tokens.keys());
        const shown: string[] = [];
        let cursor: string | null = null;
        for (let at = 0; at < 1000; at++) {
          const page = tokenPage(tokens, limit, cursor);
          shown.push(...page.placed.map(({ token }) => token.id));
          cursor = page.next;
          if (cursor === null) break;
          const { taken = [], come = 0 } = steps[at] ?? {};
          const ids = [...tokens.keys()];
          for (const n of taken) tokens.delete(ids[n] ?? "");
          for (let n = 0; n < come; n++) arrive(n % 2);
        }
        expect(cursor).toBeNull();
        for (const id of began) if (tokens.has(id)) expect(shown).toContain(id);
        const times = shown.map((id) => Number(id.slice(2)));
        // Twice at most where the end of a page was taken, and then of that millisecond alone.
        if (steps.every(({ taken }) => taken.length === 0)) expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
      },
    ),
    { numRuns: 300 },
  );
});

test("a page that ends with the place has no next one", () => {
  const rows = place(placed("a", 1), placed("b", 1));
  expect(tokenPage(rows, 2, null).next).toBeNull();
  const { next } = tokenPage(rows, 1, null);
  expect(tokenPage(rows, 1, next)).toEqual({ placed: [placed("b", 1)], next: null });
});
