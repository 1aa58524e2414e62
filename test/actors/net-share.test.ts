/** How masters share nets, as a pure decision that all of them make alike. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { shareOf } from "../../src/actors/net-share.ts";

const names = (count: number, prefix: string) => Array.from({ length: count }, (_, at) => `${prefix}${at}`);

/** Each live master decides once on the same view, and all of it is done. */
function round(live: string[], nets: string[], owners: Map<string, string>): { owners: Map<string, string>; moved: number } {
  const next = new Map(owners);
  let moved = 0;
  const receivers: [from: string, to: string][] = [];
  for (const me of live) {
    const { take, give } = shareOf({ me, live, owners, nets });
    for (const net of take) {
      expect(next.get(net)).toBe(owners.get(net));
      next.set(net, me);
    }
    receivers.push(...give.map((to): [string, string] => [me, to]));
  }
  for (const [from, to] of receivers) {
    const net = nets.find((each) => next.get(each) === from);
    if (net === undefined) continue;
    next.set(net, to);
    moved += 1;
  }
  return { owners: next, moved };
}

test("however nets lie, a few rounds make it fair, and then nothing moves", () => {
  const cases = fc.record({
    live: fc.integer({ min: 1, max: 6 }),
    nets: fc.integer({ min: 0, max: 40 }),
    holders: fc.array(fc.option(fc.integer({ min: 0, max: 7 }), { nil: null }), { minLength: 40, maxLength: 40 }),
  });
  fc.assert(
    fc.property(cases, ({ live: size, nets: count, holders }) => {
      const live = names(size, "m");
      const nets = names(count, "n");
      // Holders beyond the live ones are gone: whoever looks has left their leases out.
      let owners = new Map<string, string>(
        nets.flatMap((net, at) => ((holders[at] ?? size) < size ? [[net, `m${holders[at]}`] as const] : [])),
      );
      for (let turn = 0; turn < 4; turn++) owners = round(live, nets, owners).owners;
      const sizes = live.map((name) => [...owners.values()].filter((owner) => owner === name).length);
      expect(owners.size).toBe(count);
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      expect(round(live, nets, owners).moved).toBe(0);
    }),
  );
});

test("one that joins gets its share, and no more is moved than that", () => {
  const nets = names(10, "n");
  const owners = new Map(nets.map((net, at) => [net, at < 5 ? "a" : "b"]));
  const { moved } = round(["a", "b", "c"], nets, owners);
  expect(moved).toBe(3);
});

test("leases of one that is silent and not gone are nobody's to take", () => {
  const owners = new Map([["n0", "frozen"]]);
  expect(shareOf({ me: "a", live: ["a", "b"], owners, nets: ["n0"] })).toEqual({ take: [], give: [] });
});
